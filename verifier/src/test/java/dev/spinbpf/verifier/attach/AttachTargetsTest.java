package dev.spinbpf.verifier.attach;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.TestKernel;
import dev.spinbpf.verifier.VerdictsOf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Targets that programs may attach to, where the kernel's types are known. */
class AttachTargetsTest {
    private static final String NOTHING = "r2 = 0";

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            fentry/do_work                | accepted
            fentry/missing                | libbpf: prog 'test': failed to find kernel BTF type ID of 'missing': -ESRCH
            tp_btf/sched_switch           | accepted
            tp_btf/do_work                | libbpf: prog 'test': failed to find kernel BTF type ID of 'do_work': -ESRCH
            tp_btf.s/sys_enter            | accepted
            tp_btf.s/sched_switch         | Sleepable program cannot attach to non-faultable tracepoint sched_switch
            fentry/too_many               | The function too_many has 13 arguments. Too many.
            fentry/too_large              | The function too_large arg0 type STRUCT is unsupported.
            fentry/returns_struct         | The function returns_struct return type STRUCT is unsupported.
            fentry/varargs                | The function varargs with variable args is unsupported.
            fentry/floats                 | The function floats arg0 type FLOAT is unsupported.
            fentry/do_exit                | accepted
            fexit/do_exit                 | Attaching fexit/fsession/fmod_ret to __noreturn function 'do_exit' is rejected.
            fentry/migrate_disable        | Attaching tracing programs to function 'migrate_disable' is rejected.
            fmod_ret/do_work              | do_work() is not modifiable
            fmod_ret/bpf_modify_return_test | accepted
            fentry.s/do_work              | do_work is not sleepable
            fentry.s/__x64_sys_getpgid    | accepted
            lsm/file_open                 | accepted
            lsm.s/file_open               | accepted
            lsm.s/task_free               | bpf_lsm_task_free is not sleepable
            lsm/missing                   | libbpf: prog 'test': failed to find kernel BTF type ID of 'missing': -ESRCH
            iter/task                     | accepted
            iter/task_new                 | unsupported: iterator task_new is not supported
            iter/missing                  | libbpf: prog 'test': failed to find kernel BTF type ID of 'missing': -ESRCH
            struct_ops target=tcp_congestion_ops.init     | accepted
            struct_ops target=tcp_congestion_ops___old.init | accepted
            struct_ops target=tcp_congestion_ops.get_info | attach to unsupported member get_info of struct tcp_congestion_ops
            struct_ops target=tcp_congestion_ops.flags    | attach to invalid member flags of struct tcp_congestion_ops
            struct_ops target=missing_ops.init            | libbpf: struct_ops init_kern: struct bpf_struct_ops_missing_ops is not found in kernel BTF
            struct_ops target=hid_bpf_ops.enable          | unsupported: struct_ops hid_bpf_ops is not supported
            struct_ops.s target=tcp_congestion_ops.init   | accepted
            struct_ops.s target=io_uring_bpf_ops.loop_step | accepted
            struct_ops target=io_uring_bpf_ops.ring_fd    | attach to invalid member ring_fd of struct io_uring_bpf_ops
            struct_ops.s target=bpf_dummy_ops.test_1      | attach to unsupported member test_1 of struct bpf_dummy_ops
            struct_ops.s target=bpf_dummy_ops.test_sleepable | accepted
            struct_ops                                    | libbpf: prog 'test': SEC("struct_ops") program isn't referenced anywhere, did you forget to use it?
            """)
    void shouldCheckTheTarget(String section, String expected) throws Exception {
        assertThat(VerdictsOf.of(section, NOTHING, TestKernel.TYPES)).isEqualTo(expected);
    }

    @Test
    void shouldRefuseHooksThatAreDisabledOrNone() throws Exception {
        assertThat(VerdictsOf.of("lsm/getselfattr", NOTHING, TestKernel.TYPES))
                .matches("attach_btf_id \\d+ points to disabled hook bpf_lsm_getselfattr");
        assertThat(VerdictsOf.of("lsm/no_hook", NOTHING, TestKernel.TYPES))
                .matches("attach_btf_id \\d+ points to wrong type name bpf_lsm_no_hook");
    }

    @Test
    void shouldDemandALicense() throws Exception {
        assertThat(VerdictsOf.of("BSD", "lsm/file_open", NOTHING, TestKernel.TYPES))
                .isEqualTo("LSM programs must have a GPL compatible license");
        assertThat(VerdictsOf.of("BSD", "struct_ops target=tcp_congestion_ops.init", NOTHING, TestKernel.TYPES))
                .isEqualTo("struct ops programs must have a GPL compatible license");
    }

    @ParameterizedTest(name = "{0}: {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            fentry/do_work        | 1     | At program exit the register R0 has smin=1 smax=1 should have been in [0, 0]
            fmod_ret/bpf_modify_return_test | 7 | accepted
            tp_btf/sched_switch   | 7     | accepted
            iter/task             | 1     | accepted
            iter/task             | 2     | At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]
            lsm/file_open         | -4095 | accepted
            lsm/file_open         | 1     | At program exit the register R0 has smin=1 smax=1 should have been in [-4095, 0]
            lsm/inode_xattr_skipcap | 1   | accepted
            lsm/inode_xattr_skipcap | -1  | At program exit the register R0 has smin=-1 smax=-1 should have been in [0, 1]
            lsm/task_free         | 5     | accepted
            lsm_cgroup/file_open  | 1     | accepted
            lsm_cgroup/file_open  | 2     | At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]
            lsm_cgroup/sk_free_security | 1 | accepted
            lsm_cgroup/sk_free_security | 0 | Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!
            struct_ops target=tcp_congestion_ops.ssthresh | 9 | accepted
            struct_ops target=Qdisc_ops.dequeue           | 0 | accepted
            struct_ops target=Qdisc_ops.dequeue           | 1 | At program exit the register R0 has smin=1 smax=1 should have been in [0, 0]
            """)
    void shouldCheckWhatIsReturned(String section, int value, String expected) throws Exception {
        assertThat(VerdictsOf.of(section, "r0 = " + value + "; exit", TestKernel.TYPES))
                .isEqualTo(expected);
    }
}
