package dev.spinbpf.maps.sync;

/** The action of a simulation at a schedule point: choose the strand that goes next, or land an interrupt. */
@FunctionalInterface
public interface ScheduleHook {
    /**
     * Called by the strand that is about to access a shared word; returns when that strand may go on.
     *
     * @param access what it is about to do
     * @param owner the object whose word it is, or {@link SchedulePoint#GUEST} for guest memory
     * @param address the word's guest address, or its index in {@code owner}
     * @param sizeBytes how many bytes of guest memory it touches, from the address on
     */
    void reach(SharedAccess access, Object owner, long address, int sizeBytes);

    /**
     * Called by the strand that is about to copy guest memory in the middle of a map operation, in one step; nothing
     * where copies are of no interest.
     */
    default void reachCopy(long from, long to, int sizeBytes) {}

    /**
     * Called before a {@link SharedAccess#WAIT} that ends at a moment even if nobody writes to the word.
     *
     * @param deadlineNanos the last moment at which it goes on
     */
    default void limitWait(long deadlineNanos) {}

    /** Called when a program's look-up in a map has ended, or an update has put an element. */
    default void told(ElementEvent event) {}
}
