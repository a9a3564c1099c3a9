package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.StateCache;
import dev.spinbpf.verifier.kernel.Message;
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
public final class ExploredStateCache implements StateCache {
    private static final int LONG_HISTORY = 40;
    private static final int MIN_JUMPS = 2;
    private static final int MIN_INSNS = 8;
    private static final int MIN_JUMPS_IN_LOOP = 20;
    private static final int MIN_INSNS_IN_LOOP = 100;
    private static final int MISSES = 3;
    private static final int MISSES_OF_CHECKPOINT = 64;

    private final BacktrackingPrecision precision;
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
    public ExploredStateCache(BacktrackingPrecision precision, StackLiveness liveness) {
        this.precision = precision;
        this.liveness = liveness;
    }

    @Override
    public void reset(Exploration path) {
        buckets.clear();
        keptStates.clear();
        visits.clear();
    }

    @Override
    public boolean isStateVisited(Exploration path, int insnIndex) {
        VerifierState current = path.state();
        boolean force = path.unit().aux(insnIndex).forceCheckpoint
                || current.jmpHistory().size() > LONG_HISTORY;
        boolean add = force
                || (path.jmpsProcessed - path.prevJmpsProcessed >= MIN_JUMPS
                        && path.insnProcessed - path.prevInsnProcessed >= MIN_INSNS);
        StateCleaner.clean(path, liveness, current);
        List<Kept> bucket = bucket(path, insnIndex);
        int count = bucket.size();
        for (int i = bucket.size() - 1; i >= 0; i--) {
            Kept kept = bucket.get(i);
            if (kept.state.insn() != insnIndex) {
                continue;
            }
            Match match = match(path, kept.state, insnIndex);
            if (match == Match.HIT || match == Match.HIT_IN_LOOP) {
                hit(path, kept, insnIndex, match == Match.HIT_IN_LOOP);
                return true;
            }
            if (match == Match.MISS_IN_LOOP && !force && !isFarInLoop(path)) {
                add = false;
            }
            if (add) {
                kept.misses++;
            }
            dropIfUseless(path, bucket, i, kept);
        }
        path.maxStatesPerInsn = Math.max(path.maxStatesPerInsn, count);
        if (add) {
            keep(path, bucket, insnIndex);
        }
        return false;
    }

    /**
     * Returns whether so much was processed since the last state was kept that keeping one within a loop is worth it.
     */
    private static boolean isFarInLoop(Exploration path) {
        return path.jmpsProcessed - path.prevJmpsProcessed >= MIN_JUMPS_IN_LOOP
                || path.insnProcessed - path.prevInsnProcessed >= MIN_INSNS_IN_LOOP;
    }

    private List<Kept> bucket(Exploration path, int insnIndex) {
        int hash = insnIndex ^ path.func().callsite();
        return buckets.computeIfAbsent(
                Integer.remainderUnsigned(hash, path.unit().length()), key -> new ArrayList<>(2));
    }

    private Match match(Exploration path, VerifierState kept, int insnIndex) {
        if (kept.branches() != 0) {
            return matchInLoop(path, kept, insnIndex);
        }
        boolean incomplete = visits.areMarksIncomplete(path, kept);
        Exactness exactness = incomplete || path.comparesAllScalars ? Exactness.RANGE_WITHIN : Exactness.NOT_EXACT;
        boolean equal = comparison.equal(path, kept, path.state(), exactness);
        if (!equal) {
            return Match.MISS;
        }
        return incomplete ? Match.HIT_IN_LOOP : Match.HIT;
    }

    /** Looks at a state that the path has come through. */
    private Match matchInLoop(Exploration path, VerifierState kept, int insnIndex) {
        VerifierState current = path.state();
        FuncState frame = kept.func();
        if (frame.inAsyncCallback() && frame.asyncEntryCount() != path.func().asyncEntryCount()) {
            return Match.MISS_IN_LOOP;
        }
        if (path.unit().aux(insnIndex).isIterNext) {
            boolean converged = comparison.equal(path, kept, current, Exactness.RANGE_WITHIN) && isIteratorActive(path);
            return converged ? Match.HIT_IN_LOOP : Match.MISS_IN_LOOP;
        }
        if (path.unit().insn(insnIndex).op().kind() == Op.Kind.MAY_GOTO
                && kept.mayGotoDepth() != current.mayGotoDepth()
                && comparison.equal(path, kept, current, Exactness.RANGE_WITHIN)) {
            return Match.HIT_IN_LOOP;
        }
        if (path.unit().aux(insnIndex).callsCallback) {
            boolean converged = comparison.equal(path, kept, current, Exactness.RANGE_WITHIN);
            return converged ? Match.HIT_IN_LOOP : Match.MISS_IN_LOOP;
        }
        if (StateComparison.maybeLooping(kept, current)
                && comparison.equal(path, kept, current, Exactness.EXACT)
                && !StateComparison.iterDepthsDiffer(kept, current)
                && kept.mayGotoDepth() == current.mayGotoDepth()
                && kept.callbackUnrollDepth() == current.callbackUnrollDepth()) {
            rejectEndlessLoop(path, kept, insnIndex);
        }
        return Match.MISS_IN_LOOP;
    }

