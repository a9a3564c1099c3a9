package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;

/**
 * Makes loops converge: a scalar that changes from round to round and matters to nothing becomes unknown.
 *
 * <p>To forget a number that no path has needed precisely is safe: the next round is explored with any value in its
 * place.
 */
public final class Widening {
    private Widening() {}

    /**
     * Widens the scalars that differ from those of a previous round.
     *
     * @param old the state in which the previous round began
     * @param cur the state that goes into the next round, with the same frames; it is changed
     */
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
