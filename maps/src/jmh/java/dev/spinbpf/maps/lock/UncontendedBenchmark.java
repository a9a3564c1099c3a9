package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Takes and releases a lock that nobody else wants, on one thread: nanoseconds a pair. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class UncontendedBenchmark {
    private final GuestArena arena = new GuestArena("benchmark");
    private final ReentrantLock reentrant = new ReentrantLock();
    private final LockStats stats = new LockStats(2);
    private final LockClass lockClass = stats.internal("lock");
    private final RqSpinLock queued = new RqSpinLock(stats);
    private final RqSpinLock timed = new RqSpinLock(new LockStats(2, 1024));
    private final TasLock testAndSet = new TasLock(stats);
    private final Cpu cpu = new Cpus(2, Clock.REAL).get(0);
    private final long lock = arena.allocate(64);

    @TearDown
    public void tearDown() {
        arena.close();
    }

    /** The least that any spin lock does: a compare-and-exchange, and a store with release order. */
    @Benchmark
    public void bareCasAndRelease() {
        if (GuestMemory.compareAndExchangeIntAcquire(lock, 0, 1) != 0) {
            throw new IllegalStateException("nobody else takes the lock");
        }
        GuestMemory.setByteRelease(lock, (byte) 0);
    }

    @Benchmark
    public void queued() {
        take(queued);
    }

    /** The work of {@link #queued} without counting: the difference is the cost of statistics. */
    @Benchmark
    public void queuedUncounted() {
        cpu.preemptDisable();
        HeldLocks held = cpu.heldLocks();
        held.raiseCount();
        cpu.poll();
        held.recordTop(lock);
        cpu.poll();
        if (queued.tryFast(lock) != 0) {
            throw new IllegalStateException("nobody else takes the lock");
        }
        held.noteTaken(cpu.level(), lockClass.number());
        cpu.poll();
        queued.unlock(cpu, lock);
    }

    /** With one acquisition in 1024 timed until its release. */
    @Benchmark
    public void queuedWithHeldTimes() {
        take(timed);
    }

    @Benchmark
    public void testAndSet() {
        take(testAndSet);
    }

    @Benchmark
    public void queuedIrqsave() {
        long flags = cpu.irqSave();
        if (queued.lockIrqsave(cpu, lock, lockClass, flags) != 0) {
            throw new IllegalStateException("nobody else takes the lock");
        }
        queued.unlockIrqrestore(cpu, lock, flags);
    }

    @Benchmark
    public void reentrantLock() {
        reentrant.lock();
        try {
            reentrant.getHoldCount();
        } finally {
            reentrant.unlock();
        }
    }

    private void take(LockAlgorithm locks) {
        if (locks.lock(cpu, lock, lockClass) != 0) {
            throw new IllegalStateException("nobody else takes the lock");
        }
        locks.unlock(cpu, lock);
    }
}
