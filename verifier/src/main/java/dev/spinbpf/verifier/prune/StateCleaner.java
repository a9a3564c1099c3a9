package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.HashMap;
import java.util.Map;

/** Takes out of a state what no instruction will read any more, so that more states are equal. */
final class StateCleaner {
    private static final int HALF = StackSlot.BYTES / 2;

    private StateCleaner() {}

    /** Forgets dead registers and dead halves of stack slots in all frames. */
    static void clean(Exploration path, StackLiveness liveness, VerifierState state) {
        StackLiveness.Query query = liveness.query(path.unit(), state);
        for (int i = 0; i <= state.curframe(); i++) {
            FuncState frame = state.frame(i);
            int live = path.unit().aux(state.frameInsn(i)).liveRegsBefore;
            for (int reg = 0; reg < Insn.FRAME_POINTER; reg++) {
                if ((live >>> reg & 1) == 0) {
                    frame.setReg(reg, RegState.NOT_INIT);
                }
            }
            for (int spi = 0; spi < frame.slots(); spi++) {
                boolean low = query.isAlive(path.unit(), i, spi * 2);
                boolean high = query.isAlive(path.unit(), i, spi * 2 + 1);
                if (!low || !high) {
                    frame.setSlot(spi, withoutDeadHalves(frame.slot(spi), low, high));
                }
            }
        }
    }

    /**
     * The slot without its dead halves. Dynptrs, iterators and interrupt flags stay, since to overwrite one matters; so
     * do pointers, since to read half of one is refused.
     *
     * @param low whether the half at the higher addresses, bytes 0 to 3, is alive
     * @param high whether bytes 4 to 7 are
     */
    private static StackSlot withoutDeadHalves(StackSlot slot, boolean low, boolean high) {
        StackSlot result = slot;
        switch (slot.last()) {
            case DYNPTR, ITER, IRQ_FLAG -> {
                return slot;
            }
            case SPILL -> {
                if (low && !high) {
                    if (!slot.spilled().isScalar() || slot.spilled().isNull()) {
                        return slot;
                    }
                    result = spillToMisc(result);
                }
            }
            case INVALID, MISC, ZERO, POISON -> {
                // Bytes only.
            }
        }
        if (!high) {
            result = result.withSpilled(RegState.NOT_INIT);
        }
        int end = high ? HALF : StackSlot.BYTES;
        for (int i = low ? HALF : 0; i < end; i++) {
            result = result.withType(i, SlotType.POISON);
        }
        return result;
    }

    private static StackSlot spillToMisc(StackSlot slot) {
        StackSlot result = slot;
        for (int i = 0; i < HALF; i++) {
            if (result.type(i) == SlotType.SPILL) {
                result = result.withType(i, SlotType.MISC);
            }
        }
        return result;
    }

    /** Takes ids off scalars that share them with no other. */
    static void clearSingularIds(VerifierState state) {
        Map<Integer, Integer> counts = new HashMap<>();
        state.mapRegs(reg -> {
            if (reg.isScalar() && reg.id() != 0) {
                counts.merge(reg.baseId(), 1, Integer::sum);
            }
            return reg;
        });
        state.mapRegs(reg -> {
            boolean single = reg.isScalar() && reg.id() != 0 && counts.getOrDefault(reg.baseId(), 0) == 1;
            return single ? reg.withId(0).withDelta(0) : reg;
        });
    }
}
