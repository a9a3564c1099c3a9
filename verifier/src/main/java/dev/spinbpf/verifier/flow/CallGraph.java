package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.kernel.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * The functions and their references to each other: a graph whose edges are the calls, and the loads of a function's
 * address, in the post-order of the referring function's instructions.
 *
 * <p>A call that closes a loop is recursion, which is refused; an address that does so is not: the function may be
 * called back.
 */
public final class CallGraph implements Cfg.Visitor {
    private final Exploration path;
    private final Cfg graph;
    private final List<List<Reference>> references = new ArrayList<>();
    private final int[] order;
    private int filled;

    private record Reference(int function, boolean isCall) {}

    private CallGraph(Exploration path) {
        this.path = path;
        int count = path.unit().subprogs().size();
        order = new int[count];
        for (int i = 0; i < count; i++) {
            references.add(referencesOf(i));
        }
        graph = new Cfg(count, function -> references.get(function).stream()
                .mapToInt(Reference::function)
                .toArray());
    }

    private List<Reference> referencesOf(int function) {
        var found = new ArrayList<Reference>();
        for (int i = path.unit().postorderStart[function]; i < path.unit().postorderStart[function + 1]; i++) {
            Insn insn = path.unit().insn(path.unit().postorder[i]);
            if (insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC) {
                int referred = path.unit().findSubprog(Cfg.calleeStart(insn, path.unit().postorder[i]));
                found.add(new Reference(referred, insn.op() == Op.CALL_SUBPROG));
            }
        }
        return found;
    }

    /** Fills {@link ProgramUnit#subprogTopoOrder}; refuses recursion. */
    public static void sort(Exploration path) {
        CallGraph calls = new CallGraph(path);
        Cfg.Walk walk = calls.graph.walk(calls);
        for (int i = 0; i < calls.order.length; i++) {
            walk.from(i);
        }
        path.unit().subprogTopoOrder = calls.order;
    }

    @Override
    public void edge(int from, int index, int to, Cfg.EdgeKind kind) {
        if (kind == Cfg.EdgeKind.BACK && references.get(from).get(index).isCall()) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.RECURSIVE_CALL,
                    path.unit().subprog(from).name,
                    path.unit().subprog(to).name);
        }
    }

    @Override
    public void leave(int function) {
        order[filled++] = function;
    }
}
