package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sched.Simulation;
import dev.spinbpf.maps.sync.GuestWords;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Machines of simulated CPUs that take locks, with the checks that must hold after each run. */
final class LockScenarios {
    /** A way to take and release a lock. */
    interface Order {
        int lock(RqSpinLock locks, Cpu cpu, long lock, LockClass lockClass);

        void unlock(RqSpinLock locks, Cpu cpu, long lock);
    }

    /** The order of Linux 7.2. */
    static final Order PRESENT = new Order() {
        @Override
        public int lock(RqSpinLock locks, Cpu cpu, long lock, LockClass lockClass) {
            return locks.lock(cpu, lock, lockClass);
        }

        @Override
        public void unlock(RqSpinLock locks, Cpu cpu, long lock) {
            locks.unlock(cpu, lock);
        }
    };

    /** The old acquire: the entry is made after the fast path's compare-and-exchange. */
    static final Order RECORD_AFTER_CAS = new Order() {
        @Override
        public int lock(RqSpinLock locks, Cpu cpu, long lock, LockClass lockClass) {
            HeldLocks held = cpu.heldLocks();
            int seen = locks.tryFast(lock);
            held.raiseCount();
            held.recordTop(lock);
            LockEnd end = seen == 0 ? LockEnd.FAST : locks.acquireSlowly(cpu, lock, seen);
            LockOutcome outcome = end.outcome();
            if (!outcome.isAcquired()) {
                held.clearTop();
                held.lowerCount();
            }
            return outcome.result();
        }

        @Override
        public void unlock(RqSpinLock locks, Cpu cpu, long lock) {
            LockWord.release(lock);
            cpu.heldLocks().clearTop();
            cpu.heldLocks().lowerCount();
        }
    };

    /** The old release: the entry is cleared before the lock is let go. */
    static final Order CLEAR_BEFORE_RELEASE = new Order() {
        @Override
        public int lock(RqSpinLock locks, Cpu cpu, long lock, LockClass lockClass) {
            int result = locks.lock(cpu, lock, lockClass);
            if (result == 0) {
                cpu.preemptEnable();
            }
            return result;
        }

        @Override
        public void unlock(RqSpinLock locks, Cpu cpu, long lock) {
            cpu.heldLocks().clearTop();
            LockWord.release(lock);
            cpu.heldLocks().lowerCount();
        }
    };

    /** One run's machine. */
    static final class Machine {
        final Simulation simulation;
        final Cpus cpus;
        final long[] locks;
        final List<LockFailure> failures = new ArrayList<>();
        final LockStats stats;
        final LockClass lockClass;
        final LockAlgorithm lock;
        final RqSpinLock queued;

        private final long[] holderByLock;
        private final long[] data;
        private final long[] takenByLock;

        Machine(Simulation simulation, int cpuCount, int lockCount, Function<LockStats, LockAlgorithm> make) {
            this.simulation = simulation;
            cpus = simulation.machine(cpuCount);
            stats = new LockStats(cpuCount);
            stats.addListener(failures::add);
            lockClass = stats.internal("lock");
            lock = make.apply(stats);
            queued = new RqSpinLock(stats);
            holderByLock = new long[lockCount];
            takenByLock = new long[lockCount];
            locks = new long[lockCount];
            data = new long[lockCount];
            for (int i = 0; i < lockCount; i++) {
                locks[i] = ARENA.allocate(16);
                data[i] = ARENA.allocate(16);
            }
            if (simulation.timeline() != null) {
                for (int i = 0; i < lockCount; i++) {
                    simulation.timeline().watch("lock" + i, locks[i], LockWord::toString);
                }
            }
            simulation.atEnd(() -> {
                assertAtRest();
                for (int i = 0; i < lockCount; i++) {
                    ARENA.free(locks[i], 16);
                    ARENA.free(data[i], 16);
                }
            });
        }

        Machine(Simulation simulation, int cpuCount, int lockCount) {
            this(simulation, cpuCount, lockCount, RqSpinLock::new);
        }

        /** The work of a lock's holder: one schedule point, at which nobody else may be a holder. */
        void critical(Cpu cpu, int index) {
            assertThat(holderByLock[index])
                    .as("holder of lock %d as cpu %d takes it", index, cpu.id())
                    .isZero();
            holderByLock[index] = cpu.id() + 1L;
            long value = GuestWords.getLongOpaque(data[index]);
            GuestMemory.putLong(data[index], value + 1);
            takenByLock[index]++;
            assertThat(holderByLock[index]).isEqualTo(cpu.id() + 1L);
            holderByLock[index] = 0;
        }

        /** Takes a lock, does what its holder does, and lets go. Returns what taking it returned. */
        int takeOnce(Cpu cpu, int index) {
            int result = lock.lock(cpu, locks[index], lockClass);
            if (result == 0) {
                critical(cpu, index);
                lock.unlock(cpu, locks[index]);
            }
            return result;
        }

        /** Takes a lock, which must succeed, and sleeps before it releases it. */
        void hold(Cpu cpu, int index, long nanos) {
            assertThat(lock.lock(cpu, locks[index], lockClass)).isZero();
            simulation.sleep(nanos);
            lock.unlock(cpu, locks[index]);
        }

        int takeOnce(Order order, Cpu cpu, int index) {
            int result = order.lock(queued, cpu, locks[index], lockClass);
            if (result == 0) {
                critical(cpu, index);
                order.unlock(queued, cpu, locks[index]);
            }
            return result;
        }

        /** Takes one lock and then another, holding both; lets go of what it holds. Returns what the second gave. */
        int takeBoth(Cpu cpu, int first, int second) {
            int result = lock.lock(cpu, locks[first], lockClass);
            if (result != 0) {
                return result;
            }
            result = takeOnce(cpu, second);
            critical(cpu, first);
            lock.unlock(cpu, locks[first]);
            return result;
        }

        private void assertAtRest() {
            for (int i = 0; i < locks.length; i++) {
                assertThat(GuestMemory.getInt(locks[i]))
                        .as("word of lock %d", i)
                        .isZero();
                assertThat(GuestMemory.getLong(data[i]))
                        .as("data of lock %d", i)
                        .isEqualTo(takenByLock[i]);
            }
            for (Cpu cpu : cpus.all()) {
                assertThat(cpu.heldLocks().count())
                        .as("held by cpu %d", cpu.id())
                        .isZero();
                for (int slot = 0; slot < HeldLocks.SLOTS; slot++) {
                    assertThat(cpu.heldLocks().lock(slot)).isZero();
                }
                assertThat(cpu.nodeCount()).as("nodes of cpu %d", cpu.id()).isZero();
                assertThat(cpu.preemptCount())
                        .as("preempt count of cpu %d", cpu.id())
                        .isZero();
            }
        }
    }

    private static final GuestArena ARENA = new GuestArena("scenarios");

    private LockScenarios() {}
}
