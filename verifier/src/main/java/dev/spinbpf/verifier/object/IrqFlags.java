package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.Objects;

/**
 * Interrupt flags that programs save in a slot of the stack.
 *
 * <p>What must hold: flags that are saved and not restored are a stack. Only those saved last may be restored, by a
 * function of the family (locks, or {@code bpf_local_irq_*}) that saved them. The slot then holds nothing.
 */
public final class IrqFlags {
    private static final int SLOTS = 1;

    private final MemoryAccess memory;

    public IrqFlags(MemoryAccess memory) {
        this.memory = memory;
    }

    /**
     * Saves flags where the register points to.
     *
     * @param byLock whether a lock function saves them
     */
    public void save(Exploration path, RegState reg, String name, boolean byLock) {
        StackObjects.Place place = StackObjects.IRQ_FLAG.at(path, reg, SLOTS);
        if (place == null || !place.isFree()) {
            throw path.reject(Errno.EINVAL, Message.UNINITIALIZED_IRQ_FLAG_EXPECTED, name);
        }
        place.claim(memory, reg, name, path.insnIndex());
        int id = path.newId();
        path.state().addReference(new AcquiredReference(AcquiredReference.Type.IRQ, id, path.insnIndex(), 0, null));
        RegState flag = RegState.pointer(RegType.PTR_TO_STACK, 0, new RegPayload.IrqFlag(byLock))
                .withId(id);
        place.put(flag, flag);
    }

    /**
     * Restores the flags that the register points to.
     *
     * @param byLock whether a lock function restores them
     */
    public void restore(Exploration path, RegState reg, String name, boolean byLock) {
        StackObjects.Place place = StackObjects.IRQ_FLAG.find(path, reg, SLOTS);
        if (place == null) {
            throw path.reject(Errno.EINVAL, Message.INITIALIZED_IRQ_FLAG_EXPECTED, name);
        }
        RegState flag = place.object();
        boolean savedByLock = ((RegPayload.IrqFlag) flag.payload()).byLock();
        if (savedByLock != byLock) {
            throw path.reject(Errno.EINVAL, Message.IRQ_FLAG_FAMILY_MISMATCH, family(savedByLock), family(byLock));
        }
        AcquiredReference last = Objects.requireNonNull(path.state().lastIrq());
        if (last.id() != flag.id()) {
            throw path.reject(Errno.EACCES, Message.IRQ_RESTORE_OUT_OF_ORDER, last.id(), last.insn());
        }
        path.state().releaseLastIrq();
        place.clear();
        CriticalSections.ended(path);
    }

    private static String family(boolean lock) {
        return lock ? "lock" : "native";
    }
}
