package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;

/**
 * A lock that could not be taken.
 *
 * @param lockClass the lock's identity
 * @param attemptedLock its guest address
 * @param outcome why: AA, ABBA, TIMEOUT or NO_NODE
 * @param cpu the CPU that tried
 * @param level its context
 * @param heldLocks the locks that it held then, as far as they are recorded, without the attempted one
 * @param heldCount how many it held, recorded or not
 * @param holderCpu a CPU that holds the lock by its table, or -1 where none does any more
 * @param waitedNanos how long it waited before it gave up
 */
public record LockFailure(
        LockClass lockClass,
        long attemptedLock,
        LockOutcome outcome,
        int cpu,
        ContextLevel level,
        long[] heldLocks,
        int heldCount,
        int holderCpu,
        long waitedNanos) {

    /** What Linux calls it in its report to a program. */
    public String kind() {
        return outcome == LockOutcome.TIMEOUT ? "Timeout detected" : "AA or ABBA deadlock detected";
    }
}
