package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Raises interrupts of one level on all CPUs at random moments, on a thread of its own, so that they land wherever a
 * CPU happens to be, inside a lock's slow path as well.
 *
 * @param level the level
 * @param every mean time between two interrupts
 * @param cpus where they land
 * @param random chooses the moments
 */
record InterruptSource(ContextLevel level, Duration every, List<Cpu> cpus, SplittableRandom random) {

    /** Raises interrupts until told to stop; returns at once where the time between two is zero. */
    public void run(BooleanSupplier stopping) {
        long everyNanos = every.toNanos();
        while (everyNanos > 0 && !stopping.getAsBoolean()) {
            LockSupport.parkNanos(everyNanos / 2 + random.nextLong(everyNanos));
            cpus.forEach(cpu -> cpu.raise(level));
        }
    }
}
