package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/** Taking and giving back references to objects, and what that does to the registers that hold them. */
public final class References {
    private References() {}

    /**
     * Takes a reference to an object.
     *
     * @param parentId the object that it is derived from, or 0
     * @return its id
     */
    public static int acquire(Exploration path, int insnIndex, int parentId) {
        int id = path.newId();
        path.state().addReference(new AcquiredReference(AcquiredReference.Type.PTR, id, insnIndex, parentId, null));
        return id;
    }

    /** Takes the reference with this id off the list, whatever registers hold it; false if there is none. */
    public static boolean releaseNoMark(VerifierState state, int id) {
        for (int i = 0; i < state.references().size(); i++) {
            AcquiredReference reference = state.references().get(i);
            if (reference.type() == AcquiredReference.Type.PTR && reference.id() == id) {
                state.removeReference(i);
                return true;
            }
        }
        return false;
    }

    /**
     * Gives an object back (or only invalidates it, if it is no reference): all registers, spilled registers and dynptrs that
     * hold it or something derived from it become unusable.
     */
    public static void release(Exploration path, int objectId) {
        VerifierState state = path.state();
        releaseNoMark(state, objectId);
        ArrayDeque<Integer> todo = new ArrayDeque<>();
        Set<Integer> queued = new HashSet<>();
        push(todo, queued, objectId);
        while (!todo.isEmpty()) {
            int id = todo.pop();
            queued.remove(id);
            for (AcquiredReference reference : state.references()) {
                if (reference.type() == AcquiredReference.Type.PTR && reference.parentId() == id) {
                    throw path.reject(Errno.EINVAL, Message.LEAKING_REFERENCE, reference.id(), reference.insn());
                }
            }
            for (FuncState frame : state.frames()) {
                invalidate(frame, id, todo, queued);
            }
        }
    }

    private static void push(ArrayDeque<Integer> todo, Set<Integer> queued, int id) {
        if (id != 0 && queued.add(id)) {
            todo.push(id);
        }
    }

    private static void invalidate(FuncState frame, int id, ArrayDeque<Integer> todo, Set<Integer> queued) {
        for (int i = 0; i < FuncState.REGISTERS; i++) {
            RegState reg = frame.reg(i);
            if (holds(reg, id, todo, queued)) {
                frame.setReg(i, RegState.UNKNOWN);
            }
        }
        for (int spi = 0; spi < frame.slots(); spi++) {
            StackSlot slot = frame.slot(spi);
            if (slot.last() == SlotType.SPILL && holds(slot.spilled(), id, todo, queued)) {
                frame.setSlot(spi, slot.withSpilled(RegState.UNKNOWN));
            } else if (slot.last() == SlotType.DYNPTR && holds(slot.spilled(), id, todo, queued)) {
                frame.setSlot(spi, StackSlot.EMPTY);
                frame.setSlot(spi + 1, StackSlot.EMPTY);
            }
        }
    }

    private static boolean holds(RegState reg, int id, ArrayDeque<Integer> todo, Set<Integer> queued) {
        if (reg.id() != id && reg.parentId() != id) {
            return false;
        }
        if (reg.parentId() == id) {
            push(todo, queued, reg.id());
        }
        return true;
    }

    /** After the lock was released: nodes of lists and trees that the program does not own become unusable. */
    public static void invalidateNonOwning(VerifierState state) {
        state.mapRegs(reg -> reg.isNonOwningRef() ? RegState.UNKNOWN : reg);
    }

    /** After the RCU read section ended: pointers that it protected are not trusted any more. */
    public static void invalidateRcuProtected(VerifierState state) {
        state.mapRegs(References::untrusted);
        for (FuncState frame : state.frames()) {
            for (int spi = 0; spi < frame.slots(); spi++) {
                StackSlot slot = frame.slot(spi);
                if (slot.last() == SlotType.ITER) {
                    frame.setSlot(spi, slot.withSpilled(untrusted(slot.spilled())));
                }
            }
        }
    }

    private static RegState untrusted(RegState reg) {
        if (!reg.hasFlag(TypeFlags.MEM_RCU)) {
            return reg;
        }
        int flags = reg.flags() & ~(TypeFlags.MEM_RCU | TypeFlags.PTR_MAYBE_NULL | TypeFlags.NON_OWN_REF);
        return reg.withFlags(flags | TypeFlags.PTR_UNTRUSTED);
    }
}
