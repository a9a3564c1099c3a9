package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The rest that a single thread can time: nesting, and attempts that fail without waiting. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class SlowPathBenchmark {
    private final GuestArena arena = new GuestArena("benchmark");
    private final LockStats stats = new LockStats(2);
    private final LockClass lockClass = stats.internal("lock");
    private final RqSpinLock queued = new RqSpinLock(stats);
    private final Cpu cpu = new Cpus(2, Clock.REAL).get(0);
    private final Cpu holder = new Cpus(2, Clock.REAL).get(0);
    private final Cpu fullHolder = new Cpus(2, Clock.REAL).get(0);
    private final Cpu withoutNodes = new Cpus(2, Clock.REAL).get(0);
    private final Cpu hooked = new Cpus(2, Clock.REAL).get(0);
    private final long[] locks = new long[HeldLocks.SLOTS];
    private final long held = arena.allocate(64, 64);
    private final long contended = arena.allocate(64, 64);
    private long fired;

    public SlowPathBenchmark() {
        for (int i = 0; i < locks.length; i++) {
            locks[i] = arena.allocate(64, 64);
        }
        take(holder, held);
        for (int i = 0; i < locks.length - 1; i++) {
            take(fullHolder, locks[i]);
            GuestMemory.putInt(locks[i], 0);
        }
        // An owner and a pending waiter that do not move; and CPUs whose nodes are all in use, so that they do not
        // wait.
        GuestMemory.putInt(contended, LockWord.PENDING | LockWord.LOCKED);
        for (int i = 0; i < Cpu.NODES; i++) {
            withoutNodes.takeNodeIndex();
            hooked.takeNodeIndex();
        }
        hooked.cpus().hooks().set(HookPoint.CONTENTION_BEGIN, (c, point, lock, detail) -> fired++);
        hooked.cpus().hooks().set(HookPoint.CONTENTION_END, (c, point, lock, detail) -> fired++);
    }

    @TearDown
    public void tearDown() {
        arena.close();
    }

    private void take(Cpu on, long lock) {
        if (queued.lock(on, lock, lockClass) != 0) {
            throw new IllegalStateException("nobody else takes the lock");
        }
    }

    /** Takes as many locks as the table of held locks has room for, and lets go of them: nanoseconds a lock. */
    @Benchmark
    @OperationsPerInvocation(HeldLocks.SLOTS)
    public void nested31() {
        for (long lock : locks) {
            take(cpu, lock);
        }
        for (int i = locks.length - 1; i >= 0; i--) {
            queued.unlock(cpu, locks[i]);
        }
    }

    /** An attempt at the one lock that the CPU holds: AA. */
    @Benchmark
    public int aaAmongOne() {
        return queued.lock(holder, held, lockClass);
    }

    /** An attempt at the lock that was taken first, with all entries but that of the attempt in use. */
    @Benchmark
    public int aaAmongThirty() {
        GuestMemory.putInt(locks[0], LockWord.LOCKED);
        int result = queued.lock(fullHolder, locks[0], lockClass);
        GuestMemory.putInt(locks[0], 0);
        return result;
    }

    /** An attempt at a contended lock that fails for want of a node: passes both contention hooks, with nothing attached. */
    @Benchmark
    public int noNode() {
        return queued.lock(withoutNodes, contended, lockClass);
    }

    /** The same with something attached to both hooks that counts. */
    @Benchmark
    public int noNodeWithHooks() {
        return queued.lock(hooked, contended, lockClass);
    }
}
