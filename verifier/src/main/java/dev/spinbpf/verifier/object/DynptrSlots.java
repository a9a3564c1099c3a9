package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;

/** Dynptrs on the stack that are overwritten. */
public final class DynptrSlots {
    private DynptrSlots() {}

    /** The slot is about to be overwritten: a dynptr in it dies, unless it has to be released first. */
    public static void destroyIfDynptr(Exploration path, FuncState func, int slotIndex) {
        if (func.slot(slotIndex).type(0) != SlotType.DYNPTR) {
            return;
        }
        int spi = slotIndex;
        if (!dynptr(func.slot(spi)).firstSlot()) {
            spi++;
        }
        StackSlot first = func.slot(spi);
        boolean isShared = path.unit().kernel().has(KernelRule.CLONED_DYNPTRS_ARE_OVERWRITTEN)
                && count(path, first.spilled().parentId()) > 1;
        if (dynptr(first).type().isReferenced() && !isShared) {
            throw path.reject(Errno.EINVAL, Message.REFERENCED_DYNPTR_OVERWRITE);
        }
        References.release(path, first.spilled().id());
        path.log().markSlotScratched(spi);
        path.log().markSlotScratched(spi - 1);
    }

    private static RegPayload.Dynptr dynptr(StackSlot slot) {
        return (RegPayload.Dynptr) slot.spilled().payload();
    }

    /** Returns how many dynptrs hold the reference. */
    private static int count(Exploration path, int parentId) {
        int found = 0;
        for (FuncState func : path.state().frames()) {
            for (int spi = 0; spi < func.slots(); spi++) {
                StackSlot slot = func.slot(spi);
                boolean first = slot.type(0) == SlotType.DYNPTR && dynptr(slot).firstSlot();
                if (first && slot.spilled().parentId() == parentId) {
                    found++;
                }
            }
        }
        return found;
    }
}