    private static void rejectEndlessLoop(Exploration path, VerifierState kept, int insnIndex) {
        VerifierState current = path.state();
        var printer = path.services().printer();
        printer.printSourceLine(path, insnIndex, "; ");
        path.log().note(Message.INFINITE_LOOP, insnIndex);
        path.log().narrate("cur state:");
        printer.printState(path, current, current.curframe(), true);
        path.log().narrate("old state:");
        printer.printState(path, kept, current.curframe(), true);
        throw path.reject(Errno.EINVAL);
    }

    /** Returns whether the iterator that r1 points to has more elements. */
    private static boolean isIteratorActive(Exploration path) {
        RegState pointer = path.reg(1);
        int spi = (int) (-pointer.constValue() - 1) / StackSlot.BYTES;
        return path.func(pointer).slot(spi).spilled().payload() instanceof RegPayload.Iter iter && !iter.drained();
    }

    /** The current path ends: what mattered to the kept state matters to it. */
    private void hit(Exploration path, Kept kept, int insnIndex, boolean inLoop) {
        kept.hits++;
        VerifierState current = path.state();
        if (path.unit().aux(path.insnIndex()).jmpPoint) {
            precision.pushJmpHistory(path, current, 0, 0, 0, 0);
        }
        precision.propagate(path, kept.state, current);
        if (inLoop) {
            VerifierState backEdge = current.copy();
            backEdge.setEqualState(kept.state);
            backEdge.setInsn(insnIndex);
            visits.addBackEdge(path, kept.state, backEdge);
            updatePeak(path);
        }
    }

    private void dropIfUseless(Exploration path, List<Kept> bucket, int index, Kept kept) {
        boolean activeCheckpoint = path.unit().aux(kept.state.insn()).forceCheckpoint && kept.state.branches() > 0;
        int allowed = activeCheckpoint ? MISSES_OF_CHECKPOINT : MISSES;
        if (kept.misses > kept.hits * allowed + allowed) {
            kept.dropped = true;
            bucket.remove(index);
            exploredCount--;
            droppedCount++;
            freeIfUnused(path, kept);
        }
    }

    /** Frees a dropped state that no path and no back edge needs any more. */
    private void freeIfUnused(Exploration path, Kept kept) {
        if (kept.dropped && kept.state.branches() == 0 && !visits.areMarksIncomplete(path, kept.state)) {
            keptStates.remove(kept.state);
            droppedCount--;
        }
    }

    private void keep(Exploration path, List<Kept> bucket, int insnIndex) {
        VerifierState current = path.state();
        path.totalStates++;
        exploredCount++;
        updatePeak(path);
        path.prevJmpsProcessed = path.jmpsProcessed;
        path.prevInsnProcessed = path.insnProcessed;
        BacktrackingPrecision.forget(current);
        StateCleaner.clearSingularIds(current);
        VerifierState state = current.copy();
        state.setInsn(insnIndex);
        visits.enter(path, state);
        current.setParent(state);
        current.setFirstInsn(insnIndex);
        current.setDfsDepth(state.dfsDepth() + 1);
        current.jmpHistory().clear();
        Kept kept = new Kept(state);
        keptStates.put(state, kept);
        bucket.add(kept);
    }

    private void updatePeak(Exploration path) {
        path.peakStates = Math.max(path.peakStates, exploredCount + droppedCount + visits.backEdgeCount());
    }

    @Override
    public VerifierState withoutDead(Exploration path, VerifierState state) {
        VerifierState copy = state.copy();
        StateCleaner.clean(path, liveness, copy);
        return copy;
    }

    @Override
    public void updateBranchCounts(Exploration path, VerifierState ended) {
        VerifierState state = ended;
        Kept kept = null;
        while (state != null) {
            state.setBranches(state.branches() - 1);
            if (state.branches() != 0) {
                return;
            }
            if (visits.exit(path, state, precision)) {
                updatePeak(path);
            }
            VerifierState parent = state.parent();
            Kept parentKept = parent == null ? null : keptStates.get(parent);
            if (kept != null) {
                freeIfUnused(path, kept);
            }
            state = parent;
            kept = parentKept;
        }
    }

    @Override
    public @Nullable VerifierState findPreviousEntry(Exploration path, VerifierState from, int insnIndex) {
        List<Kept> bucket = bucket(path, insnIndex);
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
