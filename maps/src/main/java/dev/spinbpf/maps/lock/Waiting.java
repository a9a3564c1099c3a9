package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.maps.sync.SchedulePoint;
import org.jspecify.annotations.Nullable;

/**
 * One wait of a pending waiter or a queue's head: {@code struct rqspinlock_timeout}.
 *
 * <p>The first look checks for AA and sets the deadline. Later ones fail past the deadline, and check for ABBA each
 * millisecond. The clock is not read at each turn of the loop: Linux on x86 looks once in 65,536 turns, whose length it
 * does not know; here a turn is a pause, so once in 8 turns, and at each once the loop yields. In simulation each turn
 * looks.
 */
final class Waiting {
    private static final long DEADLOCK_CHECK_NANOS = 1_000_000;
    private static final int TURNS_BETWEEN_LOOKS = 8;
    private static final int SPARSE_TURNS = 128;

    private final DeadlockCheck deadlockCheck;
    private final long durationNanos;
    private final int mask;
    private int turns;
    private boolean begun;
    private long deadlineNanos;
    private long lastCheckNanos;

    /**
     * A wait that has not begun.
     *
     * @param mask the part of the lock word that must become zero
     */
    Waiting(DeadlockCheck deadlockCheck, long durationNanos, int mask) {
        this.deadlockCheck = deadlockCheck;
        this.durationNanos = durationNanos;
        this.mask = mask;
    }

    /** Looks whether waiting is hopeless, if it is time to look. Returns why, or null to go on waiting. */
    private @Nullable LockOutcome look(Cpu cpu, long lock) {
        int turn = turns++;
        if (turn % TURNS_BETWEEN_LOOKS != 0 && turn < SPARSE_TURNS && !SchedulePoint.isSimulated()) {
            return null;
        }
        if (!begun) {
            if (deadlockCheck.isAa(cpu, lock)) {
                return LockOutcome.AA;
            }
            begun = true;
            lastCheckNanos = cpu.nanoTime();
            deadlineNanos = lastCheckNanos + durationNanos;
            return null;
        }
        long now = cpu.nanoTime();
        if (now - deadlineNanos > 0) {
            return LockOutcome.TIMEOUT;
        }
        if (now - lastCheckNanos > DEADLOCK_CHECK_NANOS) {
            lastCheckNanos = now;
            return deadlockCheck.isAbba(cpu, lock, mask) ? LockOutcome.ABBA : null;
        }
        return null;
    }

    /** Waits one turn, if waiting is not hopeless. Returns why it is, or null to look at the lock again. */
    @Nullable
    LockOutcome turn(Cpu cpu, long lock) {
        LockOutcome failure = look(cpu, lock);
        if (failure == null) {
            SchedulePoint.limitWait(deadlineNanos);
            GuestWords.waitFor(lock);
            cpu.relax(turns);
            cpu.poll();
        }
        return failure;
    }
}
