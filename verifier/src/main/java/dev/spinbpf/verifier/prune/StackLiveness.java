package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The stack slots that may still be read, for each function as called from each place. Serves one verification. */
public final class StackLiveness {
    private final Map<Long, CallStackUse> calls = new HashMap<>();
    /** The answer of the last search for each frame: paths stay in their frames for long. */
    private final Found[] lastFound = new Found[VerifierState.MAX_CALL_FRAMES];

    private record Found(int callsite, int start, @Nullable CallStackUse use) {}

    public StackLiveness() {
        forgetFound();
    }

    private void forgetFound() {
        Arrays.fill(lastFound, new Found(-1, -1, null));
    }

    private static long key(int callsite, int depth) {
        return (long) depth << 32 | callsite;
    }

    /** Returns the use of the stack by a function as called from a place; empty if there was none. */
    CallStackUse useOf(ProgramUnit unit, @Nullable CallStackUse caller, int callsite, int subprog) {
        int depth = caller == null ? 0 : caller.depth + 1;
        int start = unit.subprog(subprog).start;
        int site = depth > 0 ? callsite : start;
        forgetFound();
        return calls.computeIfAbsent(
                key(site, depth),
                key -> new CallStackUse(site, depth, subprog, start, unit.subprog(subprog).end - start));
    }

    private @Nullable CallStackUse find(ProgramUnit unit, VerifierState state, int frameno) {
        int start = unit.subprog(state.frame(frameno).subprog()).start;
        int callsite = frameno > 0 ? state.frame(frameno).callsite() : start;
        Found last = lastFound[frameno];
        if (last.callsite != callsite || last.start != start) {
            last = new Found(callsite, start, search(frameno, callsite, start));
            lastFound[frameno] = last;
        }
        return last.use;
    }

    private @Nullable CallStackUse search(int frameno, int callsite, int start) {
        for (int depth = frameno; depth > 0; depth--) {
            CallStackUse call = calls.get(key(callsite, depth));
            if (call != null) {
                return call;
            }
        }
        return calls.get(key(start, 0));
    }

    /** Prepares questions about a state. */
    Query query(ProgramUnit unit, VerifierState state) {
        CallStackUse[] found = new CallStackUse[state.curframe() + 1];
        for (int i = 0; i < found.length; i++) {
            found[i] = find(unit, state, i);
        }
        return new Query(state, found);
    }

    /** Questions about the slots of a state. */
    static final class Query {
        private final VerifierState state;
        private final @Nullable CallStackUse[] calls;

        private Query(VerifierState state, @Nullable CallStackUse[] calls) {
            this.state = state;
            this.calls = calls;
        }

        /** The half slots of the frame that the current function or one that it returns to may read. */
        SlotSet alive(ProgramUnit unit, int frameno) {
            int current = state.curframe();
            CallStackUse call = calls[current];
            if (call == null) {
                return SlotSet.ALL;
            }
            // A call may have been found at a lesser depth than that of the frame; then frames count from there.
            int frame = frameno + call.depth - current;
            SlotSet alive = frame >= 0 && frame <= call.depth ? call.aliveBefore(frame, state.insn()) : SlotSet.NONE;
            for (int i = frameno; i < current; i++) {
                alive = alive.or(aliveInCaller(unit, frameno, i));
            }
            return alive;
        }

        private SlotSet aliveInCaller(ProgramUnit unit, int frameno, int caller) {
            CallStackUse call = calls[caller];
            int frame = call == null ? -1 : frameno + call.depth - caller;
            if (call == null || frame < 0 || frame > call.depth) {
                return SlotSet.ALL;
            }
            int callsite = state.frame(caller + 1).callsite();
            int at = unit.aux(callsite).callsCallback ? callsite : callsite + 1;
            return call.aliveBefore(frame, at);
        }
    }
}
