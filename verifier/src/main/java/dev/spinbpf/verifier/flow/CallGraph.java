package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
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
    private final VerifierEnv env;
    private final Cfg graph;
    private final List<List<Reference>> references = new ArrayList<>();
    private final int[] order;
    private int filled;

    private record Reference(int function, boolean isCall) {}

    private CallGraph(VerifierEnv env) {
        this.env = env;
        int count = env.subprogs().size();
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
        for (int i = env.postorderStart[function]; i < env.postorderStart[function + 1]; i++) {
            Insn insn = env.insn(env.postorder[i]);
            if (insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC) {
                int referred = env.findSubprog(Cfg.calleeStart(insn, env.postorder[i]));
                found.add(new Reference(referred, insn.op() == Op.CALL_SUBPROG));
            }
        }
        return found;
    }

    /** Fills {@link VerifierEnv#subprogTopoOrder}; refuses recursion. */
    public static void sort(VerifierEnv env) {
        CallGraph calls = new CallGraph(env);
        Cfg.Walk walk = calls.graph.walk(calls);
        for (int i = 0; i < calls.order.length; i++) {
            walk.from(i);
        }
        env.subprogTopoOrder = calls.order;
    }

    @Override
    public void edge(int from, int index, int to, Cfg.EdgeKind kind) {
        if (kind == Cfg.EdgeKind.BACK && references.get(from).get(index).isCall()) {
            throw env.reject(
                    Errno.EINVAL, "recursive call from %s() to %s()", env.subprog(from).name, env.subprog(to).name);
        }
    }

    @Override
    public void leave(int function) {
        order[filled++] = function;
    }
}
