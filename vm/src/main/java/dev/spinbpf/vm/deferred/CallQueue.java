package dev.spinbpf.vm.deferred;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** The calls that wait on one CPU. {@link DeferredCalls} guards all that does not say otherwise. */
final class CallQueue {
    /** The moment at which nothing is due. */
    static final long NEVER = Long.MAX_VALUE;

    private final PriorityQueue<DeferredCall> timers =
            new PriorityQueue<>((one, other) -> one.dueNanos == other.dueNanos
                    ? Long.compare(one.sequence, other.sequence)
                    : Long.compare(one.dueNanos, other.dueNanos));
    private final ArrayDeque<DeferredCall> work = new ArrayDeque<>();
    private volatile long nextDueNanos = NEVER;
    private volatile int workCount;

    /** The timer whose callback the CPU runs now; its own thread alone uses this. */
    @Nullable
    DeferredCall runningTimer;

    void add(DeferredCall call) {
        if (call.kind == DeferredKind.TIMER) {
            timers.add(call);
        } else {
            work.add(call);
        }
        publish();
    }

    void remove(DeferredCall call) {
        if (call.kind == DeferredKind.TIMER) {
            timers.remove(call);
        } else {
            work.remove(call);
        }
        publish();
    }

    /** Forgets all calls. */
    void clear() {
        timers.clear();
        work.clear();
        runningTimer = null;
        publish();
    }

    /** Takes the first timer that is due; null if none is. */
    @Nullable
    DeferredCall takeTimer(long nowNanos) {
        DeferredCall first = timers.peek();
        if (first == null || first.dueNanos > nowNanos) {
            return null;
        }
        timers.remove();
        publish();
        return first;
    }

    @Nullable
    DeferredCall takeWork() {
        DeferredCall first = work.poll();
        publish();
        return first;
    }

    private void publish() {
        DeferredCall first = timers.peek();
        nextDueNanos = first == null ? NEVER : first.dueNanos;
        workCount = work.size();
    }

    /** Returns the moment at which the next timer is due, or {@link #NEVER}; any thread may ask. */
    long nextDueNanos() {
        return nextDueNanos;
    }

    /** Returns how much work waits; any thread may ask. */
    int workCount() {
        return workCount;
    }
}
