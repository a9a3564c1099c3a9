package dev.spinbpf.verifier.check;

import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.VerifierState;

/** Comparisons with null, and what follows from them for all registers that hold the same pointer. */
final class NullChecks {
    private NullChecks() {}

    /** The pointer in the register is null, or is not, and so are all with its id. */
    static void mark(VerifierState state, int regno, boolean isNull) {
        int id = state.func().reg(regno).id();
        if (isNull) {
            References.releaseNoMark(state, id);
        }
        state.mapRegs(reg -> marked(reg, id, isNull));
    }

    private static RegState marked(RegState reg, int id, boolean isNull) {
        boolean same = reg.mayBeNull() && reg.id() == id && (id != 0 || reg.hasFlag(TypeFlags.MEM_RCU));
        boolean moved = !(reg.isConst() && reg.constValue() == 0);
        if (!same || (moved && !reg.isAllocatedObject())) {
            return reg;
        }
        return isNull ? RegState.ZERO : reg.notNull();
    }
}
