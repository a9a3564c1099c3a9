package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.flow.Cfg;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.SubprogInfo;
import java.util.BitSet;
import java.util.Set;

/**
 * Looks for ways within a function that lead to a call of certain functions, itself or in a function that is called there.
 *
 * <p>Asked from one place after the other until a way is found: what an earlier search came to leads to no such call, so that all
 * searches together look at each instruction once.
 */
final class CallSearch implements Cfg.Visitor {
    private final ProgramUnit unit;
    private final Set<String> functions;
    private final Cfg.Walk walk;
    private final BitSet callersOfNone = new BitSet();
    private boolean found;

    CallSearch(ProgramUnit unit, Set<String> functions) {
        this.unit = unit;
        this.functions = functions;
        walk = unit.cfg().walk(this);
    }

    /** Returns whether a way leads from the slot to such a call. */
    boolean isReachedFrom(int slot) {
        walk.from(slot);
        return found;
    }

    @Override
    public void enter(int node) {
        found = found || isSearched(node);
    }

    private boolean isSearched(int at) {
        Insn insn = unit.insn(at);
        if (insn.op() != Op.CALL_SUBPROG) {
            return callsAny(at);
        }
        int subprog = unit.findSubprog(at + insn.immLow() + 1);
        return subprog >= 0 && !callersOfNone.get(subprog) && isCaller(subprog);
    }

    private boolean isCaller(int number) {
        SubprogInfo subprog = unit.subprog(number);
        for (int at = subprog.start; at < subprog.end; at++) {
            if (callsAny(at)) {
                return true;
            }
        }
        callersOfNone.set(number);
        return false;
    }

    private boolean callsAny(int at) {
        Op op = unit.insn(at).op();
        return (op == Op.CALL_HELPER || op == Op.CALL_KFUNC)
                && functions.contains(CallNames.of(unit, at, unit.insn(at)));
    }
}
