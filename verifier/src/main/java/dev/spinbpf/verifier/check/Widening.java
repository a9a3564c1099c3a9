package dev.spinbpf.verifier.check;

import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;

/** Makes loops converge: a scalar that changes from round to round and matters to nothing becomes unknown. */
public final class Widening {
    private Widening() {}

    /** Widens the scalars of the present state that differ from those of a previous round. */
    public static void widen(VerifierState old, VerifierState cur) {
        for (int frame = old.curframe(); frame >= 0; frame--) {
            FuncState oldFunc = old.frame(frame);
            FuncState curFunc = cur.frame(frame);
            for (int i = 0; i < FuncState.REGISTERS; i++) {
                curFunc.setReg(i, widened(oldFunc.reg(i), curFunc.reg(i)));
            }
            int slots = Math.min(oldFunc.slots(), curFunc.slots());
            for (int spi = 0; spi < slots; spi++) {
                StackSlot slot = curFunc.slot(spi);
                if (slot.isSpilled() && oldFunc.slot(spi).isSpilled()) {
                    curFunc.setSlot(
                            spi, slot.withSpilled(widened(oldFunc.slot(spi).spilled(), slot.spilled())));
                }
            }
        }
    }

    private static RegState widened(RegState old, RegState cur) {
        boolean bothImprecise = old.isScalar() && cur.isScalar() && !old.precise() && !cur.precise();
        boolean same = old.delta() == cur.delta() && old.value().equals(cur.value());
        return bothImprecise && !same ? RegState.UNKNOWN : cur;
    }
}
