package dev.spinbpf.vm.jit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * The places at which a method counts instructions.
 *
 * <p>Instructions need not be counted where they are executed. Each block has a number of instructions that were
 * executed when it begins and are not counted yet; it is known beforehand, may be negative, and can be chosen so that nothing is
 * left to count on the edges of a spanning tree of the flow graph. The other edges count the difference: one edge for each loop,
 * and one for each further way through it. The tree is made of the edges deepest in loops, and of those that close a
 * loop last, so that a loop with a single way through it counts in one place, where it also polls. (Knuth and Stevenson:
 * Optimal measurement points for program frequency counts, 1973.)
 */
final class Counting {
    private final FlowGraph graph;
    private final int first;
    private final int[] parents;
    private final int[] offsets;

    private record Edge(int from, int to, int depth, boolean back) {}

    /**
     * @param blocks the blocks of the method
     * @param exact those where all must have been counted: the method's entries
     */
    Counting(FlowGraph graph, BitSet blocks, int[] exact) {
        this.graph = graph;
        first = blocks.nextSetBit(0);
        int outside = blocks.length();
        parents = new int[outside - first + 1];
        offsets = new int[parents.length];
        Arrays.setAll(parents, place -> first + place);
        for (int block : exact) {
            join(outside, block, 0);
        }
        List<Edge> edges = new ArrayList<>();
        blocks.stream().forEach(block -> {
            if (!graph.calls(block)) {
                add(edges, blocks, block, graph.fallsTo(block));
            }
            add(edges, blocks, block, graph.jumpsTo(block));
        });
        edges.sort(Comparator.comparing(Edge::back)
                .thenComparing(Comparator.comparingInt(Edge::depth).reversed()));
        edges.forEach(edge -> join(edge.from, edge.to, graph.cost(edge.from)));
    }

    private void add(List<Edge> edges, BitSet blocks, int from, int to) {
        if (to >= 0 && blocks.get(to)) {
            edges.add(new Edge(from, to, graph.depth(from, to), graph.isBack(from, to)));
        }
    }

    /** Makes the uncounted instructions of the second block those of the first one and so many more, if they can still be chosen. */
    private void join(int one, int other, int more) {
        int oneRoot = root(one);
        int otherRoot = root(other);
        if (oneRoot != otherRoot) {
            boolean downwards = oneRoot > otherRoot;
            int difference = offset(one) + more - offset(other);
            hang(
                    downwards ? otherRoot : oneRoot,
                    downwards ? oneRoot : otherRoot,
                    downwards ? difference : -difference);
        }
    }

    private int parent(int block) {
        return parents[block - first];
    }

    private int offset(int block) {
        return offsets[block - first];
    }

    private void hang(int block, int parent, int offset) {
        parents[block - first] = parent;
        offsets[block - first] = offset;
    }

    /** The block whose number this one's depends on; afterwards that is its parent. */
    private int root(int block) {
        int root = block;
        int offset = 0;
        while (parent(root) != root) {
            offset += offset(root);
            root = parent(root);
        }
        int next = block;
        while (parent(next) != root && next != root) {
            int parent = parent(next);
            int own = offset(next);
            hang(next, root, offset);
            offset -= own;
            next = parent;
        }
        return root;
    }

    /** Returns how many instructions were executed but not counted when a block begins. */
    int uncountedBefore(int block) {
        root(block);
        return offset(block);
    }

    /** Returns the same for the end of a block. */
    int uncountedAfter(int block) {
        return uncountedBefore(block) + graph.cost(block);
    }

    /** Returns how many instructions to count between two blocks of the method. */
    int between(int from, int to) {
        return uncountedAfter(from) - uncountedBefore(to);
    }
}
