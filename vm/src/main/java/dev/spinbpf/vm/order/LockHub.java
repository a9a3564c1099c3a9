package dev.spinbpf.vm.order;

import dev.spinbpf.vm.context.RecursionGuard;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A place where programs land on holders of locks: a level of interrupts, or a hook inside the runtime. Each lock that is held
 * there comes before each lock that a program takes which lands there; to keep both lists is less than to keep all pairs.
 */
final class LockHub {
    private static final int WAYS_PER_GUARD = 2;

    private final LockStep.Kind kind;
    private final Map<LockNode, Side> holders = new LinkedHashMap<>();
    private final Map<LockNode, Side> takers = new LinkedHashMap<>();

    LockHub(LockStep.Kind kind) {
        this.kind = kind;
    }

    /** The ways to a lock; enough of them for a pair that no recursion guard keeps apart, if there is one. */
    static final class Side {
        private final List<LockWay> ways = new ArrayList<>();
        private @Nullable Set<LockNode> gates;
        private boolean mayFail = true;

        private void add(LockWay way, List<LockNode> others, boolean canFail) {
            mayFail &= canFail;
            if (gates == null) {
                gates = new LinkedHashSet<>(others);
            } else {
                gates.retainAll(others);
            }
            RecursionGuard guard = way.by().guard();
            boolean known = ways.stream().anyMatch(one -> one.by().equals(way.by()));
            long like = ways.stream().filter(one -> one.by().guard() == guard).count();
            if (!known && like < WAYS_PER_GUARD) {
                ways.add(way);
            }
        }

        Set<LockNode> gates() {
            return gates == null ? Set.of() : gates;
        }
    }

    /** @param others the locks that are held besides */
    void addHolder(LockNode lock, LockWay way, List<LockNode> others) {
        holders.computeIfAbsent(lock, _ -> new Side()).add(way, others, true);
    }

    /** @param others the locks that are held besides */
    void addTaker(LockNode lock, LockWay way, List<LockNode> others, boolean mayFail) {
        takers.computeIfAbsent(lock, _ -> new Side()).add(way, others, mayFail);
    }

    Set<LockNode> holders() {
        return holders.keySet();
    }

    Set<LockNode> takers() {
        return takers.keySet();
    }

    /** The step from a lock that is held here to one that is taken here; null if no pair of ways can meet. */
    @Nullable
    LockEdge edge(LockNode held, LockNode wanted) {
        Side below = holders.get(held);
        Side above = takers.get(wanted);
        if (below == null || above == null) {
            return null;
        }
        for (LockWay holder : below.ways) {
            for (LockWay taker : above.ways) {
                if (taker.by().mayRunOn(holder.by())) {
                    return edge(held, wanted, below, above, holder, taker);
                }
            }
        }
        return null;
    }

    /** A lock that both hold, or that is held below and taken first above, keeps them apart. */
    private @Nullable LockEdge edge(
            LockNode held, LockNode wanted, Side below, Side above, LockWay holder, LockWay taker) {
        Set<LockNode> gates = new LinkedHashSet<>(below.gates());
        for (LockNode gate : above.gates()) {
            boolean isHeldBelow = gate.isOne() && (gate.equals(held) || gates.contains(gate));
            if (isHeldBelow) {
                return null;
            }
        }
        gates.addAll(above.gates());
        return new LockEdge(new LockStep(held, wanted, kind, holder, taker, above.mayFail), gates);
    }
}
