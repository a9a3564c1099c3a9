package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;

/** Interrupt flags saved in a stack slot: restored in the opposite order, by a function of the same family. */
public final class IrqFlags {
    private final MemoryAccess memory;

    public IrqFlags(MemoryAccess memory) {
        this.memory = memory;
    }

    public void save(Exploration path, RegState reg, String name, boolean byLock) {
        if (!isUninitialized(path, reg)) {
            throw path.reject(Errno.EINVAL, Message.UNINITIALIZED_IRQ_FLAG_EXPECTED, name);
        }
        memory.checkAccess(path, path.insnIndex(), reg, name, 0, StackSlot.BYTES, true);
        int spi = slotOf(path, reg);
        if (spi < 0) {
            throw path.reject(-spi);
        }
        int id = path.newId();
        path.state().acquireIrq(id, path.insnIndex());
        RegState flag = RegState.pointer(RegType.PTR_TO_STACK, 0, new RegPayload.IrqFlag(byLock))
                .withId(id);
        path.func(reg).setSlot(spi, StackSlot.of(flag, SlotType.IRQ_FLAG));
        path.log().markSlotScratched(spi);
    }

    public void restore(Exploration path, RegState reg, String name, boolean byLock) {
        FuncState func = path.func(reg);
        int spi = slotOf(path, reg);
        if (spi < 0
                || func.slot(spi).spilled().id() == 0
                || func.slot(spi).types()
                        != func.slot(spi).withAllTypes(SlotType.IRQ_FLAG).types()) {
            throw path.reject(Errno.EINVAL, Message.INITIALIZED_IRQ_FLAG_EXPECTED, name);
        }
        path.log().markSlotScratched(spi);
        RegState flag = func.slot(spi).spilled();
        boolean savedByLock = ((RegPayload.IrqFlag) flag.payload()).byLock();
        if (savedByLock != byLock) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.IRQ_FLAG_FAMILY_MISMATCH,
                    savedByLock ? "lock" : "native",
                    byLock ? "lock" : "native");
        }
        if (!path.state().releaseIrq(flag.id())) {
            int expected = path.state().activeIrqId();
            throw path.reject(Errno.EACCES, Message.IRQ_RESTORE_OUT_OF_ORDER, expected, savedAt(path, expected));
        }
        func.setSlot(spi, StackSlot.EMPTY);
    }

    private static int savedAt(Exploration path, int id) {
        for (AcquiredReference reference : path.state().references()) {
            if (reference.id() == id) {
                return reference.insn();
            }
        }
        return 0;
    }

    private static boolean isUninitialized(Exploration path, RegState reg) {
        int spi = slotOf(path, reg);
        if (spi == StackObjects.BEYOND) {
            return true;
        }
        if (spi < 0) {
            return false;
        }
        StackSlot slot = path.func(reg).slot(spi);
        for (int i = 0; i < StackSlot.BYTES; i++) {
            if (slot.type(i) == SlotType.IRQ_FLAG) {
                return false;
            }
        }
        return true;
    }

    private static int slotOf(Exploration path, RegState reg) {
        return StackObjects.slotOf(path, reg, "irq_flag", 1);
    }
}
