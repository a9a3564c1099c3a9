package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.sync.ScheduleHook;
import dev.spinbpf.maps.sync.SchedulePoint;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One emulated CPU's thread of execution in a simulation; at most one strand runs at a time. */
final class Strand {
    private static final int REMEMBERED_READS = 64;
    private static final int POSITION_BITS = 20;

    enum State {
        RUNNABLE,
        /** Looked at a word in vain; until that changes or time passes there is nothing to do. */
        WAITING,
        SLEEPING,
        /** Has nothing to do but what interrupts bring. */
        IDLE,
        DONE
    }

    private final Cpu cpu;
    private final int index;
    private final Thread thread;
    private volatile boolean hasBaton;

    private State state = State.RUNNABLE;
    private @Nullable Object waitOwner;
    private long waitAddress;
    private long wakeNanos;
    private long limitNanos = Long.MAX_VALUE;
    private @Nullable ContextLevel landOnResume;
    private long position;

    /**
     * The words that the strand has read since it last waited: a wait for something that changed after it was read must
     * not block.
     */
    private final @Nullable Object[] readOwners = new @Nullable Object[REMEMBERED_READS];

    private final long[] readAddresses = new long[REMEMBERED_READS];
    private int reads;
    private boolean stale;

    Strand(Cpu cpu, int index, ScheduleHook hook, Runnable body) {
        this.cpu = cpu;
        this.index = index;
        this.thread = Thread.ofVirtual().name("cpu" + cpu.id()).unstarted(() -> SchedulePoint.runWith(hook, body));
    }

    Cpu cpu() {
        return cpu;
    }

    int index() {
        return index;
    }

    State state() {
        return state;
    }

    void countStep() {
        position++;
    }

    /**
     * Returns how many schedule points the strand has reached, or which one within which interrupt; see
     * {@link Strategy.Options#position}.
     */
    long position() {
        return position;
    }

    /** Returns the position to be handed to {@link #leaveInterrupt}. */
    long enterInterrupt() {
        long before = position;
        position = (before + 1) << POSITION_BITS;
        return before;
    }

    void leaveInterrupt(long positionBefore) {
        position = positionBefore;
    }

    void start() {
        thread.start();
    }

    boolean isCurrentThread() {
        return Thread.currentThread().equals(thread);
    }

    void giveBaton() {
        hasBaton = true;
        LockSupport.unpark(thread);
    }

    void awaitBaton() {
        while (!hasBaton) {
            LockSupport.park(this);
        }
        hasBaton = false;
    }

    boolean isRunnable() {
        return state == State.RUNNABLE;
    }

    boolean isWaiting() {
        return state == State.WAITING;
    }

    boolean isIdle() {
        return state == State.IDLE;
    }

    void beginIdle() {
        state = State.IDLE;
    }

    /** Makes the strand go on, whatever it waits for. */
    void wakeUp() {
        state = State.RUNNABLE;
        waitOwner = null;
        limitNanos = Long.MAX_VALUE;
    }

    void finish() {
        state = State.DONE;
    }

    void sleepUntil(long nanos) {
        state = State.SLEEPING;
        wakeNanos = nanos;
    }

    /** Notes the last moment of the wait that comes next. */
    void limitWait(long nanos) {
        limitNanos = nanos;
    }

    /** Returns the last moment of the wait that the strand is in, or never. */
    long limitNanos() {
        return limitNanos;
    }

    /** Returns the time at which the strand wakes if it sleeps, or never. */
    long wakeNanos() {
        return state == State.SLEEPING ? wakeNanos : Long.MAX_VALUE;
    }

    void wakeIfDue(long nowNanos) {
        if (state == State.SLEEPING && wakeNanos <= nowNanos) {
            state = State.RUNNABLE;
        }
    }

    void wakeFromWait() {
        if (state == State.WAITING) {
            wakeUp();
        }
    }

    /** Notes what shall land when the strand goes on, and makes it go on. */
    void landOnResume(ContextLevel level) {
        landOnResume = level;
        wakeUp();
    }

    @Nullable
    ContextLevel takeLanding() {
        ContextLevel level = landOnResume;
        landOnResume = null;
        return level;
    }

    /** Returns true where the next wait looks again rather than block. */
    boolean isStale() {
        return stale;
    }

    /** Makes the next wait look again rather than block: what the strand read before is forgotten. */
    void forgetReads() {
        reads = 0;
        stale = true;
    }

    void noteRead(Object owner, long address) {
        if (reads == REMEMBERED_READS) {
            stale = true;
            return;
        }
        readOwners[reads] = owner;
        readAddresses[reads++] = address;
    }

    /** Notes that another strand is about to write. */
    @SuppressWarnings("ReferenceEquality") // the owner's identity is meant
    void noteWrite(Object owner, long address) {
        if (state == State.WAITING) {
            if (waitOwner == owner && waitAddress == address) {
                wakeFromWait();
            }
            return;
        }
        for (int i = 0; i < reads && !stale; i++) {
            stale = readOwners[i] == owner && readAddresses[i] == address;
        }
    }

    /**
     * Begins to wait for a word, unless something that the strand has read has changed since. Returns whether it waits.
     */
    boolean beginWait(Object owner, long address) {
        boolean waits = !stale;
        reads = 0;
        stale = false;
        if (waits) {
            state = State.WAITING;
            waitOwner = owner;
            waitAddress = address;
        } else {
            limitNanos = Long.MAX_VALUE;
        }
        return waits;
    }
}
