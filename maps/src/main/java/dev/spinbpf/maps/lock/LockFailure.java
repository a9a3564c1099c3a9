package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A lock that could not be taken.
 *
 * @param run a random number that the failures of one machine share
 * @param number counts them from 1
 * @param lockClass the lock's identity
 * @param attemptedLock its guest address
 * @param end why and where: AA, ABBA, TIMEOUT or NO_NODE
 * @param cpu the CPU that tried
 * @param level its context
 * @param heldLocks the locks that it held then, as far as they are recorded, without the attempted one
 * @param heldCount how many it held, recorded or not
 * @param holderCpu the CPU that held the lock just after the attempt had failed, or -1: it was let go meanwhile, or is
 *     held past the last entry of a table
 * @param holderLevel the context in which that CPU took it, or null
 * @param waitedNanos how long it waited before it gave up
 */
public record LockFailure(
        long run,
        long number,
        LockClass lockClass,
        long attemptedLock,
        LockEnd end,
        int cpu,
        ContextLevel level,
        long[] heldLocks,
        int heldCount,
        int holderCpu,
        @Nullable ContextLevel holderLevel,
        long waitedNanos) {

    /**
     * Returns the trace id by which the failure's report is found: 32 hexadecimal digits, no two failures' alike. Metrics
     * carry it as an exemplar.
     */
    public String traceId() {
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(run) + hex.toHexDigits(number);
    }

    /** Returns why: AA, ABBA, TIMEOUT or NO_NODE. */
    public LockOutcome outcome() {
        return end.outcome();
    }

    /** Returns the kind that Linux names in its report to a program. */
    public String kind() {
        return outcome() == LockOutcome.TIMEOUT ? "Timeout detected" : "AA or ABBA deadlock detected";
    }
}
