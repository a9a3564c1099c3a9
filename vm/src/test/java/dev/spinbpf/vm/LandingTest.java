package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Interrupts come between any two instructions, in interpreted and in compiled programs. */
class LandingTest {
    /** Instructions of {@code store}, and those up to its first store. */
    private static final int LENGTH = 8;

    private static final int FIRST_STORE = 5;

    private static final String PROGRAMS = """
        .license "GPL"
        .section .bss
            var one : u64
            var two : u64
            var torn : u64
        .program store "syscall"
            r1 = &one
            r2 = &two
            r3 = *(u64 *)(r1 +0)
            r3 += 1
            *(u64 *)(r1 +0) = r3
            *(u64 *)(r2 +0) = r3
            r0 = 0
            exit
        .program look "perf_event"
            r1 = &one
            r1 = *(u64 *)(r1 +0)
            r2 = &two
            r2 = *(u64 *)(r2 +0)
            if r1 == r2 goto same
            r1 = &torn
            r2 = *(u64 *)(r1 +0)
            r2 += 1
            *(u64 *)(r1 +0) = r2
        same:
            r0 = 0
            exit
        """;

    private static long torn(TextPrograms on) {
        try {
            return on.variable("torn");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NEVER", "ALWAYS"})
    void shouldInterruptBetweenTwoStores(JitMode jit) throws Exception {
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(1).withJit(jit), PROGRAMS)) {
            on.attach("store");
            on.attach("look");
            StressDriver driver =
                    new StressDriver(on.machine, StressOptions.DEFAULT.withDuration(StressOptions.FOREVER));
            driver.start();
            assertThat(Patience.until(() -> torn(on), torn -> torn > 0)).isPositive();
            assertThat(driver.finish().faults()).isEmpty();
        }
    }

    /** An NMI after each number of instructions: it is between the stores where that many end there, and nowhere else. */
    @ParameterizedTest
    @EnumSource(names = {"NEVER", "ALWAYS"})
    void shouldLandAfterTheNumberThatWasDrawn(JitMode jit) throws Exception {
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(1).withJit(jit), PROGRAMS)) {
            CpuContext context = on.machine.context(0);
            LoadedProgram look = on.program("look");
            context.cpu().setInterruptHandler((cpu, level) -> {
                assertThat(level).isEqualTo(ContextLevel.NMI);
                context.run(look, context.area().perfEvent(1));
            });
            List<Integer> torn = new ArrayList<>();
            for (int instructions = 1; instructions <= LENGTH; instructions++) {
                long before = torn(on);
                assertThat(context.landInterrupt(ContextLevel.NMI, instructions))
                        .isTrue();
                on.machine.run(on.program("store"), null, 0, 1);
                context.landNow();
                context.cpu().poll();
                assertThat(look.stats().runs(ContextLevel.NMI)).isEqualTo(instructions);
                if (torn(on) > before) {
                    torn.add(instructions);
                }
            }
            assertThat(torn).containsExactly(FIRST_STORE);
        }
    }
}
