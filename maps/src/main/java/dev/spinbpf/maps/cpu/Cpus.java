package dev.spinbpf.maps.cpu;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/** The CPUs of one emulated machine, their clock and the machine's internal hooks. */
public final class Cpus {
    /** The most CPUs that a lock word can name: {@code _Q_TAIL_CPU_BITS} is 14, and 0 means none. */
    public static final int MOST = (1 << 14) - 1;

    private final List<Cpu> cpus;
    private final Cpu[] byId;
    private final Clock clock;
    private final InternalHooks hooks = new InternalHooks();
    private final int realProcessors = Runtime.getRuntime().availableProcessors();
    private final AtomicBoolean deadlockFound = new AtomicBoolean();
    private volatile DeadlockListener deadlockListener = waits -> {};
    private volatile boolean deadlocked;

    /**
     * A machine's CPUs, all idle at {@link ContextLevel#TASK} with interrupts enabled.
     *
     * @param count 1 to {@link #MOST}
     * @param clock what they read the time from
     */
    public Cpus(int count, Clock clock) {
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException("number of CPUs must be 1 to " + MOST + ", not " + count);
        }
        this.clock = clock;
        byId = IntStream.range(0, count).mapToObj(id -> new Cpu(this, id)).toArray(Cpu[]::new);
        cpus = List.of(byId);
    }

    public int count() {
        return byId.length;
    }

    /** Returns a set with a bit for each CPU, of up to 64. */
    public long mask() {
        return -1L >>> Math.max(0, Long.SIZE - count());
    }

    /** A CPU by its number, 0 to {@code count() - 1}. */
    public Cpu get(int id) {
        return byId[id];
    }

    public List<Cpu> all() {
        return cpus;
    }

    public Clock clock() {
        return clock;
    }

    public InternalHooks hooks() {
        return hooks;
    }

    /** Sets the listener for CPUs that can never go on, before they run. */
    public void setDeadlockListener(DeadlockListener listener) {
        deadlockListener = listener;
    }

    /**
     * CPUs were found that wait for each other. The first caller has the listener look at them while they stand still;
     * after that all waits without limit are broken off.
     *
     * @return false where another one came first, which may not be done: go on waiting then
     */
    public boolean deadlocked(List<DeadlockListener.StuckCpu> waits) {
        if (!deadlockFound.compareAndSet(false, true)) {
            return false;
        }
        try {
            deadlockListener.found(List.copyOf(waits));
        } finally {
            deadlocked = true;
        }
        return true;
    }

    /** Returns true once CPUs were found that can never go on, and the listener has seen them; any thread may ask. */
    public boolean isDeadlocked() {
        return deadlocked;
    }

    /**
     * Returns true where there are more emulated CPUs than processors, so that the holder of a lock may not be running.
     */
    boolean isOversubscribed() {
        return byId.length > realProcessors;
    }
}
