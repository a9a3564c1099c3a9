package dev.spinbpf.verifier.attach;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.TestKernel;
import dev.spinbpf.verifier.VerdictsOf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values that programs read from the arguments of their targets, and how far they may trust them. */
class TracedContextTest {
    private static final String ARG0 = "r2 = *(u64 *)(r1 +0);";
    private static final String ARG1 = "r2 = *(u64 *)(r1 +8);";
    private static final String ARG2 = "r2 = *(u64 *)(r1 +16);";
    private static final String ARG3 = "r2 = *(u64 *)(r1 +24);";
    private static final String CHECK = "if r2 == 0 goto out;";
    private static final String READ = "r3 = *(u32 *)(r2 +0);";
    private static final String OUT = "out: r0 = 0; exit";

    @ParameterizedTest(name = "{0}: {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            tp_btf/sched_switch     | ARG1 READ     | accepted
            tp_btf/sched_switch     | ARG3 READ     | invalid bpf_context access off=24 size=8
            tp_btf/sched_switch     | r2 = *(u32 *)(r1 +8) | invalid bpf_context access off=8 size=4
            tp_btf/sched_switch     | r2 = *(u8 *)(r1 +0)  | accepted
            tp_btf/sched_switch     | ARG1 r3 = *(u32 *)(r2 +40) | access beyond struct task_struct at off 40 size 4
            tp_btf/sched_switch     | ARG1 *(u32 *)(r2 +0) = 1   | only read is supported
            tp_btf/sched_pi_setprio | ARG0 READ     | accepted
            tp_btf/sched_pi_setprio | ARG1 READ     | R2 invalid mem access 'trusted_ptr_or_null_'
            tp_btf/sched_pi_setprio | ARG1 CHECK READ OUT | accepted
            tp_btf/signal_generate  | ARG1 READ     | R2 invalid mem access 'scalar'
            tp_btf/signal_generate  | ARG2 READ     | accepted
            tp_btf/own_template     | ARG0 READ     | R2 invalid mem access 'trusted_ptr_or_null_'
            tp_btf/of_class         | ARG0 READ     | R2 invalid mem access 'trusted_ptr_or_null_'
            fentry/do_work          | ARG0 READ     | accepted
            fentry/do_work          | ARG1          | accepted
            fentry/do_work          | ARG2          | invalid bpf_context access off=16 size=8
            fexit/do_work           | ARG2 READ     | accepted
            fexit/do_work           | ARG3          | invalid bpf_context access off=24 size=8
            fmod_ret/bpf_modify_return_test | ARG2  | accepted
            fmod_ret/security_pointer | ARG1        | invalid bpf_context access off=8 size=8
            fentry/bpf_modify_return_test | ARG1 READ | R2 invalid mem access 'scalar'
            fentry/tagged           | ARG0 READ     | R2 is ptr_task_struct access user memory: off=0
            fentry/tagged           | ARG1 READ     | R2 is ptr_task_struct access percpu memory: off=0
            fentry/tagged           | ARG2 READ     | R2 invalid mem access 'scalar'
            fentry/both_tags        | ARG0          | invalid bpf_context access off=0 size=8
            fentry/by_value         | ARG0 ARG1 ARG2 | accepted
            fentry/by_value         | ARG3          | invalid bpf_context access off=24 size=8
            fentry/by_value         | ARG0 READ     | R2 invalid mem access 'scalar'
            lsm/file_open           | ARG0 READ     | accepted
            lsm/file_open           | ARG1 r0 = r2; exit | accepted
            lsm/file_open           | ARG1 if r2 s> 0 goto pc+2; r0 = 0; exit; r3 = *(u64 *)(r2 +0); exit | accepted
            lsm/task_free           | ARG1          | invalid bpf_context access off=8 size=8
            iter/task               | ARG0 READ     | accepted
            iter/task               | ARG1 READ     | R2 invalid mem access 'trusted_ptr_or_null_'
            iter/task               | ARG1 CHECK READ OUT | accepted
            iter/bpf_map_elem       | ARG2 READ     | R2 invalid mem access 'rdonly_buf_or_null'
            iter/bpf_map_elem       | ARG2 CHECK READ OUT | accepted
            iter/bpf_map_elem       | ARG2 CHECK *(u32 *)(r2 +0) = 1; OUT | R2 cannot write into rdonly_buf
            iter/bpf_map_elem       | ARG3 CHECK *(u32 *)(r2 +0) = 1; OUT | accepted
            netfilter               | ARG1 READ     | accepted
            netfilter               | ARG0          | unsupported: struct nf_hook_state in the context of programs of type netfilter is not supported without the kernel's types
            netfilter               | ARG2          | invalid bpf_context access off=16 size=8
            """)
    void shouldReadArguments(String section, String text, String expected) throws Exception {
        assertThat(VerdictsOf.of(section, expand(text), TestKernel.TYPES)).isEqualTo(expected);
    }

    /** bpf_task_acquire takes trusted pointers, and those that RCU protects while it does. */
    @ParameterizedTest(name = "{0}: {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            tp_btf/sched_switch     | ARG1 | accepted
            fentry/do_work          | ARG0 | R1 must be a rcu pointer
            fexit/do_work           | ARG2 | R1 must be a rcu pointer
            lsm/task_to_inode       | ARG0 | accepted
            lsm/task_free           | ARG0 | R1 must be a rcu pointer
            tp_btf/sched_switch     | ARG1 r2 = *(u64 *)(r2 +16) | R1 must be a rcu pointer
            tp_btf/sched_switch     | ARG1 r2 = *(u64 *)(r2 +8)  | Possibly NULL pointer passed to trusted R1
            tp_btf/sched_switch     | ARG1 r2 = *(u64 *)(r2 +8); CHECK | accepted
            """)
    void shouldTrustArguments(String section, String text, String expected) throws Exception {
        String call =
                "; r1 = r2; call bpf_task_acquire; if r0 == 0 goto out; r1 = r0; call bpf_task_release; out: r0 = 0; exit";
        assertThat(VerdictsOf.of(section, expand(text) + call, TestKernel.TYPES))
                .isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            struct_ops target=tcp_congestion_ops.init | ARG0 r3 = *(u32 *)(r2 +24) | accepted
            struct_ops target=tcp_congestion_ops.init | ARG0 *(u32 *)(r2 +24) = 1  | accepted
            struct_ops target=tcp_congestion_ops.init | ARG0 *(u64 *)(r2 +8) = 1   | accepted
            struct_ops target=tcp_congestion_ops.init | ARG0 *(u64 *)(r2 +16) = 1  | accepted
            struct_ops target=tcp_congestion_ops.init | ARG0 *(u32 *)(r2 +28) = 1  | R2 cannot write into ptr_tcp_sock at off=28 size=4
            struct_ops target=tcp_congestion_ops.init | ARG0 *(u64 *)(r2 +24) = 1  | R2 cannot write into ptr_tcp_sock at off=24 size=8
            struct_ops target=bpf_dummy_ops.test_1    | ARG0 READ | R2 invalid mem access 'trusted_ptr_or_null_'
            struct_ops target=bpf_dummy_ops.test_1    | ARG0 CHECK *(u32 *)(r2 +0) = 1; OUT | accepted
            struct_ops target=bpf_dummy_ops.test_1    | ARG0 CHECK *(u64 *)(r2 +8) = 1; OUT | R2 cannot write into ptr_bpf_dummy_ops_state at off=8 size=8
            struct_ops target=io_uring_bpf_ops.loop_step | ARG1 *(u32 *)(r2 +0) = 1 | accepted
            struct_ops target=io_uring_bpf_ops.loop_step | ARG1 *(u16 *)(r2 +2) = 1 | accepted
            struct_ops target=io_uring_bpf_ops.loop_step | ARG1 *(u64 *)(r2 +0) = 1 | R2 cannot write into ptr_iou_loop_params at off=0 size=8
            struct_ops target=io_uring_bpf_ops.loop_step | ARG0 *(u32 *)(r2 +0) = 1 | R2 cannot write into ptr_iou_ctx at off=0 size=4
            struct_ops target=Qdisc_ops.enqueue       | ARG0 READ | BPF_EXIT instruction in main prog would lead to reference leak
            struct_ops target=Qdisc_ops.enqueue       | ARG0 r1 = r2; call bpf_kfree_skb | accepted
            struct_ops target=Qdisc_ops.enqueue       | r6 = r1; ARG0 r1 = r2; call bpf_kfree_skb; r2 = *(u64 *)(r6 +0) | invalid bpf_context access off=0. Reference may already be released
            struct_ops target=Qdisc_ops.enqueue       | ARG0 *(u64 *)(r2 +0) = 1; *(u64 *)(r2 +16) = 1; r1 = r2; call bpf_kfree_skb | accepted
            struct_ops target=Qdisc_ops.enqueue       | ARG0 *(u64 *)(r2 +8) = 1 | R2 cannot write into ptr_sk_buff at off=8 size=8
            struct_ops target=Qdisc_ops.enqueue       | ARG1 *(u32 *)(r2 +4) = 1 | R2 cannot write into ptr_Qdisc at off=4 size=4
            struct_ops target=Qdisc_ops.enqueue       | ARG2 *(u64 *)(r2 +0) = 1 | R2 cannot write into ptr_bpf_sk_buff_ptr at off=0 size=8
            """)
    void shouldCheckFunctionsOfStructs(String section, String text, String expected) throws Exception {
        assertThat(VerdictsOf.of(section, expand(text), TestKernel.TYPES)).isEqualTo(expected);
    }

    private static String expand(String text) {
        return text.replace("ARG0", ARG0)
                .replace("ARG1", ARG1)
                .replace("ARG2", ARG2)
                .replace("ARG3", ARG3)
                .replace("CHECK", CHECK)
                .replace("READ", READ)
                .replace("OUT", OUT);
    }
}
