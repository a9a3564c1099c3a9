package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.StateCache;
import dev.spinbpf.verifier.prune.StateComparison.Exactness;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The states kept at prune points.
 *
 * <p>What must hold: a path ends at a prune point only if a kept state covers its own, that is, allows all that its own
 * allows. A kept state whose paths are all explored is known to be safe, and covers a state that agrees with it in what
 * mattered there. While it stands in a loop of which paths are {@linkplain LoopVisit pending}, it is not known what
 * matters, so that everything has to agree; the path that ends is then pending too. A kept state that the path itself
 * came through is the business of {@link LoopCheck}.
 *
 * <p>The rest are heuristics, to be reproduced exactly since counts show them. A state is kept if two jumps and eight
 * instructions were processed since the last was; in a loop that the path is in, twenty or a hundred; and always where a
 * loop must find itself again, or where the history has grown long. States are looked at from the newest to the oldest.
 * One that {@linkplain KeptState#isWorthless misses} too often is dropped, but lives on while its children need it for
 * marks of precision. A miss does not count where no state is to be kept: else a long loop would drop all.
 *
 * <p>Serves one verification.
 */
public final class ExploredStateCache implements StateCache {
    private static final int LONG_HISTORY = 40;
    private static final int JUMPS = 2;
    private static final int INSNS = 8;
    private static final int JUMPS_IN_LOOP = 20;
    private static final int INSNS_IN_LOOP = 100;

    private final BacktrackingPrecision precision;
    private final StackLiveness liveness;
    private final StateComparison comparison = new StateComparison();
    private final LoopCheck loopCheck = new LoopCheck(comparison);
    private final LoopVisits loops = new LoopVisits();
    private @Nullable Bucket[] buckets = {};
    private final IdentityHashMap<VerifierState, KeptState> living = new IdentityHashMap<>();
    private int lookedAtCount;
    private int droppedCount;
    private int pendingCount;

    /**
     * @param precision the marks of the same verification
     * @param liveness what {@link LivenessPass} found
     */
    public ExploredStateCache(BacktrackingPrecision precision, StackLiveness liveness) {
        this.precision = precision;
        this.liveness = liveness;
    }

    /** States kept at slots that share a place in the table, the newest last. */
    private record Bucket(List<KeptState> states) {}

    @Override
    public void reset() {
        Arrays.fill(buckets, null);
        living.clear();
        loops.clear();
    }

    @Override
    public boolean isCovered(Exploration path, int insnIndex) {
        StateCleaner.clean(path, liveness, path.state());
        boolean always = path.unit().keepsStatesOften
                || path.unit().aux(insnIndex).forceCheckpoint
                || path.state().jmpHistory().size() > LONG_HISTORY;
        boolean keeps = always || isFarFromLast(path);
        List<KeptState> bucket = bucket(path, insnIndex);
        int count = bucket.size();
        int fingerprint = isOnPath(bucket) ? StateComparison.fingerprint(path.state()) : 0;
        for (int i = count - 1; i >= 0; i--) {
            KeptState kept = bucket.get(i);
            if (kept.state().insn() != insnIndex) {
                continue;
            }
            boolean onPath = kept.state().branches() != 0;
            boolean provisional = onPath || kept.areMarksIncomplete();
            if (onPath ? loopCheck.isConverged(path, kept, insnIndex, fingerprint) : covers(path, kept, provisional)) {
                endPath(path, kept, insnIndex, provisional);
                return true;
            }
            keeps &= always || !onPath || isFarInLoop(path);
            if (keeps) {
                kept.miss();
            }
            if (kept.isWorthless()) {
                bucket.remove(i);
                drop(kept);
            }
        }
        path.maxStatesPerInsn = Math.max(path.maxStatesPerInsn, count);
        if (keeps) {
            keep(path, bucket, insnIndex);
        }
        return false;
    }

    private static boolean isFarFromLast(Exploration path) {
        return path.jmpsProcessed - path.prevJmpsProcessed >= JUMPS
                && path.insnProcessed - path.prevInsnProcessed >= INSNS;
    }

    private static boolean isFarInLoop(Exploration path) {
        return path.jmpsProcessed - path.prevJmpsProcessed >= JUMPS_IN_LOOP
                || path.insnProcessed - path.prevInsnProcessed >= INSNS_IN_LOOP;
    }

    private static boolean isOnPath(List<KeptState> bucket) {
        for (int i = bucket.size() - 1; i >= 0; i--) {
            if (bucket.get(i).state().branches() != 0) {
                return true;
            }
        }
        return false;
    }

    private List<KeptState> bucket(Exploration path, int insnIndex) {
        int hash = insnIndex ^ path.func().callsite();
        int place = Integer.remainderUnsigned(hash, path.unit().length());
        if (buckets.length == 0) {
            buckets = new Bucket[path.unit().length()];
        }
        Bucket bucket = buckets[place];
        if (bucket == null) {
            bucket = new Bucket(new ArrayList<>(2));
            buckets[place] = bucket;
        }
        return bucket.states;
    }

    private boolean covers(Exploration path, KeptState kept, boolean everything) {
        boolean exactly = everything || path.comparesAllScalars;
        return comparison.equal(
                path, kept.state(), path.state(), exactly ? Exactness.RANGE_WITHIN : Exactness.NOT_EXACT);
    }

    /**
     * The current path ends: what mattered to the kept state matters to it.
     *
     * @param provisional whether more may turn out to matter to the kept state
     */
    private void endPath(Exploration path, KeptState kept, int insnIndex, boolean provisional) {
        kept.hit();
        VerifierState current = path.state();
        if (path.unit().aux(path.insnIndex()).jmpPoint) {
            precision.pushJmpHistory(path, current, 0, 0, 0, 0);
        }
        precision.propagate(path, kept.state(), current);
        if (provisional) {
            LoopVisit loop = kept.loop();
            if (loop == null) {
                throw new IllegalStateException("instruction " + insnIndex + " is in a loop, but in no component");
            }
            VerifierState stopped = current.copy();
            stopped.setEqualState(kept.state());
            stopped.setInsn(insnIndex);
            loop.add(stopped);
            pendingCount++;
            updatePeak(path);
        }
    }

    private void drop(KeptState kept) {
        kept.drop();
        lookedAtCount--;
        droppedCount++;
        freeIfUnneeded(kept);
    }

    private void freeIfUnneeded(KeptState kept) {
        if (kept.isUnneeded()) {
            living.remove(kept.state());
            droppedCount--;
        }
    }

    /** Keeps the current state; the path goes on from it. */
    private void keep(Exploration path, List<KeptState> bucket, int insnIndex) {
        VerifierState current = path.state();
        BacktrackingPrecision.forget(current);
        StateCleaner.clearSingularIds(current);
        VerifierState state = current.copy();
        state.setInsn(insnIndex);
        LoopVisit loop = loops.of(path.unit(), state);
        if (loop != null) {
            loop.open(state);
        }
        KeptState kept = new KeptState(state, loop, path.unit().aux(insnIndex).forceCheckpoint);
        living.put(state, kept);
        bucket.add(kept);
        current.setParent(state);
        current.setFirstInsn(insnIndex);
        current.setDfsDepth(state.dfsDepth() + 1);
        current.jmpHistory().clear();
        path.prevJmpsProcessed = path.jmpsProcessed;
        path.prevInsnProcessed = path.insnProcessed;
        path.totalStates++;
        lookedAtCount++;
        updatePeak(path);
    }

    private void updatePeak(Exploration path) {
        path.peakStates = Math.max(path.peakStates, lookedAtCount + droppedCount + pendingCount);
    }

    @Override
    public VerifierState withoutDead(Exploration path, VerifierState state) {
        VerifierState copy = state.copy();
        StateCleaner.clean(path, liveness, copy);
        return copy;
    }

    @Override
    public void pathEnded(Exploration path, VerifierState ended) {
        for (VerifierState state = ended; state != null && state.endBranch(); state = state.parent()) {
            KeptState kept = living.get(state);
            if (kept != null) {
                closeLoop(path, kept);
                freeIfUnneeded(kept);
            }
        }
    }

    /** No path from the state is left: if it was the entry of a loop's visit, that visit is over. */
    private void closeLoop(Exploration path, KeptState explored) {
        LoopVisit loop = explored.loop();
        if (loop != null && loop.isOpenedBy(explored.state())) {
            List<VerifierState> stopped = loop.close();
            pendingCount -= stopped.size();
            LoopVisit.settle(path, stopped, precision);
        }
    }

    @Override
    public @Nullable VerifierState findPreviousEntry(Exploration path, VerifierState from, int insnIndex) {
        List<KeptState> bucket = bucket(path, insnIndex);
        for (KeptState kept : bucket.reversed()) {
            VerifierState state = kept.state();
            boolean onPath = state.branches() != 0 && state.dfsDepth() < from.dfsDepth();
            if (onPath && state.insn() == insnIndex && sameCallsites(state, from)) {
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
