package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Two threads take one lock in turn and add one to a number in guest memory: nanoseconds a turn of one thread. With fewer than two
 * idle processors the result says how the lock fares when its owner is not running.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Threads(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ContendedBenchmark {
    private final GuestArena arena = new GuestArena("benchmark");
    private final ReentrantLock reentrant = new ReentrantLock();
    private final LockStats stats = new LockStats(2);
    private final LockClass lockClass = stats.internal("lock");
    private final RqSpinLock queued = new RqSpinLock(stats);
    private final TasLock testAndSet = new TasLock(stats);
    private final Cpus cpus = new Cpus(2, Clock.REAL);
    private final AtomicInteger nextCpu = new AtomicInteger();
    private final long lock = arena.allocate(128, 128);
    private final long data = arena.allocate(128, 128);

    /** Gives each thread a CPU of its own. */
    @State(Scope.Thread)
    public static class OnCpu {
        private Cpu cpu;

        @Setup
        public void choose(ContendedBenchmark benchmark) {
            cpu = benchmark.cpus.get(benchmark.nextCpu.getAndIncrement() % 2);
        }
    }

    @TearDown
    public void tearDown() {
        arena.close();
    }

    private void count() {
        GuestMemory.putLong(data, GuestMemory.getLong(data) + 1);
    }

    @Benchmark
    public void queued(OnCpu on) {
        take(on.cpu, queued);
    }

    @Benchmark
    public void testAndSet(OnCpu on) {
        take(on.cpu, testAndSet);
    }

    private void take(Cpu cpu, LockAlgorithm locks) {
        // A processor that is taken away from the owner for 250 ms makes the other fail: that turn counts too.
        if (locks.lock(cpu, lock, lockClass) == 0) {
            count();
            locks.unlock(cpu, lock);
        }
    }

    /** A loop around a compare-and-exchange that never gives up. */
    @Benchmark
    public void bareTestAndSet() {
        while (GuestMemory.getIntOpaque(lock) != 0 || GuestMemory.compareAndExchangeIntAcquire(lock, 0, 1) != 0) {
            Thread.onSpinWait();
        }
        count();
        GuestMemory.setByteRelease(lock, (byte) 0);
    }

    @Benchmark
    public void reentrantLock() {
        reentrant.lock();
        try {
            count();
        } finally {
            reentrant.unlock();
        }
    }
}
