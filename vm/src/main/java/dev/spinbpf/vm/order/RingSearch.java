package dev.spinbpf.vm.order;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the rings of a graph of locks.
 *
 * <p>There may be more rings than anybody can count, so not all are looked for: for each lock that a context takes on
 * top of its own holder that ring of one; for each pair that a program takes one after the other, and for each lock on
 * whose holder something lands, a shortest ring through it. Where the steps of that ring exclude each other, no longer
 * one is tried. Rings of the same locks are one. Where a lock is taken on top of its own holder, no other ring is made of
 * what lands there on that holder: to mend the first is to mend them. A ring that needs something to land on a holder is
 * left out where fewer of its locks make a ring. A ring of which two steps need the same lock besides cannot come about,
 * and is none; nor is one that consists of the locks inside a single map, whose order is the kernel's own affair.
 */
final class RingSearch {
    private final LockGraph graph;
    private final List<LockHub> hubs;
    private final int most;
    private final List<LockPrediction> found = new ArrayList<>();
    private final Set<Set<LockNode>> known = new HashSet<>();
    private final Map<LockHub, Set<LockNode>> inverted = new HashMap<>();
    /** For each lock the programs that are known to take it on top of its holder. */
    private final Map<LockNode, Set<Integer>> onTop = new HashMap<>();

    /** @param most how many to find at most */
    RingSearch(LockGraph graph, int most) {
        this.graph = graph;
        this.most = most;
        hubs = graph.hubs();
    }

    List<LockPrediction> run() {
        hubs.reversed().forEach(this::findInversions);
        for (LockNode held : graph.nesting()) {
            for (LockNode wanted : graph.nestedIn(held)) {
                findRing(graph.nested(held, wanted));
            }
        }
        Set<LockNode> holders = new LinkedHashSet<>();
        hubs.forEach(hub -> holders.addAll(hub.holders()));
        for (LockNode held : holders) {
            addRing(isEnough() ? null : shortest(held, held));
        }
        return found;
    }

    private boolean isEnough() {
        return found.size() > most;
    }

    private void findInversions(LockHub hub) {
        for (LockNode lock : hub.holders()) {
            LockEdge edge = hub.edge(lock, lock);
            if (edge != null && !isEnough()) {
                if (onTop.computeIfAbsent(lock, _ -> new HashSet<>())
                        .add(edge.step().taker().by().id())) {
                    found.add(new LockPrediction(List.of(edge.step())));
                }
                inverted.computeIfAbsent(hub, _ -> new HashSet<>()).add(lock);
            }
        }
    }

    /** The shortest ring that begins with an edge, if there is one. */
    private void findRing(LockEdge first) {
        if (isEnough()) {
            return;
        }
        LockNode start = first.step().held();
        LockNode next = first.step().wanted();
        List<LockEdge> back = start.equals(next) ? List.of() : shortest(next, start);
        if (back != null) {
            List<LockEdge> ring = new ArrayList<>(List.of(first));
            ring.addAll(back);
            addRing(ring);
        }
    }

    private void addRing(@Nullable List<LockEdge> ring) {
        if (ring == null) {
            return;
        }
        Set<LockNode> locks = new LinkedHashSet<>();
        ring.forEach(edge -> locks.add(edge.step().held()));
        if (canBe(ring) && !isInsideOneMap(locks) && !isPartKnown(ring, locks) && known.add(locks)) {
            found.add(new LockPrediction(ring.stream().map(LockEdge::step).toList()));
        }
    }

    /** Returns whether something lands on a holder in this ring, and some of its locks are known to make a ring by themselves. */
    private boolean isPartKnown(List<LockEdge> ring, Set<LockNode> locks) {
        boolean isOfPrograms = ring.stream().allMatch(edge -> edge.step().kind() == LockStep.Kind.NESTED);
        return !isOfPrograms && known.stream().anyMatch(locks::containsAll);
    }

    private static boolean canBe(List<LockEdge> ring) {
        for (int i = 0; i < ring.size(); i++) {
            for (int j = i + 1; j < ring.size(); j++) {
                if (ring.get(i).excludes(ring.get(j))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isInsideOneMap(Set<LockNode> locks) {
        return locks.stream().noneMatch(LockNode::isOfProgram)
                && locks.stream().map(LockNode::insideOf).distinct().count() == 1;
    }

    /** The edges of a shortest way from one lock to another, or back to itself by way of others; null if there is none. */
    private @Nullable List<LockEdge> shortest(LockNode from, LockNode to) {
        Map<LockNode, LockEdge> cameBy = new HashMap<>();
        Map<LockHub, Set<LockNode>> left = new HashMap<>();
        Deque<LockNode> open = new ArrayDeque<>(List.of(from));
        while (!open.isEmpty()) {
            LockNode held = open.remove();
            LockEdge last = held.equals(to) ? null : edge(held, to);
            if (last != null) {
                List<LockEdge> way = wayBack(cameBy, from, held);
                way.add(last);
                return way;
            }
            for (LockNode wanted : graph.nestedIn(held)) {
                if (!cameBy.containsKey(wanted) && !wanted.equals(from)) {
                    cameBy.put(wanted, graph.nested(held, wanted));
                    open.add(wanted);
                }
            }
            for (LockHub hub : hubs) {
                if (isOpen(hub, held)) {
                    Set<LockNode> rest = left.computeIfAbsent(hub, one -> new LinkedHashSet<>(one.takers()));
                    rest.removeIf(wanted -> wanted.equals(from) || isReached(hub, held, wanted, cameBy, open));
                }
            }
        }
        return null;
    }

    private boolean isOpen(LockHub hub, LockNode held) {
        return hub.holders().contains(held)
                && !inverted.getOrDefault(hub, Set.of()).contains(held);
    }

    /** Returns whether a lock has been reached, by then, if it is taken at a place on top of a holder. */
    private static boolean isReached(
            LockHub hub, LockNode held, LockNode wanted, Map<LockNode, LockEdge> cameBy, Deque<LockNode> open) {
        if (cameBy.containsKey(wanted)) {
            return true;
        }
        LockEdge edge = hub.edge(held, wanted);
        if (edge != null) {
            cameBy.put(wanted, edge);
            open.add(wanted);
        }
        return edge != null;
    }

    private @Nullable LockEdge edge(LockNode held, LockNode wanted) {
        if (graph.nestedIn(held).contains(wanted)) {
            return graph.nested(held, wanted);
        }
        for (LockHub hub : hubs) {
            LockEdge edge = isOpen(hub, held) ? hub.edge(held, wanted) : null;
            if (edge != null) {
                return edge;
            }
        }
        return null;
    }

    private static List<LockEdge> wayBack(Map<LockNode, LockEdge> cameBy, LockNode from, LockNode to) {
        List<LockEdge> edges = new ArrayList<>();
        for (LockEdge edge = cameBy.get(to); edge != null && !to.equals(from); ) {
            edges.add(edge);
            LockNode before = edge.step().held();
            edge = before.equals(from) ? null : cameBy.get(before);
        }
        Collections.reverse(edges);
        return edges;
    }
}
