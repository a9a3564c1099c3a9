package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.vm.exec.Fault;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls that compiled code makes with more knowledge than the interpreter: maps, locks and callbacks that an instruction names. */
class CompiledCallsTest {
    private static final String LOOP = """
        .program p "syscall"
            r1 = %s
            r2 = subprog[each]
            r3 = r10
            r3 += -8
            r6 = 7
            *(u64 *)(r10 -8) = r6
            r4 = %s
            call bpf_loop
            r7 = *(u64 *)(r10 -8)
            r0 <<= 32
            r0 ^= r7
            r0 += r6
            exit
        .func each
            r6 = *(u64 *)(r2 +0)
            r6 *= 31
            r6 += r1
            *(u64 *)(r2 +0) = r6
            r0 = 0
            if r1 != %s goto out
            %s
        out:
            exit
        """;

    /** Two maps, of which the one stands last before the call that is not always used. */
    private static final String MAPS = """
        .map first array
            key 4
            value 8
            max_entries 1
        .map second array
            key 4
            value 8
            max_entries 1
        .program p "syscall"
            r6 = *(u64 *)(r1 +0)
            *(u32 *)(r10 -4) = 0
            *(u64 *)(r10 -16) = 5
            r1 = map[first]
            if r6 == 0 goto call_it
            r1 = map[second]
        call_it:
            r2 = r10
            r2 += -4
            r3 = r10
            r3 += -16
            r4 = 0
            call bpf_map_update_elem
            *(u32 *)(r10 -4) = 0
            r1 = map[first]
            r2 = r10
            r2 += -4
            call bpf_map_lookup_elem
            r0 = *(u64 *)(r0 +0)
            exit
        """;

    /** Two locks, of which the one stands last before the call that is not always taken. */
    private static final String LOCKS = """
        .kfunc bpf_res_spin_lock
        .kfunc bpf_res_spin_unlock
        .section .data.a
            flags 0
            var a : bpf_res_spin_lock
        .section .data.b
            flags 0
            var b : bpf_res_spin_lock
        .program p "syscall"
            r7 = *(u64 *)(r1 +0)
            r6 = &a
            if r7 == 0 goto take_it
            r6 = &b
        take_it:
            r1 = r6
            call bpf_res_spin_lock
            if r0 != 0 goto out
            r1 = r6
            call bpf_res_spin_unlock
        out:
            r0 = 0
            exit
        """;

    private static RunResult run(JitMode mode, String text, byte @Nullable [] context) throws Exception {
        try (var programs =
                new TextPrograms(MachineOptions.ofCpus(1).withJit(mode).withInsnBudget(500_000), text)) {
            return programs.machine.run(programs.program("p"), context, 0, 1);
        }
    }

    private static void assertSame(String text, byte @Nullable [] context) throws Exception {
        RunResult interpreted = run(JitMode.NEVER, text, context);
        for (JitMode mode : List.of(JitMode.ALWAYS, JitMode.CHECKED)) {
            RunResult compiled = run(mode, text, context);
            assertThat(compiled.r0()).as("r0, " + mode).isEqualTo(interpreted.r0());
            if (interpreted.fault() == null) {
                assertThat(compiled.insns()).as("instructions, " + mode).isEqualTo(interpreted.insns());
            }
            assertThat(where(compiled.fault())).as("fault, " + mode).isEqualTo(where(interpreted.fault()));
        }
    }

    private static @Nullable String where(@Nullable Fault fault) {
        return fault == null ? null : fault.insn() + ": " + fault.reason();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0", "1000, 0", "70000, 0", "0x800000, 1", "0x800001, 0", "0x100000002ll, 0", "-1, 0", "5, 1"
    })
    void shouldRunACallbackAsOftenAsInterpreted(String rounds, String flags) throws Exception {
        assertSame(LOOP.formatted(rounds, flags, "-1", "r0 = 0"), null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"r0 = 1", "r0 = -1", "r0 = *(u64 *)(r0 +0)"})
    void shouldEndWhereTheCallbackEnds(String last) throws Exception {
        assertSame(LOOP.formatted("1000", "0", "600", last), null);
    }

    @Test
    void shouldUseTheMapThatItIsGiven() throws Exception {
        assertSame(MAPS, new byte[8]);
        assertSame(MAPS, new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
        assertThat(run(JitMode.ALWAYS, MAPS, new byte[8]).r0()).isEqualTo(5);
        assertThat(run(JitMode.ALWAYS, MAPS, new byte[] {1, 0, 0, 0, 0, 0, 0, 0})
                        .r0())
                .isZero();
    }

    /** Each run takes the one lock or the other; both are counted by themselves, and only once they were taken. */
    @ParameterizedTest
    @EnumSource(JitMode.class)
    void shouldCountTheLockThatItIsGiven(JitMode mode) throws Exception {
        try (var programs = new TextPrograms(MachineOptions.ofCpus(1).withJit(mode), LOCKS)) {
            var program = programs.program("p");
            assertThat(counts(programs.machine)).isEmpty();
            for (byte choice : new byte[] {0, 1, 1, 0, 1}) {
                programs.machine.run(program, new byte[] {choice, 0, 0, 0, 0, 0, 0, 0}, 0, 1);
            }
            assertThat(counts(programs.machine)).containsExactlyInAnyOrder("a 2", "b 3");
        }
    }

    private static List<String> counts(Machine machine) {
        return machine.lockStats().classes().stream()
                .filter(lockClass -> !lockClass.isInternal())
                .map(lockClass -> lockClass.name() + " " + lockClass.count(LockOutcome.FAST))
                .toList();
    }
}
