package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.programs.elf.SectionNames;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookRegistry;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kind of section has a source of events at a fitting level. */
class AnySectionTest {
    @ParameterizedTest
    @CsvSource({
        "SOCKET_FILTER, socket, SOFTIRQ",
        "SCHED_CLS, tcx/ingress, SOFTIRQ",
        "SCHED_CLS, netkit/peer, SOFTIRQ",
        "XDP, xdp, SOFTIRQ",
        "CGROUP_SKB, cgroup_skb/egress, SOFTIRQ",
        "LWT_XMIT, lwt_xmit, SOFTIRQ",
        "FLOW_DISSECTOR, flow_dissector, SOFTIRQ",
        "SK_SKB, sk_skb/stream_parser, SOFTIRQ",
        "SOCK_OPS, sockops, SOFTIRQ",
        "SK_LOOKUP, sk_lookup, SOFTIRQ",
        "SK_REUSEPORT, sk_reuseport, SOFTIRQ",
        "NETFILTER, netfilter, SOFTIRQ",
        "SK_MSG, sk_msg, TASK",
        "CGROUP_SOCK, cgroup/sock_create, TASK",
        "CGROUP_SOCK_ADDR, cgroup/connect4, TASK",
        "CGROUP_SOCKOPT, cgroup/getsockopt, TASK",
        "CGROUP_DEVICE, cgroup/dev, TASK",
        "CGROUP_SYSCTL, cgroup/sysctl, TASK",
        "LIRC_MODE2, lirc_mode2, HARDIRQ",
        "LSM, lsm/file_open, TASK",
        "STRUCT_OPS, struct_ops/init, TASK",
        "SYSCALL, syscall, TASK",
        "PERF_EVENT, perf_event, NMI",
        "KPROBE, kprobe/tcp_connect, TASK",
        "KPROBE, kretprobe/tcp_connect, TASK",
        "KPROBE, uprobe//bin/sh:main, TASK",
        "KPROBE, usdt//bin/sh:a:b, TASK",
        "TRACEPOINT, tp/sched/sched_wakeup, TASK",
        "RAW_TRACEPOINT, raw_tp/sched_wakeup, TASK"
    })
    void shouldHaveEvents(ProgType type, String section, ContextLevel level) throws Exception {
        ProgramObject object = MachineTest.object(
                type,
                AttachType.CGROUP_INET_INGRESS,
                section,
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 1),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0));
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            LoadedProgram program =
                    machine.loadUnverified(object, object.programs().getFirst());
            HookTarget target = machine.attach(program);
            assertThat(target.level()).isEqualTo(level);
            assertThat(target.levels()).contains(level);
            HookRegistry.run(machine.cpus().get(0), program, target, new byte[64]);
            assertThat(program.stats().runs(ContextLevel.TASK)).isEqualTo(1);
        }
    }

    static List<String> allButReplacements() {
        return SectionNames.all().stream()
                .filter(name -> !name.startsWith("freplace"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("allButReplacements")
    void shouldRunEachSectionThatLibbpfKnows(String name) throws Exception {
        String section = name.replace("...", "x");
        String text = ".program p \"" + section + "\"\n r0 = 1\n exit\n";
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(1), text)) {
            LoadedProgram program = on.attach("p");
            HookTarget target = on.machine.hooks().targetsOf(program).getFirst();
            HookRegistry.run(on.machine.cpus().get(0), program, target, new byte[64]);
            assertThat(program.stats().runs(ContextLevel.TASK)).isEqualTo(1);
        }
    }

    @Test
    void shouldHandAnObjectToWhoFollowsAPointer() throws Exception {
        ProgramObject object = MachineTest.object(
                ProgType.LSM,
                AttachType.LSM_MAC,
                "lsm/file_open",
                MachineTest.insn(Op.LDX_DW, 2, 1, 0, 0),
                MachineTest.insn(Op.LDX_DW, 0, 2, 64, 0),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0));
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            LoadedProgram program =
                    machine.loadUnverified(object, object.programs().getFirst());
            Cpu cpu = machine.cpus().get(0);
            HookRegistry.run(cpu, program, machine.attach(program), new byte[0]);
            assertThat(program.stats().faults(ContextLevel.TASK)).isZero();
            assertThat(program.stats().runs(ContextLevel.TASK)).isEqualTo(1);
        }
    }

    @Test
    void shouldKnowNoOtherPlacesByName() {
        ProgramObject object = MachineTest.object(
                ProgType.KPROBE,
                AttachType.CGROUP_INET_INGRESS,
                "kprobe/tcp_connect",
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 1),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0));
        assertThatThrownBy(() -> HookTable.of(object.programs().getFirst(), "tcp_close"))
                .isInstanceOf(UnsupportedProgramException.class)
                .hasMessageContaining("function 'tcp_close' is not a hook here")
                .hasMessageContaining("htab_map_update_elem");
    }
}
