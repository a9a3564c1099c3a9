package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Both resilient locks on real threads and in real time. */
class LockAlgorithmTest {
    private static final int ROUNDS = 3_000;
    private static final int FEWEST_ROUNDS = 50;

    /** The time after which fewer rounds will do: if threads wait long for a processor, each hand-over of a lock takes as long. */
    private static final long ENOUGH_NANOS = 5_000_000_000L;

    private final GuestArena arena = new GuestArena("test");
    private final Cpus cpus = new Cpus(4, Clock.REAL);
    private final Cpu cpu = cpus.get(0);
    private final LockStats stats = new LockStats(4);
    private final LockClass lockClass = stats.internal("test lock");
    private final List<LockFailure> failures = new ArrayList<>();
    private final long lock = arena.allocate(4);

    LockAlgorithmTest() {
        stats.addListener(failure -> {
            synchronized (failures) {
                failures.add(failure);
            }
        });
    }

    static List<Function<LockStats, LockAlgorithm>> locks() {
        return List.of(RqSpinLock::new, TasLock::new);
    }

    @AfterEach
    void everythingIsAtRest() {
        for (Cpu each : cpus.all()) {
            assertThat(each.heldLocks().count()).isZero();
            assertThat(each.nodeCount()).isZero();
            assertThat(each.preemptCount()).isZero();
            assertThat(each.irqsEnabled()).isTrue();
        }
        assertThat(GuestMemory.getInt(lock)).isZero();
        arena.close();
    }

    @ParameterizedTest
    @MethodSource("locks")
    void takesAndReleasesAFreeLock(Function<LockStats, LockAlgorithm> make) {
        LockAlgorithm locks = make.apply(stats);
        assertThat(locks.lock(cpu, lock, lockClass)).isZero();
        assertThat(GuestMemory.getInt(lock)).isEqualTo(1);
        assertThat(cpu.heldLocks().toArray()).containsExactly(lock);
        assertThat(cpu.preemptCount()).isOne();
        locks.unlock(cpu, lock);
        assertThat(lockClass.count(0, ContextLevel.TASK, LockOutcome.FAST)).isOne();
        assertThat(lockClass.attempts()).isOne();
    }

    @ParameterizedTest
    @MethodSource("locks")
    void takingALockTwiceIsAa(Function<LockStats, LockAlgorithm> make) {
        LockAlgorithm locks = make.apply(stats);
        long flags = cpu.irqSave();
        assertThat(locks.lockIrqsave(cpu, lock, lockClass, flags)).isZero();
        long inner = cpu.irqSave();
        assertThat(locks.lockIrqsave(cpu, lock, lockClass, inner)).isEqualTo(-Errno.EDEADLK);
        assertThat(cpu.irqsEnabled()).isFalse();
        locks.unlockIrqrestore(cpu, lock, flags);
        assertThat(lockClass.count(LockOutcome.AA)).isOne();
        assertThat(failures).singleElement().satisfies(failure -> {
            assertThat(failure.attemptedLock()).isEqualTo(lock);
            assertThat(failure.heldLocks()).containsExactly(lock);
            assertThat(failure.heldCount()).isOne();
            assertThat(failure.holderCpu()).isZero();
            assertThat(failure.holderLevel()).isEqualTo(ContextLevel.TASK);
            assertThat(failure.kind()).isEqualTo("AA or ABBA deadlock detected");
        });
    }

    @ParameterizedTest
    @MethodSource("locks")
    void detectionIsBlindPastTheLastSlotAndTimeHelps(Function<LockStats, LockAlgorithm> make) {
        LockAlgorithm locks = make.apply(stats);
        long base = arena.allocate(4L * (HeldLocks.SLOTS + 1));
        for (int i = 0; i <= HeldLocks.SLOTS; i++) {
            assertThat(locks.lock(cpu, base + 4L * i, lockClass)).isZero();
        }
        assertThat(locks.lock(cpu, base, lockClass)).isEqualTo(-Errno.EDEADLK);
        assertThat(locks.lock(cpu, base + 4L * HeldLocks.SLOTS, lockClass)).isEqualTo(-Errno.ETIMEDOUT);
        for (int i = HeldLocks.SLOTS; i >= 0; i--) {
            locks.unlock(cpu, base + 4L * i);
        }
        assertThat(failures).extracting(LockFailure::outcome).containsExactly(LockOutcome.AA, LockOutcome.TIMEOUT);
        assertThat(failures.getLast().heldCount()).isEqualTo(32);
        assertThat(failures.getLast().waitedNanos())
                .isGreaterThanOrEqualTo(
                        locks instanceof TasLock ? TasLock.TIMEOUT_NANOS : RqSpinLock.PENDING_TIMEOUT_NANOS);
    }

