package dev.spinbpf.verifier.locking;

import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.Location;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call that takes a lock or works on a map, and what the program holds where it makes the call.
 *
 * @param act what the call does
 * @param at the call
 * @param holds the locks that are held, in the order of taking
 * @param interruptsOff whether interrupts are off before the call
 * @param runner the one that runs the function in which this happens
 * @param path the way to the call, in its last steps
 * @param more how many steps were left out before the first of {@code path}
 */
public record LockUse(
        Act act,
        Location at,
        List<Hold> holds,
        boolean interruptsOff,
        Runner runner,
        List<Explanation.Step> path,
        int more) {

    /** The one that runs a function of a program. */
    public enum Runner {
        /** The program's hook. */
        HOOK,
        /** A timer. */
        TIMER,
        /** A task of the kernel's that works through a queue. */
        WORK_QUEUE
    }

    /**
     * A lock that is held.
     *
     * @param at the call that took it
     */
    public record Hold(ProgramLock lock, Location at) {}

    /** The effect of a call. */
    public sealed interface Act {}

    /**
     * Takes a lock.
     *
     * @param mayFail whether the call returns an error rather than wait for ever
     * @param masks whether interrupts are off while the lock is held, as the call itself sees to it
     */
    public record Take(ProgramLock lock, boolean mayFail, boolean masks) implements Act {}

    /**
     * Works on a map, which may take locks inside the map.
     *
     * @param helper the helper's name
     * @param index the map's index in the object; -1 for maps inside of maps
     * @param flags the helper's fourth argument where it is the same number on all paths, else null
     * @param elementLock the {@code bpf_spin_lock} that the map's elements have, which an update with {@code BPF_F_LOCK}
     *     takes; null if they have none
     */
    public record MapCall(
            String helper,
            MapDef map,
            int index,
            @Nullable Integer flags,
            @Nullable ProgramLock elementLock) implements Act {}
}
