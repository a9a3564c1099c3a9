package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The modes of the kernel's test module: each CPU's task takes one lock with interrupts disabled and stays inside for a
 * while; NMIs take another lock, or the same. Where the lock fails, the same time is spent without it.
 */
final class PairWorkload extends Workload {
    private final StressMode mode;
    private final long normalNanos;
    private final long nmiNanos;

    /** @param locks A, B and C, as many as the mode needs */
    PairWorkload(Cpus cpus, List<GuardedLock> locks, ModeOptions options, BooleanSupplier stopping) {
        super(cpus, locks, stopping);
        mode = options.mode();
        normalNanos = options.normalDelay().toNanos();
        nmiNanos = options.nmiDelay().toNanos();
    }

    /** Returns how many locks a mode needs. */
    static int locks(StressMode mode) {
        return mode.fewestCpus();
    }

    private GuardedLock lock(int cpu, boolean nmi) {
        int count = locks(mode);
        return locks().get((cpu + (nmi ? 1 : 0)) % count);
    }

    @Override
    String lockName(int cpu, ContextLevel level) {
        return lock(cpu, level == ContextLevel.NMI).name();
    }

    @Override
    void task(Cpu cpu) {
        hold(cpu, lock(cpu.id(), false), normalNanos);
        cpu.relax(0);
    }

    @Override
    void interrupt(Cpu cpu) {
        if (cpu.inNmi()) {
            hold(cpu, lock(cpu.id(), true), nmiNanos);
        }
    }

    private void hold(Cpu cpu, GuardedLock lock, long nanos) {
        long flags = cpu.irqSave();
        boolean taken = take(cpu, lock);
        if (!taken) {
            cpu.irqRestore(flags);
        }
        pause(cpu, nanos);
        if (taken) {
            give(cpu, lock);
            cpu.irqRestore(flags);
        }
    }
}
