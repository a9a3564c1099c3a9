package dev.spinbpf.vm.order;

import java.util.Locale;

/**
 * A lock that may be taken while another one is held.
 *
 * @param held the lock that is held
 * @param wanted the lock that is taken on top; the same one where a context takes it that lands on its holder
 * @param kind how the second acquisition comes on top of the first
 * @param holder the way by which the first one is taken
 * @param taker the way by which the second one is taken
 * @param mayFail whether the second acquisition gives up with an error rather than wait for ever, on all ways that are known
 */
public record LockStep(LockNode held, LockNode wanted, Kind kind, LockWay holder, LockWay taker, boolean mayFail) {

    /** The way in which one acquisition comes on top of another. */
    public enum Kind {
        /** A program takes one after the other. */
        NESTED,
        /** An interrupt lands on the holder. */
        INTERRUPT,
        /** A program runs inside of the runtime, in the middle of what the holder does. */
        HOOK;

        /** Returns the word for it in reports. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
