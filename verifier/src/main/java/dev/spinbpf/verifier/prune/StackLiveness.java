package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which stack slots may still be read, for each function as called from each place. Serves one verification. */
public final class StackLiveness {
    private final Map<Long, FuncInstance> instances = new HashMap<>();

    private static long key(int callsite, int depth) {
        return (long) depth << 32 | callsite;
    }

    /** The instance of a function as called from a place; made if there is none. */
    FuncInstance instance(VerifierEnv env, @Nullable FuncInstance caller, int callsite, int subprog) {
        int depth = caller == null ? 0 : caller.depth + 1;
        int start = env.subprog(subprog).start;
        int site = depth > 0 ? callsite : start;
        return instances.computeIfAbsent(
                key(site, depth),
                key -> new FuncInstance(site, depth, subprog, start, env.subprog(subprog).end - start));
    }

    private @Nullable FuncInstance find(VerifierEnv env, VerifierState state, int frameno) {
        int start = env.subprog(state.frame(frameno).subprog()).start;
        int callsite = frameno > 0 ? state.frame(frameno).callsite() : start;
        for (int depth = frameno; depth > 0; depth--) {
            FuncInstance instance = instances.get(key(callsite, depth));
            if (instance != null) {
                return instance;
            }
        }
        return instances.get(key(start, 0));
    }

    /** Prepares questions about a state. */
    Query query(VerifierEnv env, VerifierState state) {
        FuncInstance[] found = new FuncInstance[state.curframe() + 1];
        for (int i = 0; i < found.length; i++) {
            found[i] = find(env, state, i);
        }
        return new Query(state, found);
    }

    /** Questions about the slots of a state. */
    static final class Query {
        private final VerifierState state;
        private final @Nullable FuncInstance[] instances;

        private Query(VerifierState state, @Nullable FuncInstance[] instances) {
            this.state = state;
            this.instances = instances;
        }

        /** Whether the half slot of the frame may be read by the current function or by one that it returns to. */
        boolean isAlive(VerifierEnv env, int frameno, int halfSlot) {
            int current = state.curframe();
            FuncInstance instance = instances[current];
            if (instance == null) {
                return true;
            }
            // An instance may have been found at a lesser depth than that of the frame; then frames count from there.
            int frame = frameno + instance.depth - current;
            if (frame >= 0 && frame <= instance.depth && instance.isAliveBefore(frame, state.insn(), halfSlot)) {
                return true;
            }
            for (int i = frameno; i < current; i++) {
                if (isAliveInCaller(env, frameno, i, halfSlot)) {
                    return true;
                }
            }
            return false;
        }

        private boolean isAliveInCaller(VerifierEnv env, int frameno, int caller, int halfSlot) {
            FuncInstance instance = instances[caller];
            if (instance == null) {
                return true;
            }
            int frame = frameno + instance.depth - caller;
            if (frame < 0 || frame > instance.depth) {
                return true;
            }
            int callsite = state.frame(caller + 1).callsite();
            int at = env.aux(callsite).callsCallback ? callsite : callsite + 1;
            return instance.isAliveBefore(frame, at, halfSlot);
        }
    }
}
