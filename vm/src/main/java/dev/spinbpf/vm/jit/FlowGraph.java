package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.vm.exec.Code;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;

/**
 * The jumps between a function's blocks, and its loops.
 *
 * <p>Blocks are numbered in the order of instructions. An edge leads back where it goes to a block that is on the way
 * to it already, in a search from the function's start: each cycle has such an edge, and compiled code polls there. Which jump of a
 * loop that is does not depend on the layout: compilers place blocks of a loop before its head, too.
 */
final class FlowGraph {
    private static final int NONE = -1;

    /** Most instructions of an innermost loop that HotSpot may unroll; a longer one needs all machine registers for itself. */
    private static final int LONGEST_SHORT_LOOP = 60;

    /** Most blocks of a function whose loops are told apart; what lies deeper only says which counts cost most. */
    private static final int MOST_NESTED = 3_000;

    private final int entry;
    private final int[] starts;
    private final int[] costs;
    private final int[] fallsTo;
    private final int[] jumpsTo;
    private final BitSet fallsBack = new BitSet();
    private final BitSet jumpsBack = new BitSet();
    private final BitSet calls = new BitSet();
    private final BitSet heads = new BitSet();
    private final BitSet longLoops = new BitSet();
    private final int[] depths;

    FlowGraph(Code code, FunctionBlocks function) {
        starts = function.leaders().stream().toArray();
        int blocks = starts.length;
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
            calls.set(block, FunctionBlocks.calls(last.op()));
            if (FunctionBlocks.jumps(last.op())) {
                jumpsTo[block] = number(code.target(end - 1));
            }
            if (FunctionBlocks.goesOn(last.op())) {
                fallsTo[block] = number(end);
            }
        }
        entry = number(function.start());
        findBackEdges();
        if (blocks <= MOST_NESTED) {
            findDepths();
        }
    }

    /** Returns how many blocks there are. */
    int blocks() {
        return starts.length;
    }

    /** Returns the block in which the function starts. */
    int entry() {
        return entry;
    }

    /** Returns the number of the block that starts at an index. */
    int number(int start) {
        int number = Arrays.binarySearch(starts, start);
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

    /** Counts, for each block, the heads from which it is on a way back. */
    private void findDepths() {
        int[][] before = predecessors();
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
        });
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
