package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.StateCache;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.prune.StateComparison.Exactness;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The states kept at prune points, and the heuristics of Linux 7.2 on when to keep one and when to drop one.
 *
 * <p>A kept state has <em>branches</em> while paths from it are being explored; until there are none it proves nothing,
 * and to meet an equal state again means a loop: endless, unless an iterator, a callback or may_goto bounds it. A state
 * that keeps missing is taken off its list, but lives on while its children need it for marks of precision.
 *
 * <p>Serves one verification.
 */
public final class ExploredStates implements StateCache {
    private static final int LONG_HISTORY = 40;
    private static final int MIN_JUMPS = 2;
    private static final int MIN_INSNS = 8;
    private static final int MIN_JUMPS_IN_LOOP = 20;
    private static final int MIN_INSNS_IN_LOOP = 100;
    private static final int MISSES = 3;
    private static final int MISSES_OF_CHECKPOINT = 64;

    private final Backtracking precision;
    private final StackLiveness liveness;
    private final StateComparison comparison = new StateComparison();
    private final SccVisits visits = new SccVisits();
    private final Map<Integer, List<Kept>> buckets = new HashMap<>();
    private final IdentityHashMap<VerifierState, Kept> keptStates = new IdentityHashMap<>();
    private int exploredCount;
    private int droppedCount;

    /** A kept state. */
    private static final class Kept {
        final VerifierState state;
        int hits;
        int misses;
        boolean dropped;

        Kept(VerifierState state) {
            this.state = state;
        }
    }

    /** The outcome of a look at a kept state. */
    private enum Match {
        HIT,
        /** A hit on a state that is part of the path, or whose marks are incomplete. */
        HIT_IN_LOOP,
        MISS,
        /** A miss on a state that is part of the path. */
        MISS_IN_LOOP
    }

    /**
     * @param precision the marks of the same verification
     * @param liveness what {@link LivenessPass} found
     */
    public ExploredStates(Backtracking precision, StackLiveness liveness) {
        this.precision = precision;
        this.liveness = liveness;
    }

    @Override
    public void reset(VerifierEnv env) {
        buckets.clear();
        keptStates.clear();
        visits.clear();
    }

    @Override
    public boolean isStateVisited(VerifierEnv env, int insnIndex) {
        VerifierState current = env.state();
        boolean force =
                env.aux(insnIndex).forceCheckpoint || current.jmpHistory().size() > LONG_HISTORY;
        boolean add = force
                || (env.jmpsProcessed - env.prevJmpsProcessed >= MIN_JUMPS
                        && env.insnProcessed - env.prevInsnProcessed >= MIN_INSNS);
        StateCleaner.clean(env, liveness, current);
        List<Kept> bucket = bucket(env, insnIndex);
        int count = bucket.size();
        for (int i = bucket.size() - 1; i >= 0; i--) {
            Kept kept = bucket.get(i);
            if (kept.state.insn() != insnIndex) {
                continue;
            }
            Match match = match(env, kept.state, insnIndex);
            if (match == Match.HIT || match == Match.HIT_IN_LOOP) {
                hit(env, kept, insnIndex, match == Match.HIT_IN_LOOP);
                return true;
            }
            if (match == Match.MISS_IN_LOOP && !force && !isFarInLoop(env)) {
                add = false;
            }
            if (add) {
                kept.misses++;
            }
            dropIfUseless(env, bucket, i, kept);
        }
        env.maxStatesPerInsn = Math.max(env.maxStatesPerInsn, count);
        if (add) {
            keep(env, bucket, insnIndex);
        }
        return false;
    }

    /**
     * Returns whether so much was processed since the last state was kept that keeping one within a loop is worth it.
     */
    private static boolean isFarInLoop(VerifierEnv env) {
        return env.jmpsProcessed - env.prevJmpsProcessed >= MIN_JUMPS_IN_LOOP
                || env.insnProcessed - env.prevInsnProcessed >= MIN_INSNS_IN_LOOP;
    }

    private List<Kept> bucket(VerifierEnv env, int insnIndex) {
        int hash = insnIndex ^ env.func().callsite();
        return buckets.computeIfAbsent(Integer.remainderUnsigned(hash, env.length()), key -> new ArrayList<>(2));
    }

    private Match match(VerifierEnv env, VerifierState kept, int insnIndex) {
        if (kept.branches() != 0) {
            return matchInLoop(env, kept, insnIndex);
        }
        boolean incomplete = visits.areMarksIncomplete(env, kept);
        Exactness exactness = incomplete || env.comparesAllScalars ? Exactness.RANGE_WITHIN : Exactness.NOT_EXACT;
        boolean equal = comparison.equal(env, kept, env.state(), exactness);
        if (!equal) {
            return Match.MISS;
        }
        return incomplete ? Match.HIT_IN_LOOP : Match.HIT;
    }

    /** Looks at a state that the path has come through. */
    private Match matchInLoop(VerifierEnv env, VerifierState kept, int insnIndex) {
        VerifierState current = env.state();
        FuncState frame = kept.func();
        if (frame.inAsyncCallback() && frame.asyncEntryCount() != env.func().asyncEntryCount()) {
            return Match.MISS_IN_LOOP;
        }
        if (env.aux(insnIndex).isIterNext) {
            boolean converged = comparison.equal(env, kept, current, Exactness.RANGE_WITHIN) && isIteratorActive(env);
            return converged ? Match.HIT_IN_LOOP : Match.MISS_IN_LOOP;
        }
        if (env.insn(insnIndex).op().kind() == Op.Kind.MAY_GOTO
                && kept.mayGotoDepth() != current.mayGotoDepth()
                && comparison.equal(env, kept, current, Exactness.RANGE_WITHIN)) {
            return Match.HIT_IN_LOOP;
        }
        if (env.aux(insnIndex).callsCallback) {
            boolean converged = comparison.equal(env, kept, current, Exactness.RANGE_WITHIN);
            return converged ? Match.HIT_IN_LOOP : Match.MISS_IN_LOOP;
        }
        if (StateComparison.maybeLooping(kept, current)
                && comparison.equal(env, kept, current, Exactness.EXACT)
                && !StateComparison.iterDepthsDiffer(kept, current)
                && kept.mayGotoDepth() == current.mayGotoDepth()
                && kept.callbackUnrollDepth() == current.callbackUnrollDepth()) {
            rejectEndlessLoop(env, kept, insnIndex);
        }
        return Match.MISS_IN_LOOP;
    }