    @ParameterizedTest
    @MethodSource("locks")
    void anInterruptOnTheHolderIsRefusedAtOnceUntilTheLockIsFree(Function<LockStats, LockAlgorithm> make) {
        LockAlgorithm locks = make.apply(stats);
        var results = new ArrayList<Integer>();
        cpu.setInterruptHandler((c, level) -> {
            int result = locks.lock(c, lock, lockClass);
            results.add(result);
            if (result == 0) {
                locks.unlock(c, lock);
            }
        });
        locks.lock(cpu, lock, lockClass);
        cpu.raise(ContextLevel.NMI);
        cpu.poll();
        cpu.raise(ContextLevel.NMI);
        locks.unlock(cpu, lock);
        assertThat(results).containsExactly(-Errno.EDEADLK, 0);
        assertThat(lockClass.count(ContextLevel.NMI, LockOutcome.AA)).isOne();
        assertThat(failures.getFirst().level()).isEqualTo(ContextLevel.NMI);
    }

    @ParameterizedTest
    @MethodSource("locks")
    void protectsACounterAmongThreads(Function<LockStats, LockAlgorithm> make) throws Exception {
        LockAlgorithm locks = make.apply(stats);
        long counter = arena.allocate(8);
        long taken = 0;
        try (var threads = Executors.newFixedThreadPool(cpus.count())) {
            var tasks = new ArrayList<Callable<Long>>();
            for (Cpu each : cpus.all()) {
                tasks.add(() -> count(locks, each, counter));
            }
            for (var result : threads.invokeAll(tasks)) {
                taken += result.get();
            }
        }
        assertThat(GuestMemory.getLong(counter)).isEqualTo(taken);
        long failed = lockClass.count(LockOutcome.TIMEOUT);
        assertThat(taken).isPositive();
        assertThat(lockClass.attempts()).isEqualTo(taken + failed).isGreaterThanOrEqualTo(4L * FEWEST_ROUNDS);
        assertThat(failures).hasSize((int) failed);
    }

    private long count(LockAlgorithm locks, Cpu on, long counter) {
        long taken = 0;
        long endNanos = System.nanoTime() + ENOUGH_NANOS;
        for (int i = 0; i < ROUNDS && (i < FEWEST_ROUNDS || System.nanoTime() < endNanos); i++) {
            if (locks.lock(on, lock, lockClass) == 0) {
                GuestMemory.putLong(counter, GuestMemory.getLong(counter) + 1);
                taken++;
                locks.unlock(on, lock);
            }
        }
        return taken;
    }

    @ParameterizedTest
    @MethodSource("locks")
    void twoLocksInOppositeOrdersEndWithADeadlockReport(Function<LockStats, LockAlgorithm> make) throws Exception {
        LockAlgorithm locks = make.apply(stats);
        long other = arena.allocate(4);
        // Slowly, so that none times out because the other one's thread waits for a processor.
        Cpus slow = new Cpus(2, () -> System.nanoTime() / 50);
        var bothHold = new java.util.concurrent.CyclicBarrier(2);
        try (var threads = Executors.newFixedThreadPool(2)) {
            var first = threads.submit(() -> takeBoth(locks, slow.get(0), lock, other, bothHold));
            var second = threads.submit(() -> takeBoth(locks, slow.get(1), other, lock, bothHold));
            assertThat(List.of(first.get(), second.get()))
                    .contains(-Errno.EDEADLK)
                    .doesNotContain(-Errno.ETIMEDOUT);
        }
        assertThat(lockClass.count(LockOutcome.ABBA)).isPositive();
        assertThat(slow.all()).allMatch(each -> each.heldLocks().count() == 0 && each.nodeCount() == 0);
    }

    private int takeBoth(
            LockAlgorithm locks, Cpu on, long first, long second, java.util.concurrent.CyclicBarrier bothHold)
            throws Exception {
        assertThat(locks.lock(on, first, lockClass)).isZero();
        bothHold.await();
        int result = locks.lock(on, second, lockClass);
        if (result == 0) {
            locks.unlock(on, second);
        }
        locks.unlock(on, first);
        return result;
    }
}
