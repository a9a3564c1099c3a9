package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import java.util.Arrays;

/** Which function calls which: callees first, and no function calls itself, directly or not. */
public final class CallGraph {
    private enum Mark {
        UNVISITED,
        ON_STACK,
        DONE
    }

    private final VerifierEnv env;
    private final Mark[] marks;
    private final int[] order;
    private int filled;

    private CallGraph(VerifierEnv env) {
        this.env = env;
        int count = env.subprogs().size();
        marks = new Mark[count];
        Arrays.fill(marks, Mark.UNVISITED);
        order = new int[count];
    }

    /** Fills {@link VerifierEnv#subprogTopoOrder}; refuses recursion. */
    public static void sort(VerifierEnv env) {
        var graph = new CallGraph(env);
        for (int i = 0; i < graph.marks.length; i++) {
            if (graph.marks[i] == Mark.UNVISITED) {
                graph.visit(i);
            }
        }
        env.subprogTopoOrder = graph.order;
    }

    private void visit(int number) {
        marks[number] = Mark.ON_STACK;
        for (int i = env.postorderStart[number]; i < env.postorderStart[number + 1]; i++) {
            int at = env.postorder[i];
            Insn insn = env.insn(at);
            if (insn.op() != Op.CALL_SUBPROG && insn.op() != Op.LDDW_FUNC) {
                continue;
            }
            int callee = env.findSubprog(at + (int) insn.imm() + 1);
            if (marks[callee] == Mark.ON_STACK && insn.op() == Op.CALL_SUBPROG) {
                throw env.reject(
                        Errno.EINVAL,
                        "recursive call from %s() to %s()",
                        env.subprog(number).name,
                        env.subprog(callee).name);
            }
            if (marks[callee] == Mark.UNVISITED) {
                visit(callee);
            }
        }
        marks[number] = Mark.DONE;
        order[filled++] = number;
    }
}
