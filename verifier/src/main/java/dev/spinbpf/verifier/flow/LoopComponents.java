package dev.spinbpf.verifier.flow;

import java.util.function.IntPredicate;

/**
 * The strongly connected components of a graph: the largest sets of nodes of which each can be reached from each.
 *
 * <p>Follows a walk. A node that is entered gets the next rank and stays <em>open</em> until its component is complete.
 * Its reach is the lowest rank of an open node that a path from it leads to. A node that is left with nothing lower in
 * reach than its own rank was entered first of its component, and the component is what was opened since: nothing
 * entered later can lead further back.
 *
 * <p>A single node counts only as the caller says, or with an edge to itself. Components are numbered from 1 in the
 * order in which they are complete.
 */
final class LoopComponents implements Cfg.Visitor {
    private static final int CLOSED = Integer.MAX_VALUE;

    private final IntPredicate loopsByItself;
    private final boolean[] hasOwnEdge;
    private final int[] rank;
    private final int[] reach;
    private final int[] component;
    private final int[] open;
    private int openCount;
    private int entered;
    private int components;

    private LoopComponents(int nodes, IntPredicate loopsByItself) {
        this.loopsByItself = loopsByItself;
        hasOwnEdge = new boolean[nodes];
        rank = new int[nodes];
        reach = new int[nodes];
        component = new int[nodes];
        open = new int[nodes];
    }

    /**
     * Returns for each node the number of its component, 0 if it is in none.
     *
     * @param loopsByItself nodes that are a component even if they are alone and have no edge to themselves
     */
    static int[] of(Cfg cfg, IntPredicate loopsByItself) {
        LoopComponents found = new LoopComponents(cfg.size(), loopsByItself);
        Cfg.Walk walk = cfg.walk(found);
        for (int node = 0; node < cfg.size(); node++) {
            walk.from(node);
        }
        return found.component;
    }

    @Override
    public void enter(int node) {
        rank[node] = ++entered;
        reach[node] = entered;
        open[openCount++] = node;
    }

    @Override
    public void edge(int from, int index, int to, Cfg.EdgeKind kind) {
        reach[from] = Math.min(reach[from], reach[to]);
        hasOwnEdge[from] |= from == to;
    }

    @Override
    public void leave(int node) {
        if (reach[node] == rank[node]) {
            close(node);
        }
    }

    private void close(int first) {
        boolean isLoop = open[openCount - 1] != first || hasOwnEdge[first] || loopsByItself.test(first);
        int number = isLoop ? ++components : 0;
        int member;
        do {
            member = open[--openCount];
            reach[member] = CLOSED;
            component[member] = number;
        } while (member != first);
    }
}