    private static void rejectEndlessLoop(VerifierEnv env, VerifierState kept, int insnIndex) {
        VerifierState current = env.state();
        var printer = env.services().printer();
        printer.printSourceLine(env, insnIndex, "; ");
        env.verbose("infinite loop detected at insn %d\n", insnIndex);
        env.verbose("cur state:");
        printer.printState(env, current, current.curframe(), true);
        env.verbose("old state:");
        printer.printState(env, kept, current.curframe(), true);
        throw env.reject(Errno.EINVAL);
    }

    /** Returns whether the iterator that r1 points to has more elements. */
    private static boolean isIteratorActive(VerifierEnv env) {
        RegState pointer = env.reg(1);
        int spi = (int) (-pointer.constValue() - 1) / StackSlot.BYTES;
        return env.func(pointer).slot(spi).spilled().payload() instanceof RegPayload.Iter iter && !iter.drained();
    }

    /** The current path ends: what mattered to the kept state matters to it. */
    private void hit(VerifierEnv env, Kept kept, int insnIndex, boolean inLoop) {
        kept.hits++;
        VerifierState current = env.state();
        if (env.aux(env.insnIndex()).jmpPoint) {
            precision.pushJmpHistory(env, current, 0, 0, 0, 0);
        }
        precision.propagate(env, kept.state, current);
        if (inLoop) {
            VerifierState backEdge = current.copy();
            backEdge.setEqualState(kept.state);
            backEdge.setInsn(insnIndex);
            visits.addBackEdge(env, kept.state, backEdge);
            updatePeak(env);
        }
    }

    private void dropIfUseless(VerifierEnv env, List<Kept> bucket, int index, Kept kept) {
        boolean activeCheckpoint = env.aux(kept.state.insn()).forceCheckpoint && kept.state.branches() > 0;
        int allowed = activeCheckpoint ? MISSES_OF_CHECKPOINT : MISSES;
        if (kept.misses > kept.hits * allowed + allowed) {
            kept.dropped = true;
            bucket.remove(index);
            exploredCount--;
            droppedCount++;
            freeIfUnused(env, kept);
        }
    }

    /** Frees a dropped state that no path and no back edge needs any more. */
    private void freeIfUnused(VerifierEnv env, Kept kept) {
        if (kept.dropped && kept.state.branches() == 0 && !visits.areMarksIncomplete(env, kept.state)) {
            keptStates.remove(kept.state);
            droppedCount--;
        }
    }

    private void keep(VerifierEnv env, List<Kept> bucket, int insnIndex) {
        VerifierState current = env.state();
        env.totalStates++;
        exploredCount++;
        updatePeak(env);
        env.prevJmpsProcessed = env.jmpsProcessed;
        env.prevInsnProcessed = env.insnProcessed;
        Backtracking.forget(current);
        StateCleaner.clearSingularIds(current);
        VerifierState state = current.copy();
        state.setInsn(insnIndex);
        visits.enter(env, state);
        current.setParent(state);
        current.setFirstInsn(insnIndex);
        current.setDfsDepth(state.dfsDepth() + 1);
        current.jmpHistory().clear();
        Kept kept = new Kept(state);
        keptStates.put(state, kept);
        bucket.add(kept);
    }

    private void updatePeak(VerifierEnv env) {
        env.peakStates = Math.max(env.peakStates, exploredCount + droppedCount + visits.backEdgeCount());
    }

    @Override
    public VerifierState withoutDead(VerifierEnv env, VerifierState state) {
        VerifierState copy = state.copy();
        StateCleaner.clean(env, liveness, copy);
        return copy;
    }

    @Override
    public void updateBranchCounts(VerifierEnv env, VerifierState ended) {
        VerifierState state = ended;
        Kept kept = null;
        while (state != null) {
            state.setBranches(state.branches() - 1);
            if (state.branches() != 0) {
                return;
            }
            if (visits.exit(env, state, precision)) {
                updatePeak(env);
            }
            VerifierState parent = state.parent();
            Kept parentKept = parent == null ? null : keptStates.get(parent);
            if (kept != null) {
                freeIfUnused(env, kept);
            }
            state = parent;
            kept = parentKept;
        }
    }

    @Override
    public @Nullable VerifierState findPreviousEntry(VerifierEnv env, VerifierState from, int insnIndex) {
        List<Kept> bucket = bucket(env, insnIndex);
        for (int i = bucket.size() - 1; i >= 0; i--) {
            VerifierState state = bucket.get(i).state;
            if (state.insn() == insnIndex
                    && state.branches() != 0
                    && sameCallsites(state, from)
                    && state.dfsDepth() < from.dfsDepth()) {
                return state;
            }
        }
        return null;
    }

    private static boolean sameCallsites(VerifierState a, VerifierState b) {
        if (a.curframe() != b.curframe()) {
            return false;
        }
        for (int i = 0; i <= a.curframe(); i++) {
            if (a.frame(i).callsite() != b.frame(i).callsite()) {
                return false;
            }
        }
        return true;
    }
}
