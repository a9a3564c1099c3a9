package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.sync.ElementEvent;
import dev.spinbpf.maps.sync.SharedAccess;

/**
 * Sees a run go by, step by step, on the thread of the strand that makes the step, and says at which accesses there is
 * anything to choose.
 */
public interface Watcher {
    /** Chooses before each access and sees nothing. */
    Watcher NONE = new Watcher() {};

    /**
     * Returns true where another strand may go on, or an interrupt land, before an access.
     *
     * @param owner the object whose word it is, or {@link dev.spinbpf.maps.sync.SchedulePoint#GUEST} for guest memory
     * @param address the word's guest address, or its index in {@code owner}
     */
    default boolean isChoice(Cpu cpu, SharedAccess access, Object owner, long address, int sizeBytes) {
        return true;
    }

    /** Returns true where another strand may go on, or an interrupt land, before a copy of guest memory. */
    default boolean isChoiceBeforeCopy(Cpu cpu, long from, long to, int sizeBytes) {
        return false;
    }

    /** Returns true where those that looked again after time had passed may do so in another order. */
    default boolean isChoiceAfterTime() {
        return true;
    }

    /** Called when all choices before an access are made and it is about to take place; also for waits. */
    default void accessed(Cpu cpu, SharedAccess access, Object owner, long address, int sizeBytes) {}

    /** Called when a CPU has looked up or put an element of a map. */
    default void told(Cpu cpu, ElementEvent event) {}

    /** Called before an interrupt runs on a CPU, at the level of what it interrupts. */
    default void landing(Cpu cpu, ContextLevel level) {}

    /** Called after an interrupt has run on a CPU, back at the level of what it interrupted. */
    default void landed(Cpu cpu, ContextLevel level) {}

    /** Called when a strand picked one of several things; see {@link Simulation#pick}. */
    default void picked(Cpu cpu, int choice) {}

    /** Called when no strand could go on, so that time passed and those that wait look again. */
    default void timePassed() {}
}
