package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.VirtualClock;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockFailure;
import dev.spinbpf.maps.lock.LockIdentity;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.lock.RqSpinLock;
import dev.spinbpf.maps.memory.GuestArena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A machine without programs, on a clock that a test sets: locks that are taken, held and refused at will. */
final class ContendedLocks implements AutoCloseable {
    private final GuestArena arena = new GuestArena("contended");
    private final LockStats stats = new LockStats(2, 1);
    private final RqSpinLock locks = new RqSpinLock(stats);
    private final VirtualClock clock = new VirtualClock(1_000);
    private final List<LockFailure> failures = new ArrayList<>();
    final Cpus cpus = new Cpus(2, clock);

    ContendedLocks() {
        stats.addListener(failures::add);
    }

    Activity activity() {
        return new Activity(cpus, stats, Map::of, List::of, List::of, id -> "made.bpf.o", () -> 0);
    }

    List<LockFailure> failures() {
        return failures;
    }

    /** A global lock that was never taken. */
    Lock lock(String name) {
        long address = arena.allocate(8);
        stats.setNamer(any -> LockIdentity.ofGlobal(1, name, any));
        return new Lock(address, stats.ofAddress(address));
    }

    /** A lock, its address, and the identity that it is counted under. */
    final class Lock {
        private final long address;
        private final LockClass lockClass;

        Lock(long address, LockClass lockClass) {
            this.address = address;
            this.lockClass = lockClass;
        }

        /** Takes the lock on CPU 0 in a task, does something, and releases it. */
        void holdWhile(long nanos, Runnable something) {
            Cpu cpu = cpus.get(0);
            locks.lock(cpu, address, lockClass);
            something.run();
            clock.advance(nanos);
            locks.unlock(cpu, address);
        }

        /** An NMI on CPU 0 asks for the lock, which the task below holds: AA. */
        void refuse() {
            Cpu cpu = cpus.get(0);
            ContextLevel before = cpu.enter(ContextLevel.NMI);
            locks.lock(cpu, address, lockClass);
            cpu.leave(before);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
