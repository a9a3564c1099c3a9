package dev.spinbpf.verifier.call;

import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;

/** Keys of map lookups that are known when the program is verified. */
final class ConstantKeys {
    private ConstantKeys() {}

    /** The key that the register points to, or -1 if it is not known. */
    static long find(Exploration path, RegState key, int keySize) {
        if (!key.is(RegType.PTR_TO_STACK, 0) || !key.isConst()) {
            return -1;
        }
        FuncState func = path.func(key);
        int index = (int) -key.constValue() - 1;
        int spi = index / StackSlot.BYTES;
        int off = index % StackSlot.BYTES;
        StackSlot slot = func.slot(spi);
        if (count(slot, off, SlotType.ZERO) >= keySize) {
            return 0;
        }
        if (!slot.isSpilledScalar() || count(slot, off, SlotType.SPILL) != keySize) {
            return -1;
        }
        if (!slot.spilled().isConst()) {
            return -1;
        }
        long value = slot.spilled().constValue();
        path.services().precision().markStackSlots(path, key.frameno(), 1L << spi);
        return value;
    }

    private static int count(StackSlot slot, int from, SlotType type) {
        int count = 0;
        for (int i = from; i >= 0 && slot.type(i) == type; i--) {
            count++;
        }
        return count;
    }
}
