package dev.spinbpf.maps.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The waits for locks that one CPU is in, each interrupted by the one after it; only the last one goes on. A CPU enters
 * an attempt when it did not find the lock free.
 *
 * <p>Only its CPU writes. Others read to find rings of CPUs that wait for each other: each wait has a stamp of its own,
 * written last and cleared first, so that whoever reads the same stamp before and after has read one wait, and knows
 * that the CPU has done nothing of its own in between if that wait is still the last one.
 */
public final class LockWaits {
    /** Most waits that are recorded; deeper ones are only counted. */
    public static final int MOST = 24;

    private static final VarHandle STAMPS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle DEPTH;

    static {
        try {
            DEPTH = MethodHandles.lookup().findVarHandle(LockWaits.class, "depth", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The ends that a wait may have. */
    public enum Kind {
        /** It ends when the lock comes free, whenever that is. */
        ENDLESS,
        /** The waiter looks for deadlocks and at the clock, and gives up. */
        LIMITED,
        /** It ends when another waiter, on the CPU before it in a queue, goes on. */
        BEHIND
    }

    /**
     * A wait.
     *
     * @param index how many waits of the CPU it interrupted
     * @param stamp no two waits of a CPU have the same
     * @param lock guest address of the lock word
     * @param classNumber what the lock is counted under, 0 for what cannot be told apart
     * @param level the CPU's level
     * @param behindCpu the CPU of the waiter before it, for {@link Kind#BEHIND}; otherwise -1
     * @param node the number of its own queue node, for {@link Kind#BEHIND}
     * @param sinceNanos when it began, by the machine's clock
     */
    public record Wait(
            int index,
            long stamp,
            long lock,
            int classNumber,
            Kind kind,
            ContextLevel level,
            int behindCpu,
            int node,
            long sinceNanos) {}

    private final long[] stamps = new long[MOST];
    private final long[] locks = new long[MOST];
    private final int[] classNumbers = new int[MOST];
    private final Kind[] kinds = new Kind[MOST];
    private final ContextLevel[] levels = new ContextLevel[MOST];
    private final int[] behindCpus = new int[MOST];
    private final int[] nodes = new int[MOST];
    private final long[] sinceNanos = new long[MOST];
    private long lastStamp;
    private int depth;

    /** Enters a wait, on top of those that it interrupts. */
    public void begin(long lock, int classNumber, Kind kind, ContextLevel level, long nowNanos) {
        int top = depth;
        if (top < MOST) {
            VarHandle.storeStoreFence();
            locks[top] = lock;
            classNumbers[top] = classNumber;
            kinds[top] = kind;
            levels[top] = level;
            behindCpus[top] = -1;
            sinceNanos[top] = nowNanos;
            STAMPS.setRelease(stamps, top, ++lastStamp);
        }
        DEPTH.setRelease(this, top + 1);
    }

    /** The last wait goes on in a queue, on a node of this CPU, behind a waiter of another one. */
    public void queuedBehind(int cpu, int node) {
        become(Kind.BEHIND, cpu, node);
    }

    /** The last wait is the first of its queue now, and gives up by itself. */
    public void first() {
        become(Kind.LIMITED, -1, 0);
    }

    private void become(Kind kind, int behindCpu, int node) {
        int top = depth - 1;
        if (top >= 0 && top < MOST) {
            STAMPS.setOpaque(stamps, top, 0L);
            VarHandle.storeStoreFence();
            kinds[top] = kind;
            behindCpus[top] = behindCpu;
            nodes[top] = node;
            STAMPS.setRelease(stamps, top, ++lastStamp);
        }
    }

    /** Takes the last wait off. */
    public void end() {
        int top = depth - 1;
        if (top < MOST) {
            STAMPS.setOpaque(stamps, top, 0L);
        }
        DEPTH.setRelease(this, top);
    }

    /** Returns how many waits the CPU is in; any thread may ask. */
    public int depth() {
        return (int) DEPTH.getAcquire(this);
    }

    /** Returns the wait that goes on, or null where there is none or it is just changing; any thread may ask. */
    public @Nullable Wait innermost() {
        return at(depth() - 1);
    }

    /** Returns all waits, the last one last, leaving out those that are just changing; any thread may ask. */
    public List<Wait> all() {
        List<Wait> waits = new ArrayList<>();
        int count = depth();
        for (int i = 0; i < count; i++) {
            Wait wait = at(i);
            if (wait != null) {
                waits.add(wait);
            }
        }
        return waits;
    }

    private @Nullable Wait at(int index) {
        if (index < 0 || index >= MOST) {
            return null;
        }
        long stamp = (long) STAMPS.getAcquire(stamps, index);
        if (stamp == 0) {
            return null;
        }
        var wait = new Wait(
                index,
                stamp,
                locks[index],
                classNumbers[index],
                kinds[index],
                levels[index],
                behindCpus[index],
                nodes[index],
                sinceNanos[index]);
        VarHandle.acquireFence();
        return (long) STAMPS.getOpaque(stamps, index) == stamp ? wait : null;
    }

    /** Returns true where a wait still is the one that goes on; any thread may ask. */
    public boolean isInnermost(Wait wait) {
        VarHandle.acquireFence();
        return depth() == wait.index() + 1 && (long) STAMPS.getAcquire(stamps, wait.index()) == wait.stamp();
    }

    /** Forgets all waits, while the CPU does not run. */
    void reset() {
        for (int i = 0; i < MOST; i++) {
            stamps[i] = 0;
        }
        DEPTH.setRelease(this, 0);
    }
}
