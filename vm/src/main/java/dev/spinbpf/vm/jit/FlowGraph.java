package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The jumps between a function's blocks, and its loops.
 *
 * <p>Blocks are numbered in the order of instructions. An edge leads back where it goes to a block that is on the way
 * to it already, in a search from the function's start: each cycle has such an edge, and compiled code polls there. Which jump of a
 * loop that is does not depend on the layout: compilers place blocks of a loop before its head, too.
 *
 * <p>Small innermost loops are unrolled: their blocks are there {@link #COPIES} times, each copy's edges back lead to the head of
 * the next one, and those of the last copy to the first. So only one round of several polls, and counts.
 */
final class FlowGraph {
    private static final int NONE = -1;

    /** Most instructions of an innermost loop that HotSpot may unroll; a longer one needs all machine registers for itself. */
    private static final int LONGEST_SHORT_LOOP = 60;

    /** Most blocks of a function whose loops are told apart; what lies deeper only says which counts cost most. */
    private static final int MOST_NESTED = 3_000;

    /** Number of copies of an unrolled loop's blocks. */
    static final int COPIES = 4;

    /** Most instructions of a loop that is unrolled. */
    private static final int LONGEST_UNROLLED = 24;

    private final int entry;
    private final int originals;
    private final List<Loop> unrolled = new ArrayList<>();
    private int[] starts;
    private int[] costs;
    private int[] fallsTo;
    private int[] jumpsTo;
    private final BitSet fallsBack = new BitSet();
    private final BitSet jumpsBack = new BitSet();
    private final BitSet calls = new BitSet();
    private final BitSet heads = new BitSet();
    private final BitSet choices = new BitSet();
    private final BitSet indirect = new BitSet();
    private final BitSet longLoops = new BitSet();
    private int[] depths;
    private boolean countsMayGoto;

    /** A loop without another one in it: its head, its blocks, and the first of their further copies. */
    private record Loop(int head, BitSet body, int firstCopy) {
        /** The number of a block's copy; a block that is not in the loop has none. */
        int copy(int block, int copy) {
            boolean isOriginal = copy == 0 || !body.get(block);
            return isOriginal
                    ? block
                    : firstCopy
                            + (copy - 1) * body.cardinality()
                            + body.get(0, block).cardinality();
        }
    }

    /**
     * @param room instructions that unrolling may add
     */
    FlowGraph(Code code, FunctionBlocks function, int room) {
        starts = function.leaders().stream().toArray();
        originals = starts.length;
        int blocks = originals;
        costs = new int[blocks];
        fallsTo = new int[blocks];
        jumpsTo = new int[blocks];
        depths = new int[blocks];
        Arrays.fill(fallsTo, NONE);
        Arrays.fill(jumpsTo, NONE);
        for (int block = 0; block < blocks; block++) {
            if (starts[block] == code.end()) {
                continue;
            }
            int end = function.end(starts[block]);
            costs[block] = end - starts[block];
            Insn last = code.insn(end - 1);
            countsMayGoto |= last.op().kind() == Op.Kind.MAY_GOTO;
            calls.set(block, FunctionBlocks.calls(last.op()));
            if (FunctionBlocks.jumps(last.op())) {
                jumpsTo[block] = number(code.target(end - 1));
            }
            if (FunctionBlocks.goesOn(last.op())) {
                fallsTo[block] = number(end);
            }
        }
        for (int block = 0; block < originals; block++) {
            if (starts[block] != code.end()) {
                addChoices(block, FunctionBlocks.targets(code, function.end(starts[block]) - 1));
            }
        }
        entry = number(function.start());
        findBackEdges();
        if (starts.length <= MOST_NESTED) {
            findDepths(room);
        }
    }

    /** Makes an indirect jump a chain of blocks without instructions, each of which jumps to one target. */
    private void addChoices(int block, int[] targets) {
        int last = block;
        for (int i = 0; i < targets.length; i++) {
            if (i > 0) {
                int choice = starts.length;
                grow(choice + 1);
                starts[choice] = starts[block];
                fallsTo[choice] = NONE;
                fallsTo[last] = choice;
                choices.set(choice);
                last = choice;
            }
            jumpsTo[last] = number(targets[i]);
            indirect.set(last);
        }
    }

    private void grow(int blocks) {
        starts = Arrays.copyOf(starts, blocks);
        costs = Arrays.copyOf(costs, blocks);
        fallsTo = Arrays.copyOf(fallsTo, blocks);
        jumpsTo = Arrays.copyOf(jumpsTo, blocks);
        depths = Arrays.copyOf(depths, blocks);
    }

    /** Returns the blocks of a piece in the order in which to write them. */
    int[] layout(Piece piece) {
        IntStream.Builder layout = IntStream.builder();
        int last = number(piece.last());
        for (int block = number(piece.first()); block <= last; block++) {
            layout.add(block);
            for (int next = fallsTo[block]; next != NONE && choices.get(next); next = fallsTo[next]) {
                layout.add(next);
            }
            for (Loop loop : unrolled) {
                if (loop.body.length() - 1 != block) {
                    continue;
                }
                for (int i = 0; i < (COPIES - 1) * loop.body.cardinality(); i++) {
                    layout.add(loop.firstCopy + i);
                }
            }
        }
        return layout.build().toArray();
    }

    /** Returns true where the function has a {@code may_goto}. */
    boolean countsMayGoto() {
        return countsMayGoto;
    }

    /** Returns how many blocks there are. */
    int blocks() {
        return starts.length;
    }

    /** Returns the block in which the function starts. */
    int entry() {
        return entry;
    }

    /** Returns the number of the block that starts at an index; in an unrolled loop, of the first copy. */
    int number(int start) {
        int number = Arrays.binarySearch(starts, 0, originals, start);
        if (number < 0) {
            throw new IllegalArgumentException("no block starts at " + start);
        }
        return number;
    }

    /** Returns the index of a block's first instruction. */
    int start(int block) {
        return starts[block];
    }

    /** Returns how many instructions a block has. */
    int cost(int block) {
        return costs[block];
    }

    /** Returns the block after this one, if it may go on there, else -1. */
    int fallsTo(int block) {
        return fallsTo[block];
    }

    /** Returns the block to which this one's last instruction jumps, or -1. */
    int jumpsTo(int block) {
        return jumpsTo[block];
    }

    /** Returns true for a block that ends with a call, after which the method knows what is left to run. */
    boolean calls(int block) {
        return calls.get(block);
    }

    /** Returns true for a block that has no instructions, and only chooses where an indirect jump leads. */
    boolean isChoice(int block) {
        return choices.get(block);
    }

    /** Returns true for an edge that closes a loop. */
    boolean isBack(int from, int to) {
        return fallsBack.get(from) && fallsTo[from] == to || jumpsBack.get(from) && jumpsTo[from] == to;
    }

    /** Returns true for a block to which an edge leads back. */
    boolean isHead(int block) {
        return heads.get(block);
    }

    /** Returns true for a head of a loop that compiled code writes as one loop within another. */
    boolean isTwoLoops(int block) {
        return heads.get(block) && !longLoops.get(block);
    }

    /** Returns how many loops an edge is in. */
    int depth(int from, int to) {
        return Math.min(depths[from], depths[to]);
    }

    private void findBackEdges() {
        BitSet seen = new BitSet();
        BitSet onPath = new BitSet();
        Deque<Integer> path = new ArrayDeque<>();
        int[] edgesDone = new int[starts.length];
        path.push(entry);
        seen.set(entry);
        onPath.set(entry);
        while (!path.isEmpty()) {
            int block = path.element();
            int edge = edgesDone[block]++;
            if (edge == 2) {
                onPath.clear(path.pop());
                continue;
            }
            int next = edge == 0 ? fallsTo[block] : jumpsTo[block];
            if (next == NONE) {
                continue;
            }
            if (onPath.get(next)) {
                (edge == 0 ? fallsBack : jumpsBack).set(block);
                heads.set(next);
            } else if (!seen.get(next)) {
                path.push(next);
                seen.set(next);
                onPath.set(next);
            }
        }
    }

    /** Counts, for each block, the heads from which it is on a way back, and unrolls loops. */
    private void findDepths(int room) {
        int[][] before = predecessors();
        List<Loop> candidates = new ArrayList<>();
        heads.stream().forEach(head -> {
            BitSet body = new BitSet();
            body.set(head);
            Deque<Integer> open = new ArrayDeque<>();
            for (int from : before[head]) {
                if (isBack(from, head)) {
                    open.push(from);
                }
            }
            while (!open.isEmpty()) {
                int block = open.pop();
                if (!body.get(block)) {
                    body.set(block);
                    Arrays.stream(before[block]).forEach(open::push);
                }
            }
            body.stream().forEach(block -> depths[block]++);
            boolean innermost = body.stream().allMatch(block -> block == head || !heads.get(block));
            int insns = body.stream().map(block -> costs[block]).sum();
            longLoops.set(head, innermost && insns > LONGEST_SHORT_LOOP);
            if (innermost && insns <= LONGEST_UNROLLED && !body.intersects(calls) && !body.intersects(indirect)) {
                candidates.add(new Loop(head, body, 0));
            }
        });
        int left = room;
        for (Loop loop : candidates) {
            left -= (COPIES - 1) * loop.body.stream().map(block -> costs[block]).sum();
            if (left >= 0) {
                unroll(new Loop(loop.head, loop.body, starts.length));
            }
        }
    }

    private void unroll(Loop loop) {
        int blocks = starts.length + (COPIES - 1) * loop.body.cardinality();
        grow(blocks);
        for (int copy = COPIES - 1; copy >= 0; copy--) {
            for (int block = loop.body.nextSetBit(0); block >= 0; block = loop.body.nextSetBit(block + 1)) {
                int made = loop.copy(block, copy);
                starts[made] = starts[block];
                costs[made] = costs[block];
                depths[made] = depths[block];
                fallsTo[made] = redirect(loop, copy, made, fallsTo[block], fallsBack, fallsBack.get(block));
                jumpsTo[made] = redirect(loop, copy, made, jumpsTo[block], jumpsBack, jumpsBack.get(block));
            }
        }
        unrolled.add(loop);
    }

    /** Returns the end of a copied edge, and notes if it leads back. */
    private static int redirect(Loop loop, int copy, int from, int to, BitSet backEdges, boolean back) {
        boolean closes = back && to == loop.head;
        boolean goesOn = closes && copy < COPIES - 1;
        backEdges.set(from, back && !goesOn);
        if (goesOn) {
            return loop.copy(loop.head, copy + 1);
        }
        return closes || to == NONE ? to : loop.copy(to, copy);
    }

    private int[][] predecessors() {
        int[] counts = new int[starts.length];
        for (int block = 0; block < starts.length; block++) {
            for (int next : new int[] {fallsTo[block], jumpsTo[block]}) {
                if (next != NONE) {
                    counts[next]++;
                }
            }
        }
        int[][] before = new int[starts.length][];
        Arrays.setAll(before, block -> new int[counts[block]]);
        for (int block = 0; block < starts.length; block++) {
            for (int next : new int[] {fallsTo[block], jumpsTo[block]}) {
                if (next != NONE) {
                    before[next][--counts[next]] = block;
                }
            }
        }
        return before;
    }
}
