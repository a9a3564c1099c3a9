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
     */
    void reach(SharedAccess access, Object owner, long address);
}
