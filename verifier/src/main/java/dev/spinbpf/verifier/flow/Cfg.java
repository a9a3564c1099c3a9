package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.HelperIds;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A control flow graph, and the one way to walk it.
 *
 * <p>Nodes are numbers from 0; a node has any number of edges, in an order that matters: walks take them first to last
 * (or, where the caller says so, last to first), and what they find first is what messages name. Edges are asked for
 * when a walk first comes to their node, never for a node that no walk reaches.
 *
 * <p>A program has two graphs over its instruction slots. Both have an edge to the following slot, then one to the
 * target of a jump; an indirect jump has edges to the slots of its {@linkplain JumpTables jump tables}. {@linkplain #ofProgram The program's} also leads from a call, or from the load of a function's
 * address, into that function. {@linkplain #ofFunctions The functions'} stays within functions; there a tail call and a
 * legacy packet load also lead to an exit, since they may end the function. A function without an exit has its edge to
 * slot 0, as in Linux: what is alive at the program's start counts as alive there.
 *
 * <p>A walk keeps a path of frames, each a node and the number of its edges already taken. What holds of it, and what
 * visitors rely on: each node reached is entered once and left once, after all nodes that were entered in between; each
 * edge of an entered node is reported once, a tree edge after its target was left and any other at once; an edge is a
 * {@linkplain EdgeKind#BACK back edge} exactly if its target is on the path.
 */
public final class Cfg {
    private static final int[] NONE = {};

    private final Edges edges;
    private final int[] @Nullable [] successors;

    /** Lists the edges of a node. */
    @FunctionalInterface
    public interface Edges {
        /** Returns the targets of the node's edges, in order; the array is not changed. */
        int[] of(int node);
    }

    /** Relation of an edge to the walk that took it. */
    public enum EdgeKind {
        /** The target was entered through this edge. */
        TREE,
        /** The target is on the path to the edge's node, or is that node: the edge closes a loop. */
        BACK,
        /** The target was left before. */
        CROSS
    }

    /** Follows a walk. */
    public interface Visitor {
        /** A node that no edge led to before. */
        default void enter(int node) {}

        /**
         * An edge, when all that it leads to was visited.
         *
         * @param index number of the edge among those of {@code from}
         */
        default void edge(int from, int index, int to, EdgeKind kind) {}

        /** A node all of whose edges were taken. */
        default void leave(int node) {}
    }

    /** Makes a graph of so many nodes. */
    public Cfg(int nodes, Edges edges) {
        this.edges = edges;
        successors = new int[nodes][];
    }

    /** Returns the graph of all instruction slots with edges into called functions; refuses jump tables that do not fit. */
    static Cfg ofProgram(ProgramUnit unit, VerifierLog log) {
        return new Cfg(unit.length(), at -> {
            Insn insn = unit.insn(at);
            if (insn.op().kind() == Op.Kind.GOTO_REG) {
                return JumpTables.targets(unit, log, at);
            }
            boolean refersToFunction = insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC;
            return refersToFunction ? new int[] {at + insn.slots(), calleeStart(insn, at)} : within(unit, insn, at);
        });
    }

    /** Returns the graph of all instruction slots with edges within functions only. */
    static Cfg ofFunctions(ProgramUnit unit) {
        return new Cfg(unit.length(), at -> {
            Insn insn = unit.insn(at);
            return mayLeave(insn)
                    ? new int[] {at + 1, Math.max(unit.subprogAt(at).exitInsn, 0)}
                    : within(unit, insn, at);
        });
    }

    /** The slot where the function starts that the instruction calls or takes the address of. */
    static int calleeStart(Insn insn, int at) {
        return at + 1 + insn.immLow();
    }

    private static int[] within(ProgramUnit unit, Insn insn, int at) {
        int target = at + 1 + insn.jumpOffset();
        return switch (insn.op().kind()) {
            case EXIT -> NONE;
            case JA -> new int[] {target};
            case JCC, MAY_GOTO -> new int[] {at + 1, target};
            case GOTO_REG -> unit.subprogAt(at).jumpTargets;
            default -> new int[] {at + insn.slots()};
        };
    }

    private static boolean mayLeave(Insn insn) {
        return switch (insn.op().kind()) {
            case LD_ABS, LD_IND -> true;
            case CALL_HELPER -> insn.immLow() == HelperIds.BPF_FUNC_TAIL_CALL;
            default -> false;
        };
    }

    /** Number of nodes. */
    public int size() {
        return successors.length;
    }

    /** Returns the targets of the node's edges, in order; the array must not be changed. */
    public int[] successors(int node) {
        int @Nullable [] known = successors[node];
        if (known == null) {
            known = edges.of(node);
            successors[node] = known;
        }
        return known;
    }

    /** Returns a walk that has visited nothing and takes edges first to last. */
    public Walk walk(Visitor visitor) {
        return new Walk(visitor, false);
    }

    /** As {@link #walk}, but takes the edges of a node last to first. */
    Walk walkLastEdgeFirst(Visitor visitor) {
        return new Walk(visitor, true);
    }

    /** A walk, depth first, from one root after the other. */
    public final class Walk {
        private static final byte ON_PATH = 1;
        private static final byte LEFT = 2;

        private final Visitor visitor;
        private final boolean lastFirst;
        private final byte[] marks = new byte[successors.length];
        private int[] path = new int[16];
        private int[] taken = new int[16];
        private int depth;

        private Walk(Visitor visitor, boolean lastFirst) {
            this.visitor = visitor;
            this.lastFirst = lastFirst;
        }

        /** Returns whether the walk came to the node. */
        boolean hasVisited(int node) {
            return marks[node] != 0;
        }

        /** Visits all nodes that can be reached from the root and were not visited before. */
        public void from(int root) {
            if (hasVisited(root)) {
                return;
            }
            enter(root);
            while (depth > 0) {
                int node = path[depth - 1];
                int[] targets = successors(node);
                if (taken[depth - 1] == targets.length) {
                    leave(node);
                } else {
                    take(node, targets, edgeIndex(targets.length, taken[depth - 1]++));
                }
            }
        }

        private int edgeIndex(int count, int number) {
            return lastFirst ? count - 1 - number : number;
        }

        private void take(int node, int[] targets, int index) {
            int to = targets[index];
            if (hasVisited(to)) {
                visitor.edge(node, index, to, marks[to] == ON_PATH ? EdgeKind.BACK : EdgeKind.CROSS);
            } else {
                enter(to);
            }
        }

        private void enter(int node) {
            if (depth == path.length) {
                path = Arrays.copyOf(path, depth * 2);
                taken = Arrays.copyOf(taken, depth * 2);
            }
            path[depth] = node;
            taken[depth++] = 0;
            marks[node] = ON_PATH;
            visitor.enter(node);
        }

        private void leave(int node) {
            visitor.leave(node);
            marks[node] = LEFT;
            depth--;
            if (depth > 0) {
                int from = path[depth - 1];
                int index = edgeIndex(successors(from).length, taken[depth - 1] - 1);
                visitor.edge(from, index, node, EdgeKind.TREE);
            }
        }
    }
}
