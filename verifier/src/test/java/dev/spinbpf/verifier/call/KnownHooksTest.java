package dev.spinbpf.verifier.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.KernelHook;
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
            raw_tp.w/any                   | r2 = *(u64 *)(r1 +8) | accepted
            raw_tp.w/any                   | r2 = *(u64 *)(r1 +0); *(u64 *)(r2 +8) = 0 | accepted
            raw_tp.w/any                   | r2 = *(u64 *)(r1 +0); r2 = *(u64 *)(r2 -8) | R2 invalid negative tracepoint buffer offset: off=-8, var_off=0
            raw_tp.w/any                   | r2 = *(u32 *)(r1 +0) | invalid bpf_context access off=0 size=4
            """)
    void shouldCheckWhatIsRead(String section, String text, String expected) throws Exception {
        assertThat(Verdicts.of(section, text, Btf.EMPTY)).isEqualTo(expected);
    }

    @Test
    void shouldNameTheStructThatNeedsTypes() throws Exception {
        assertThat(Verdicts.of("tp_btf/sched_switch", "r2 = *(u64 *)(r1 +8)", Btf.EMPTY))
                .isEqualTo("unsupported: argument 2 of sched_switch, a pointer to struct task_struct, is not supported"
                        + " without the kernel's types");
    }

    @Test
    void shouldNameTheSectionThatIsNotKnown() throws Exception {
        assertThat(Verdicts.of("fentry/vfs_read", "r2 = *(u64 *)(r1 +8)", Btf.EMPTY))
                .isEqualTo("unsupported: the context of section fentry/vfs_read without the kernel's types is not"
                        + " supported");
    }

    @Test
    void shouldKnowTheTypesOfAllHooks() {
        assertThat(KernelHook.all())
                .allSatisfy(hook -> assertThat(HookTypes.proto(hook).params())
                        .hasSameSizeAs(hook.arguments())
                        .allSatisfy(param -> assertThat(HookTypes.btf().sizeOf(param.typeId()))
                                .isPositive()));
    }
}
