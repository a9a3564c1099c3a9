package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Cfg;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds for each function, as called from each place, which stack slots of which frame its instructions access.
 *
 * <p>A forward analysis follows pointers into stacks through registers and spills, {@link ArgState}. A callee that gets such a pointer is
 * analysed with it, call by call; what it may read is alive at the call.
 */
final class ArgAnalysis {
    private static final int MAX_CALLS = 10_000;

    private final VerifierEnv env;
    private final Cfg cfg;
    private final StackLiveness liveness;
    private final ArgState[][] results;
    private final ArgTrack[][] slotsAtCall;
    private final boolean[] analysed;
    private final int[] callsites = new int[VerifierState.MAX_CALL_FRAMES];
    private int calls;

    ArgAnalysis(VerifierEnv env, Cfg cfg, StackLiveness liveness) {
        this.env = env;
        this.cfg = cfg;
        this.liveness = liveness;
        int functions = env.subprogs().size();
        results = new ArgState[functions][];
        analysed = new boolean[functions];
        slotsAtCall = new ArgTrack[env.length()][];
    }

    /** Analyses all functions, callers before their callees. */
    void run() {
        int[] order = env.subprogTopoOrder;
        for (int i = order.length - 1; i >= 0; i--) {
            int subprog = order[i];
            if (!analysed[subprog] || env.subprog(subprog).global) {
                analyse(liveness.instance(env, null, 0, subprog), noArguments());
            }
        }
    }

    private static ArgTrack[] noArguments() {
        ArgTrack[] args = new ArgTrack[6];
        Arrays.fill(args, ArgTrack.NONE);
        return args;
    }

    /** Analyses a function with these arguments, and what it calls with pointers into stacks. */
    private void analyse(FuncInstance target, ArgTrack[] args) {
        if (++calls > MAX_CALLS) {
            throw env.reject(Errno.E2BIG, "liveness analysis exceeded complexity limit (%d calls)", calls);
        }
        FuncInstance instance = target.isComplete() ? target.fresh() : target;
        ArgState[] states = follow(instance, args);
        results[instance.subprog] = states;
        analysed[instance.subprog] = true;
        for (int i = env.postorderStart[instance.subprog]; i < env.postorderStart[instance.subprog + 1]; i++) {
            int at = env.postorder[i];
            ArgTrack[] passed = argumentsOfCallee(instance, at);
            int callee = passed == null ? -1 : calleeOf(at);
            if (callee >= 0 && passed != null && hasStackPointer(passed)) {
                enter(instance, at, callee, passed);
            }
        }
        if (target.isComplete()) {
            target.merge(instance);
        }
        target.update(env, cfg);
    }

    private void enter(FuncInstance instance, int at, int callee, ArgTrack[] passed) {
        if (instance.depth == VerifierState.MAX_CALL_FRAMES - 1) {
            throw env.reject(Errno.EINVAL);
        }
        FuncInstance called = liveness.instance(env, instance, at, callee);
        callsites[instance.depth] = at;
        analyse(called, passed);
        for (int frame = 0; frame <= instance.depth; frame++) {
            SlotSet alive = called.aliveBefore(frame, called.start);
            if (alive != null) {
                instance.addRead(frame, at, alive);
            }
        }
    }

    private static boolean hasStackPointer(ArgTrack[] args) {
        for (int reg = 1; reg <= 5; reg++) {
            if (args[reg].isStack()) {
                return true;
            }
        }
        return false;
    }

    /** Follows pointers until nothing changes, then records accesses. */
    private ArgState[] follow(FuncInstance instance, ArgTrack[] args) {
        ArgState[] states = new ArgState[instance.length];
        for (int i = 0; i < states.length; i++) {
            states[i] = ArgState.unvisited();
        }
        states[0] = ArgState.entry(instance.depth, args);
        int first = env.postorderStart[instance.subprog];
        int end = env.postorderStart[instance.subprog + 1];
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int i = end - 1; i >= first; i--) {
                changed |= step(instance, states, env.postorder[i]);
            }
        }
        for (int i = end - 1; i >= first; i--) {
            int at = env.postorder[i];
            ArgState state = states[at - instance.start];
            StackAccesses.record(env, instance, state, at);
            if (StackAccesses.isSubprogCall(env.insn(at)) || env.aux(at).callsCallback) {
                slotsAtCall[at] = state.slots;
            }
        }
        return states;
    }

    private boolean step(FuncInstance instance, ArgState[] states, int at) {
        ArgState before = states[at - instance.start];
        if (!before.isVisited()) {
            return false;
        }
        ArgState after = before.copy();
        after.apply(env.insn(at), instance.depth, frame -> slotsAtCall[callsites[frame]]);
        boolean changed = false;
        for (int successor : cfg.successors(at)) {
            int target = successor - instance.start;
            if (target >= 0 && target < states.length) {
                changed |= states[target].join(after);
            }
        }
        return changed;
    }

    /** r0 to r5 as the function that the instruction calls gets them; null if it calls none that is known. */
    private ArgTrack @Nullable [] argumentsOfCallee(FuncInstance instance, int at) {
        ArgTrack[] regs = results[instance.subprog][at - instance.start].regs;
        Insn insn = env.insn(at);
        if (StackAccesses.isSubprogCall(insn)) {
            return Arrays.copyOf(regs, 6);
        }
        Callback callback = callbackOf(insn, at);
        if (callback == null) {
            return null;
        }
        ArgTrack context = regs[callback.contextReg];
        if (calleeOf(at) < 0) {
            // One of several callbacks: any of them may read all that the context leads to.
            if (!context.isNone()) {
                StackAccesses.readAll(instance, at);
            }
            return null;
        }
        ArgTrack[] args = noArguments();
        args[callback.calleeReg] = context;
        return args;
    }

    /**
     * How a helper passes a context to its callback.
     *
     * @param functionReg register of the callback
     * @param contextReg register of the context
     * @param calleeReg register in which the callback gets it
     */
    private record Callback(int functionReg, int contextReg, int calleeReg) {}

    private @Nullable Callback callbackOf(Insn insn, int at) {
        if (insn.op() != Op.CALL_HELPER || !env.aux(at).callsCallback) {
            return null;
        }
        return switch (insn.immLow()) {
            case 181 -> new Callback(2, 3, 2); // bpf_loop
            case 164 -> new Callback(2, 3, 4); // bpf_for_each_map_elem
            case 180 -> new Callback(3, 4, 3); // bpf_find_vma
            case 209 -> new Callback(2, 3, 2); // bpf_user_ringbuf_drain
            default -> null;
        };
    }

    /** The function that the instruction calls, directly or back; -1 if it is not known. */
    private int calleeOf(int at) {
        Insn insn = env.insn(at);
        if (StackAccesses.isSubprogCall(insn)) {
            return env.findSubprog(at + insn.immLow() + 1);
        }
        Callback callback = callbackOf(insn, at);
        InsnAux aux = env.aux(at);
        int[] values = aux.constRegValues;
        boolean known = callback != null && values != null && (aux.constSubprogRegs >>> callback.functionReg & 1) != 0;
        return known && callback != null && values != null ? values[callback.functionReg] : -1;
    }
}
