package dev.spinbpf.verifier.attach;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.KernelHook;
import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.verifier.VerdictsOf;
import dev.spinbpf.verifier.kernel.Kernel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tracing programs where no types of the kernel are at hand. */
class KnownHooksTest {
    @ParameterizedTest(name = "{0}: {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            tp_btf/contention_end          | r2 = *(u64 *)(r1 +8) | accepted
            tp_btf/contention_end          | r2 = *(u32 *)(r1 +8) | accepted
            tp_btf/contention_end          | r2 = *(u32 *)(r1 +0) | invalid bpf_context access off=0 size=4
            tp_btf/contention_end          | r2 = *(u64 *)(r1 +0) | accepted
            tp_btf/contention_end          | r2 = *(u64 *)(r1 +16) | invalid bpf_context access off=16 size=8
            tp_btf/contention_end          | r2 = *(u32 *)(r1 +12) | invalid bpf_context access off=12 size=4
            tp_btf/contention_end          | *(u64 *)(r1 +8) = 0 | invalid bpf_context access off=8 size=8
            fentry/htab_map_update_elem    | r2 = *(u64 *)(r1 +24) | accepted
            fentry/htab_map_delete_elem    | r2 = *(u64 *)(r1 +16) | invalid bpf_context access off=16 size=8
            fexit/htab_map_delete_elem     | r2 = *(u64 *)(r1 +16) | accepted
            fexit/handle_softirqs          | r2 = *(u64 *)(r1 +8) | invalid bpf_context access off=8 size=8
            fentry/alloc_htab_elem         | r2 = *(u64 *)(r1 +64) | accepted
            fmod_ret/bpf_fentry_test1      | r2 = *(u64 *)(r1 +8) | accepted
            fmod_ret/handle_softirqs       | r2 = 0 | handle_softirqs() is not modifiable
            fentry.s/__x64_sys_getpgid     | r2 = 0 | accepted
            fentry.s/handle_softirqs       | r2 = 0 | handle_softirqs is not sleepable
            tp_btf.s/sys_enter             | r2 = *(u64 *)(r1 +8) | accepted
            tp_btf.s/sched_switch          | r2 = 0 | Sleepable program cannot attach to non-faultable tracepoint sched_switch
            fexit/do_exit                  | r2 = 0 | Attaching fexit/fsession/fmod_ret to __noreturn function 'do_exit' is rejected.
            fentry/migrate_disable         | r2 = 0 | Attaching tracing programs to function 'migrate_disable' is rejected.
            tp_btf/sched_switch            | r1 = *(u64 *)(r1 +8); call bpf_task_acquire; if r0 == 0 goto out; r1 = r0; call bpf_task_release; out: | accepted
            fentry/exit_creds              | r1 = *(u64 *)(r1 +0); call bpf_task_acquire; exit | R1 must be a rcu pointer
            lsm/task_alloc                 | r1 = *(u64 *)(r1 +0); call bpf_task_acquire; exit | BPF_EXIT instruction in main prog would lead to reference leak
            lsm/file_open                  | r1 = *(u64 *)(r1 +8); r0 = 5; exit | At program exit the register R0 has smin=5 smax=5 should have been in [-4095, 0]
            tp_btf/task_newtask            | r1 = *(u64 *)(r1 +0); r2 = *(u32 *)(r1 +8) | unsupported: an access to struct task_struct without kernel types is not supported
            iter/task                      | r2 = *(u64 *)(r1 +0); r2 = *(u64 *)(r2 +16) | accepted
            iter/task                      | r2 = *(u64 *)(r1 +0); r2 = *(u64 *)(r2 +24) | access beyond struct bpf_iter_meta at off 24 size 8
            iter/task                      | r1 = *(u64 *)(r1 +8); call bpf_task_acquire; exit | Possibly NULL pointer passed to trusted R1
            iter/bpf_map_elem              | r2 = *(u64 *)(r1 +16); r2 = *(u32 *)(r2 +0) | R2 invalid mem access 'rdonly_buf_or_null'
            iter/bpf_prog                  | r2 = *(u64 *)(r1 +8) | unsupported: argument 2 of bpf_iter_bpf_prog, a pointer to struct bpf_prog, is not supported without the kernel's types
            raw_tp.w/any                   | r2 = *(u64 *)(r1 +8) | accepted
            raw_tp.w/any                   | r2 = *(u64 *)(r1 +0); *(u64 *)(r2 +8) = 0 | accepted
            raw_tp.w/any                   | r2 = *(u64 *)(r1 +0); r2 = *(u64 *)(r2 -8) | R2 invalid negative tracepoint buffer offset: off=-8, var_off=0
            raw_tp.w/any                   | r2 = *(u32 *)(r1 +0) | invalid bpf_context access off=0 size=4
            """)
    void shouldCheckWhatIsRead(String section, String text, String expected) throws Exception {
        assertThat(VerdictsOf.of(section, text, Btf.EMPTY)).isEqualTo(expected);
    }

    @Test
    void shouldNameTheStructThatNeedsTypes() throws Exception {
        assertThat(VerdictsOf.of("fentry/free_htab_elem", "r2 = *(u64 *)(r1 +8)", Btf.EMPTY))
                .isEqualTo("unsupported: argument 2 of free_htab_elem, a pointer to struct htab_elem, is not supported"
                        + " without the kernel's types");
    }

    @Test
    void shouldNameTheSectionThatIsNotKnown() throws Exception {
        assertThat(VerdictsOf.of("fentry/vfs_read", "r2 = *(u64 *)(r1 +8)", Btf.EMPTY))
                .isEqualTo("unsupported: the context of section fentry/vfs_read without the kernel's types is not"
                        + " supported");
    }

    @Test
    void shouldKnowTheTypesOfAllHooks() {
        assertThat(KernelHook.all()).allSatisfy(hook -> assertThat(Kernel.of(KernelVersion.REFERENCE)
                        .hookTypes()
                        .proto(hook)
                        .params())
                .hasSameSizeAs(hook.arguments())
                .allSatisfy(param -> assertThat(Kernel.of(KernelVersion.REFERENCE)
                                .hookTypes()
                                .btf()
                                .sizeOf(param.typeId()))
                        .isPositive()));
    }

    @ParameterizedTest(name = "{0}: {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            tp_btf/task_newtask | r2 = *(u64 *)(r1 +0); r0 = *(u32 *)(r2 +8) | accepted
            tp_btf/task_newtask | r2 = *(u64 *)(r1 +0); r0 = *(u8 *)(r2 +15) | accepted
            tp_btf/task_newtask | r2 = *(u64 *)(r1 +0); r0 = *(u32 *)(r2 +20) | accepted
            tp_btf/task_newtask | r2 = *(u64 *)(r1 +0); r0 = *(u64 *)(r2 +0) | unsupported: an access to struct task_struct without kernel types is not supported
            tp_btf/task_newtask | r2 = *(u64 *)(r1 +0); r0 = *(u32 *)(r2 +24) | unsupported: an access to struct task_struct without kernel types is not supported
            tp_btf/task_newtask | r2 = *(u64 *)(r1 +0); *(u32 *)(r2 +8) = 0 | only read is supported
            iter/task           | r2 = *(u64 *)(r1 +0) | accepted
            tc                  | r1 = 5; r2 = 3; call bpf_rdonly_cast; r1 = *(u64 *)(r0 +0); r2 = *(u32 *)(r1 +8) | accepted
            tc                  | r1 = 5; r2 = 3; call bpf_rdonly_cast; r1 = *(u32 *)(r0 +16) | access beyond struct task_struct at off 16 size 4
            tc                  | r1 = 5; r2 = 3; call bpf_rdonly_cast; *(u32 *)(r0 +8) = 1 | only read is supported
            tc                  | r1 = 5; r2 = 1; call bpf_rdonly_cast | kfunc bpf_rdonly_cast type ID argument must be of a struct or void
            tc                  | r1 = 5; r2 = 99; call bpf_rdonly_cast | unsupported: kfunc bpf_rdonly_cast is not supported without kernel types
            iter/bpf_map        | r2 = *(u64 *)(r1 +0) | unsupported: the context of section iter/bpf_map without the kernel's types is not supported
            """)
    void shouldReadWhatTheObjectSaysAreNumbers(String section, String text, String expected) throws Exception {
        String types = """
                .license "GPL"
                .kfunc bpf_rdonly_cast
                .btf
                [1] INT 'unsigned int' size=4 bits_offset=0 nr_bits=32 encoding=(none)
                [2] PTR '(anon)' type_id=3
                [3] STRUCT 'task_struct' size=16 vlen=3
                	'next' type_id=2 bits_offset=0
                	'pid' type_id=1 bits_offset=64
                	'tgid' type_id=1 bits_offset=96
                [4] STRUCT 'task_struct___new' size=24 vlen=1
                	'flags' type_id=1 bits_offset=160
                [5] STRUCT 'bpf_iter__task' size=16 vlen=1
                	'task' type_id=2 bits_offset=64
                [6] STRUCT 'bpf_iter__bpf_map' size=8 vlen=1
                	'map' type_id=2 bits_offset=0
                """;
        String program = ".program test \"" + section + "\"\n" + text.replace(";", "\n") + "\nr0 = 0\nexit\n";
        assertThat(VerdictsOf.ofSource(types + program, Btf.EMPTY)).isEqualTo(expected);
    }
}
