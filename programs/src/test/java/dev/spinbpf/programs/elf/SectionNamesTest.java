package dev.spinbpf.programs.elf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SectionNamesTest {
    @ParameterizedTest
    @CsvSource({
        "tc, SCHED_CLS, CGROUP_INET_INGRESS, , true, false",
        "?tc, SCHED_CLS, CGROUP_INET_INGRESS, , false, false",
        "tc/ingress, SCHED_CLS, TCX_INGRESS, , true, false",
        "tcx/egress, SCHED_CLS, TCX_EGRESS, , true, false",
        "classifier, SCHED_CLS, CGROUP_INET_INGRESS, , true, false",
        "action, SCHED_ACT, CGROUP_INET_INGRESS, , true, false",
        "xdp, XDP, XDP, , true, false",
        "xdp.frags/devmap, XDP, XDP_DEVMAP, , true, false",
        "socket, SOCKET_FILTER, CGROUP_INET_INGRESS, , true, false",
        "syscall, SYSCALL, CGROUP_INET_INGRESS, , true, true",
        "perf_event, PERF_EVENT, CGROUP_INET_INGRESS, , true, false",
        "raw_tp/sys_enter, RAW_TRACEPOINT, CGROUP_INET_INGRESS, sys_enter, true, false",
        "raw_tracepoint.w/x, RAW_TRACEPOINT_WRITABLE, CGROUP_INET_INGRESS, x, true, false",
        "tp/sched/sched_switch, TRACEPOINT, CGROUP_INET_INGRESS, sched/sched_switch, true, false",
        "tp_btf/contention_begin, TRACING, TRACE_RAW_TP, contention_begin, true, false",
        "kprobe, KPROBE, CGROUP_INET_INGRESS, , true, false",
        "kprobe/do_nanosleep, KPROBE, CGROUP_INET_INGRESS, do_nanosleep, true, false",
        "kprobe.multi/a*, KPROBE, TRACE_KPROBE_MULTI, a*, true, false",
        "?fentry.s/f, TRACING, TRACE_FENTRY, f, false, true",
        "fmod_ret/f, TRACING, MODIFY_RETURN, f, true, false",
        "fexit.multi/f, TRACING, TRACE_FEXIT_MULTI, f, true, false",
        "lsm_cgroup/socket_bind, LSM, LSM_CGROUP, socket_bind, true, false",
        "iter/task, TRACING, TRACE_ITER, task, true, false",
        "fentry/vmlinux:do_exit, TRACING, TRACE_FENTRY, do_exit, true, false",
        "tp_btf/vm:sched_switch, TRACING, TRACE_RAW_TP, sched_switch, true, false",
        "lsm/:file_open, LSM, LSM_MAC, file_open, true, false",
        "fentry/tcp_bbr:bbr_init, TRACING, TRACE_FENTRY, tcp_bbr:bbr_init, true, false",
        "kprobe/vmlinux:do_exit, KPROBE, CGROUP_INET_INGRESS, vmlinux:do_exit, true, false",
        "struct_ops.s/init, STRUCT_OPS, CGROUP_INET_INGRESS, init, true, true",
        "usdt.s/a:b:c, KPROBE, TRACE_UPROBE_MULTI, a:b:c, true, true",
        "freplace/old, EXT, CGROUP_INET_INGRESS, old, true, false",
        "cgroup/connect_unix, CGROUP_SOCK_ADDR, CGROUP_UNIX_CONNECT, , true, false",
        "netfilter, NETFILTER, NETFILTER, , true, false"
    })
    void shouldFollowLibbpfsTable(
            String section, ProgType type, AttachType attachType, String target, boolean autoload, boolean sleepable) {
        SectionNames.Match match = SectionNames.lookup(section).orElseThrow();

        assertThat(match.type()).isEqualTo(type);
        assertThat(match.attachType()).isEqualTo(attachType);
        assertThat(match.target().orElse(null)).isEqualTo(target);
        assertThat(match.autoload()).isEqualTo(autoload);
        assertThat(match.sleepable()).isEqualTo(sleepable);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?", "xdp/other", "tc2", "kprobes/x", "socket1", "perf_event/x", ".text"})
    void shouldNotGuess(String section) {
        assertThat(SectionNames.lookup(section)).isEmpty();
    }
}
