package dev.spinbpf.maps.cpu;

import java.util.List;
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

    /**
     * Returns true where there are more emulated CPUs than processors, so that the holder of a lock may not be running.
     */
    boolean isOversubscribed() {
        return byId.length > realProcessors;
    }
}
