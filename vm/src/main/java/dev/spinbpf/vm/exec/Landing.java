package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An interrupt that is to land on a CPU after a number of instructions, so that it can come between any two. Until it
 * has landed the CPU's programs are interpreted, because compiled code polls at a few places only. Instructions count
 * across the ends of runs.
 *
 * <p>Any thread may arm it; the rest is for the CPU's own.
 */
public final class Landing {
    /** Most instructions until the interrupt lands. */
    public static final int MOST_INSTRUCTIONS = 1 << 8;

    private static final VarHandle ARMED;

    static {
        try {
            ARMED = MethodHandles.lookup().findVarHandle(Landing.class, "armed", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final ContextLevel[] LEVELS = ContextLevel.values();
    private static final int LEVEL_SHIFT = 16;
    private static final int NOT_COUNTING = Integer.MAX_VALUE;

    @SuppressWarnings("UnusedVariable") // through ARMED
    private int armed;

    private int left = NOT_COUNTING;

    Landing() {}

    /**
     * Makes an interrupt land.
     *
     * @param instructions after how many instructions, 1 to {@link #MOST_INSTRUCTIONS}
     * @return false where another one is about to land, so that this one was left out
     */
    boolean arm(ContextLevel level, int instructions) {
        return ARMED.compareAndSet(this, 0, level.ordinal() << LEVEL_SHIFT | instructions);
    }

    boolean isArmed() {
        return (int) ARMED.getOpaque(this) != 0;
    }

    /** Begins to count, and returns how many of so many instructions may be executed before the interrupt lands. */
    int shorten(int most) {
        if (left == NOT_COUNTING) {
            left = (int) ARMED.getVolatile(this) & ((1 << LEVEL_SHIFT) - 1);
        }
        return Math.clamp(left, 1, most);
    }

    void executed(long instructions) {
        if (left != NOT_COUNTING) {
            left = (int) Math.max(0, left - instructions);
        }
    }

    /** Raises the interrupt where all instructions were executed. */
    void raiseIfDue(Cpu cpu) {
        if (left <= 0) {
            raiseNow(cpu);
        }
    }

    /** Raises the interrupt, if there is one. */
    void raiseNow(Cpu cpu) {
        int interrupt = (int) ARMED.getAndSet(this, 0);
        left = NOT_COUNTING;
        if (interrupt != 0) {
            cpu.raise(LEVELS[interrupt >>> LEVEL_SHIFT]);
        }
    }
}
