package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.List;

/**
 * CPUs that wait for each other and never give up, which Linux would not survive: each for the next one of the list, the
 * last for the first. One CPU alone waits for what it interrupted.
 *
 * @param waitedNanos how long the last of them had waited when this was found
 * @param ring the CPUs
 * @param waits all waits for locks at that moment, those of other CPUs too
 */
public record Deadlock(long waitedNanos, List<StuckCpu> ring, List<WaitRow> waits) {
    /**
     * A CPU of the ring.
     *
     * @param cpu its number
     * @param contexts all that is nested on it, innermost first
     * @param waiting which of them waits, by its place in the list
     * @param lock the lock that it waits for
     * @param behind true where it waits for another waiter, which is before it in the lock's queue; false where it
     *     waits for the holder
     * @param target which context of the next CPU it waits for, by its place in that one's list
     */
    public record StuckCpu(int cpu, List<Nested> contexts, int waiting, String lock, boolean behind, int target) {}

    /**
     * A program run, or a map operation from user space.
     *
     * @param level the level at which it began
     * @param program name of the program; empty for user space
     * @param stack the places where its functions are, innermost first: {@code trace+0x10 (bpf_spin_lock(&ids); @ a.c:3)}
     * @param line source line of the innermost, {@code a.c:3}; empty where it is not known
     * @param holds the locks that it holds, in order of taking
     * @param waits the locks that it waits for: one, or none
     */
    public record Nested(
            ContextLevel level,
            String program,
            List<String> stack,
            String line,
            List<Held> holds,
            List<Waiting> waits) {}

    /**
     * A lock that is held.
     *
     * @param lock its name
     * @param takenAt the place in the program that took it; empty where the runtime took it, inside a map
     */
    public record Held(String lock, String takenAt) {}

    /**
     * A lock that is waited for.
     *
     * @param lock its name
     * @param nanos how long it had waited
     */
    public record Waiting(String lock, long nanos) {}
}
