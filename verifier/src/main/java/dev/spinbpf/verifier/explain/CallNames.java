package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.verifier.flow.ProgramUnit;

/** The names of functions that programs call. */
final class CallNames {
    private CallNames() {}

    /** The name of the function that the instruction calls; {@code a function} if it has none. */
    static String of(ProgramUnit unit, int at, Insn insn) {
        return switch (insn.op()) {
            case CALL_HELPER -> {
                String name = HelperIds.name(insn.immLow());
                yield name == null ? "helper " + insn.immLow() : name;
            }
            case CALL_KFUNC -> {
                int index = insn.immLow();
                boolean known = index >= 0 && index < unit.object().kfuncs().size();
                yield known ? unit.object().kfuncs().get(index).essentialName() : "a kernel function";
            }
            case CALL_SUBPROG -> {
                int subprog = unit.findSubprog(at + insn.immLow() + 1);
                yield subprog < 0 ? "a function" : unit.subprog(subprog).name;
            }
            default -> "a function";
        };
    }
}
