package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockWord;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The work of the CPUs in a stress run without programs, its locks, and the checks of both. */
abstract sealed class Workload permits PairWorkload, TortureWorkload {
    private final Cpus cpus;
    private final List<GuardedLock> locks;
    private final BooleanSupplier stopping;
    private final Tally[] tallies;
    private final Violations violations = new Violations();

    Workload(Cpus cpus, List<GuardedLock> locks, BooleanSupplier stopping) {
        this.cpus = cpus;
        this.locks = locks;
        this.stopping = stopping;
        tallies = new Tally[cpus.count() * ContextLevel.count()];
        for (int i = 0; i < tallies.length; i++) {
            tallies[i] = new Tally(locks.size());
        }
    }

    /** One round of a CPU's task. */
    abstract void task(Cpu cpu);

    /** Does the work of an interrupt, at its level. */
    abstract void interrupt(Cpu cpu);

    /** The lock that a CPU takes at a level, or an empty string where it is not always the same. */
    abstract String lockName(int cpu, ContextLevel level);

    final List<GuardedLock> locks() {
        return locks;
    }

    final Violations violations() {
        return violations;
    }

    final Tally tally(int cpu, ContextLevel level) {
        return tallies[cpu * ContextLevel.count() + level.ordinal()];
    }

    /** Takes a lock, counts how that went, and checks that nobody else has it. */
    final boolean take(Cpu cpu, GuardedLock lock) {
        Tally tally = tally(cpu.id(), cpu.level());
        tally.begin();
        long startNanos = cpu.nanoTime();
        int result = lock.lock(cpu);
        tally.end(lock.index(), result, cpu.nanoTime() - startNanos);
        if (result == 0) {
            lock.enter(cpu, violations);
        }
        return result == 0;
    }

    /** Checks that nobody else had the lock, and releases it. */
    final void give(Cpu cpu, GuardedLock lock) {
        lock.leave(cpu, violations);
        lock.unlock(cpu);
    }

    /** Is busy for a time, while interrupts land: {@code mdelay}. Cut short when the run is to stop. */
    final void pause(Cpu cpu, long nanos) {
        long endNanos = cpu.nanoTime() + nanos;
        for (int turns = 0; cpu.nanoTime() - endNanos < 0 && !stopping.getAsBoolean(); turns++) {
            cpu.relax(turns);
            cpu.poll();
        }
    }

    // Checks.

    /** Checks, after all CPUs have ended, that the counts add up and nothing is left behind. */
    final void checkAtEnd() {
        for (GuardedLock lock : locks) {
            checkLock(lock);
        }
        violations.addUnlessEqual(
                "sum of all balances",
                locks.stream().mapToLong(GuardedLock::balance).sum(),
                0);
        for (Cpu cpu : cpus.all()) {
            checkCpu(cpu);
        }
    }

    private void checkLock(GuardedLock lock) {
        long taken = 0;
        for (Tally tally : tallies) {
            taken += tally.acquired(lock.index());
        }
        violations.addUnlessEqual("counter that " + lock.name() + " protects", lock.counter(), taken);
        if (lock.word() != 0) {
            violations.add("word of " + lock.name() + ": " + LockWord.toString(lock.word()) + ", not (0,0,0)");
        }
    }

    private void checkCpu(Cpu cpu) {
        String name = "CPU " + cpu.id() + ": ";
        violations.addUnlessEqual(name + "locks held", cpu.heldLocks().count(), 0);
        violations.addUnlessEqual(name + "queue nodes in use", cpu.nodeCount(), 0);
        violations.addUnlessEqual(name + "preemption disabled", cpu.preemptCount(), 0);
        violations.addUnlessEqual(name + "level", cpu.level().ordinal(), ContextLevel.TASK.ordinal());
        if (!cpu.irqsEnabled()) {
            violations.add(name + "interrupts disabled");
        }
        for (ContextLevel level : ContextLevel.values()) {
            checkCounts(name + level + ": ", cpu.id(), level);
        }
    }

    private void checkCounts(String name, int cpu, ContextLevel level) {
        Tally tally = tally(cpu, level);
        long ended = tally.acquired() + tally.deadlocks() + tally.timeouts();
        violations.addUnlessEqual(name + "attempts that ended", ended, tally.attempts());
        for (GuardedLock lock : locks) {
            long acquired = counted(lock, cpu, level, true);
            violations.addUnlessEqual(
                    name + "acquisitions of " + lock.name() + " in its statistics",
                    acquired,
                    tally.acquired(lock.index()));
        }
        long failed = locks.stream()
                .mapToLong(lock -> counted(lock, cpu, level, false))
                .sum();
        violations.addUnlessEqual(name + "failures in the statistics", failed, tally.deadlocks() + tally.timeouts());
    }

    private static long counted(GuardedLock lock, int cpu, ContextLevel level, boolean acquired) {
        long sum = 0;
        for (LockOutcome outcome : LockOutcome.values()) {
            sum += outcome.isAcquired() == acquired ? lock.lockClass().count(cpu, level, outcome) : 0;
        }
        return sum;
    }
}
