package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.VerifierEnv;
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

    public void save(VerifierEnv env, RegState reg, String name, boolean byLock) {
        if (!isUninitialized(env, reg)) {
            throw env.reject(Errno.EINVAL, "expected uninitialized irq flag as %s", name);
        }
        memory.checkAccess(env, env.insnIndex(), reg, name, 0, StackSlot.BYTES, true);
        int spi = slotOf(env, reg);
        if (spi < 0) {
            throw env.reject(-spi);
        }
        int id = env.newId();
        env.state().acquireIrq(id, env.insnIndex());
        RegState flag = RegState.pointer(RegType.PTR_TO_STACK, 0, new RegPayload.IrqFlag(byLock))
                .withId(id);
        env.func(reg).setSlot(spi, StackSlot.of(flag, SlotType.IRQ_FLAG));
        env.markSlotScratched(spi);
    }

    public void restore(VerifierEnv env, RegState reg, String name, boolean byLock) {
        FuncState func = env.func(reg);
        int spi = slotOf(env, reg);
        if (spi < 0
                || func.slot(spi).spilled().id() == 0
                || func.slot(spi).types()
                        != func.slot(spi).withAllTypes(SlotType.IRQ_FLAG).types()) {
            throw env.reject(Errno.EINVAL, "expected an initialized irq flag as %s", name);
        }
        env.markSlotScratched(spi);
        RegState flag = func.slot(spi).spilled();
        boolean savedByLock = ((RegPayload.IrqFlag) flag.payload()).byLock();
        if (savedByLock != byLock) {
            throw env.reject(
                    Errno.EINVAL,
                    "irq flag acquired by %s kfuncs cannot be restored with %s kfuncs",
                    savedByLock ? "lock" : "native",
                    byLock ? "lock" : "native");
        }
        if (!env.state().releaseIrq(flag.id())) {
            int expected = env.state().activeIrqId();
            throw env.reject(
                    Errno.EACCES,
                    "cannot restore irq state out of order, expected id=%d acquired at insn_idx=%d",
                    expected,
                    savedAt(env, expected));
        }
        func.setSlot(spi, StackSlot.EMPTY);
    }

    private static int savedAt(VerifierEnv env, int id) {
        for (AcquiredReference reference : env.state().references()) {
            if (reference.id() == id) {
                return reference.insn();
            }
        }
        return 0;
    }

    private static boolean isUninitialized(VerifierEnv env, RegState reg) {
        int spi = slotOf(env, reg);
        if (spi == StackObjects.BEYOND) {
            return true;
        }
        if (spi < 0) {
            return false;
        }
        StackSlot slot = env.func(reg).slot(spi);
        for (int i = 0; i < StackSlot.BYTES; i++) {
            if (slot.type(i) == SlotType.IRQ_FLAG) {
                return false;
            }
        }
        return true;
    }

    private static int slotOf(VerifierEnv env, RegState reg) {
        return StackObjects.slotOf(env, reg, "irq_flag", 1);
    }
}
