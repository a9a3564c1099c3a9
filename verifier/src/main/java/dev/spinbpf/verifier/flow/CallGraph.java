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
    private final ProgramUnit unit;
    private final VerifierLog log;
    private final Cfg graph;
    private final List<List<Reference>> references = new ArrayList<>();
    private final int[] order;
    private int filled;

    private record Reference(int function, boolean isCall) {}

    private CallGraph(ProgramUnit unit, VerifierLog log) {
        this.unit = unit;
        this.log = log;
        int count = unit.subprogs().size();
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
        for (int i = unit.postorderStart[function]; i < unit.postorderStart[function + 1]; i++) {
            Insn insn = unit.insn(unit.postorder[i]);
            if (insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC) {
                int referred = unit.findSubprog(Cfg.calleeStart(insn, unit.postorder[i]));
                found.add(new Reference(referred, insn.op() == Op.CALL_SUBPROG));
            }
        }
        return found;
    }

    /** Fills {@link ProgramUnit#subprogTopoOrder}; refuses recursion. */
    public static void sort(ProgramUnit unit, VerifierLog log) {
        CallGraph calls = new CallGraph(unit, log);
        Cfg.Walk walk = calls.graph.walk(calls);
        for (int i = 0; i < calls.order.length; i++) {
            walk.from(i);
        }
        unit.subprogTopoOrder = calls.order;
    }

    @Override
    public void edge(int from, int index, int to, Cfg.EdgeKind kind) {
        if (kind == Cfg.EdgeKind.BACK && references.get(from).get(index).isCall()) {
            throw log.reject(Errno.EINVAL, Message.RECURSIVE_CALL, unit.subprog(from).name, unit.subprog(to).name);
        }
    }

    @Override
    public void leave(int function) {
        order[filled++] = function;
    }
}
