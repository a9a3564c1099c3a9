package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.VirtualClock;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.vm.deferred.DeferredKind;
import dev.spinbpf.vm.deferred.DeferredRow;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressOptions;
import java.io.InputStream;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Timers, work queues: their callbacks run when they are due, in the right context, and not when cancelled. */
class DeferredCallsTest {
    private static final long MILLISECOND = 1_000_000;
    private static final long SECOND = 1_000 * MILLISECOND;

    private static ObjectMachine machine(MachineOptions options) throws Exception {
        try (InputStream stream = DeferredCallsTest.class.getResourceAsStream("deferred/callbacks.bpf.o")) {
            byte[] bytes = Objects.requireNonNull(stream).readAllBytes();
            return new ObjectMachine(ObjectReader.read("callbacks.bpf.o", bytes, ReadOptions.DEFAULT), options);
        }
    }

    private static ObjectMachine machine(VirtualClock clock) throws Exception {
        return machine(MachineOptions.ofCpus(2).withClock(clock));
    }

    private static long run(ObjectMachine on, String program) {
        RunResult result = on.machine.run(on.program(program), new byte[0], 1, 1);
        assertThat(result.fault()).isNull();
        return result.r0();
    }

    @Test
    void shouldRunATimerWhenItsTimeHasCome() throws Exception {
        VirtualClock clock = new VirtualClock(5);
        try (ObjectMachine on = machine(clock)) {
            assertThat(run(on, "once")).isZero();
            assertThat(on.machine.settle(MILLISECOND - 1)).isEqualTo(1);
            assertThat(on.variable("fired")).isZero();
            assertThat(on.machine.settle(SECOND)).isEqualTo(-1);
            assertThat(on.variable("fired")).isEqualTo(1);
            assertThat(on.variable("key")).isEqualTo(2);
            assertThat(clock.nanoTime()).isEqualTo(5 + MILLISECOND);
        }
    }

    @Test
    void shouldNotCancelATimerInItsOwnCallback() throws Exception {
        try (ObjectMachine on = machine(new VirtualClock(0))) {
            run(on, "once");
            on.machine.settle(SECOND);
            assertThat(on.variable("own")).isEqualTo(-Errno.EDEADLK);
        }
    }

    @Test
    void shouldRunATimerAgainThatItsCallbackStarts() throws Exception {
        try (ObjectMachine on = machine(new VirtualClock(0))) {
            run(on, "rearms");
            on.machine.settle(SECOND);
            assertThat(on.variable("fired")).isEqualTo(3);
            assertThat(on.variable("again")).isZero();
            assertThat((int) on.variable("own")).isEqualTo(-1);
            DeferredRow row = on.machine.deferred().rows().getFirst();
            assertThat(row).isEqualTo(new DeferredRow(DeferredKind.TIMER, "rearms", "rearm", 3, 3));
        }
    }

    @Test
    void shouldDropATimerWithItsElement() throws Exception {
        try (ObjectMachine on = machine(new VirtualClock(0))) {
            run(on, "deleted");
            assertThat(on.machine.settle(SECOND)).isEqualTo(-1);
            assertThat(on.variable("fired")).isZero();
        }
    }

    @Test
    void shouldLetACallbackEndWhoseElementItDeleted() throws Exception {
        try (ObjectMachine on = machine(new VirtualClock(0))) {
            run(on, "vanishes");
            assertThat(on.machine.settle(SECOND)).isEqualTo(-1);
            assertThat(on.variable("fired")).isEqualTo(1);
            assertThat(on.variable("own")).isZero();
            assertThat((int) on.variable("other")).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void shouldInterruptATaskButNotASoftirq() throws Exception {
        try (ObjectMachine on = machine(MachineOptions.ofCpus(2))) {
            assertThat(run(on, "waits")).isEqualTo(1);
        }
        try (ObjectMachine on = machine(MachineOptions.ofCpus(2))) {
            assertThat(on.machine.run(on.program("masks"), null, 1, 1).r0()).isZero();
            assertThat(on.variable("fired")).isEqualTo(1);
        }
    }

    @Test
    void shouldPassTheIndexInAnArrayAsKey() throws Exception {
        try (ObjectMachine on = machine(new VirtualClock(0))) {
            run(on, "slot");
            on.machine.settle(SECOND);
            assertThat(on.variable("key")).isEqualTo(3);
        }
    }

    @Test
    void shouldRunWorkOnceForStartsBeforeItRuns() throws Exception {
        try (ObjectMachine on = machine(new VirtualClock(0))) {
            assertThat(run(on, "works")).isZero();
            on.machine.settle(SECOND);
            assertThat(on.variable("fired")).isEqualTo(2);
            assertThat(on.variable("again")).isZero();
            assertThat(on.variable("key")).isEqualTo(1);
        }
    }

    @Test
    void shouldForgetTimersWhenTheObjectIsUnloaded() throws Exception {
        VirtualClock clock = new VirtualClock(0);
        try (ObjectMachine on = machine(clock)) {
            run(on, "once");
            on.machine.unload(on.object);
            assertThat(on.machine.settle(SECOND)).isEqualTo(-1);
            assertThat(clock.nanoTime()).isZero();
        }
    }

    /** The callback starts its timer again for ever, while an interrupt on the other CPU cancels it now and then. */
    @ParameterizedTest
    @EnumSource(names = {"NEVER", "ALWAYS"})
    void shouldKeepTimersGoingUnderStress(JitMode jit) throws Exception {
        try (ObjectMachine on = machine(MachineOptions.ofCpus(2).withJit(jit))) {
            on.machine.attach(on.program("ticks"));
            on.machine.attach(on.program("cancels"));
            StressDriver driver =
                    new StressDriver(on.machine, StressOptions.DEFAULT.withDuration(StressOptions.FOREVER));
            driver.start();
            Patience.until(() -> fired(on), fired -> fired > 100);
            assertThat(driver.finish().faults()).isEmpty();
            assertThat(on.program("ticks").stats().runs(ContextLevel.TASK)).isPositive();
            assertThat(driver.snapshot().deferred().stream()
                            .mapToLong(row -> row.ran())
                            .sum())
                    .isGreaterThanOrEqualTo(100);
        }
    }

    private static long fired(ObjectMachine on) {
        try {
            return on.variable("fired");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
