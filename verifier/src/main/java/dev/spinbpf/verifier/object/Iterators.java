package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.prune.Widening;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import org.jspecify.annotations.Nullable;

/** Iterators on the stack: made by one function, advanced by a second, destroyed by a third. */
public final class Iterators {
    private static final String PREFIX = "bpf_iter_";

    private final MemoryAccess memory;

    public Iterators(MemoryAccess memory) {
        this.memory = memory;
    }

    /**
     * The first slot of an iterator.
     *
     * @param id id of the reference that stands for the iterator
     */
    public record Place(int frame, int slot, int id) {
        /** The iterator in a state that has it. */
        public RegState in(VerifierState state) {
            return state.frame(frame).slot(slot).spilled();
        }

        private void set(VerifierState state, RegPayload.Iter payload) {
            FuncState func = state.frame(frame);
            func.setSlot(slot, func.slot(slot).withSpilled(in(state).withPayload(payload)));
        }
    }

    /**
     * Checks the iterator that a function is passed, and makes or destroys it if that is what the function does.
     *
     * @return its place, null if it was made
     */
    public @Nullable Place process(
            Exploration path, RegState reg, String name, int insnIndex, Kfunc kfunc, KernelType type) {
        if (!reg.is(RegType.PTR_TO_STACK, 0)) {
            throw path.reject(Errno.EINVAL, Message.ITER_POINTER_EXPECTED, name);
        }
        String struct = type.pointee().name();
        int slots = path.unit().kernel().structs().sizeOf(struct) / StackSlot.BYTES;
        String shown = struct.substring(PREFIX.length());
        if (kfunc.has(Kfunc.Flag.ITER_NEW)) {
            make(path, reg, name, insnIndex, kfunc, struct);
            return null;
        }
        int spi = StackObjects.slotOf(path, reg, "iter", slots);
        if (spi < 0 || !isInitialized(path.func(reg), spi, slots, structId(path, struct))) {
            if (spi >= 0 && hasUntrusted(path.func(reg), spi, slots)) {
                throw path.reject(Errno.EPROTO, Message.ITER_NEEDS_RCU_SECTION, kfunc.name());
            }
            throw path.reject(Errno.EINVAL, Message.INITIALIZED_ITER_EXPECTED, shown, name);
        }
        for (int i = 0; i < slots; i++) {
            path.log().markSlotScratched(spi - i);
        }
        FuncState func = path.func(reg);
        int id = func.slot(spi).spilled().id();
        if (kfunc.has(Kfunc.Flag.ITER_DESTROY)) {
            References.release(path, id);
            for (int i = 0; i < slots; i++) {
                func.setSlot(spi - i, StackSlot.EMPTY);
            }
        }
        return new Place(reg.frameno(), spi, id);
    }

    private void make(Exploration path, RegState reg, String name, int insnIndex, Kfunc kfunc, String struct) {
        int slots = path.unit().kernel().structs().sizeOf(struct) / StackSlot.BYTES;
        if (!isUninitialized(path, reg, slots)) {
            throw path.reject(
                    Errno.EINVAL, Message.UNINITIALIZED_ITER_EXPECTED, struct.substring(PREFIX.length()), name);
        }
        for (int off = 0; off < slots * StackSlot.BYTES; off += StackSlot.BYTES) {
            memory.checkAccess(path, insnIndex, reg, name, off, StackSlot.BYTES, true);
        }
        int spi = StackObjects.slotOf(path, reg, "iter", slots);
        if (spi < 0) {
            throw path.reject(-spi);
        }
        int flags = 0;
        if (kfunc.has(Kfunc.Flag.RCU_PROTECTED)) {
            flags = CriticalSections.inRcuSection(path.state()) ? TypeFlags.MEM_RCU : TypeFlags.PTR_UNTRUSTED;
        }
        int id = References.acquire(path, insnIndex, 0);
        RegPayload.BtfRef type = structId(path, struct);
        RegPayload payload = new RegPayload.Iter(type.btf(), type.typeId(), false, 0);
        RegState iter = RegState.pointer(RegType.PTR_TO_STACK, flags, payload);
        for (int i = 0; i < slots; i++) {
            path.func(reg).setSlot(spi - i, StackSlot.of(i == 0 ? iter.withId(id) : iter, SlotType.ITER));
            path.log().markSlotScratched(spi - i);
        }
    }

    private static boolean isUninitialized(Exploration path, RegState reg, int slots) {
        int spi = StackObjects.slotOf(path, reg, "iter", slots);
        if (spi == StackObjects.BEYOND) {
            return true;
        }
        if (spi < 0) {
            return false;
        }
        for (int i = 0; i < slots; i++) {
            if (path.func(reg).slot(spi - i).last() == SlotType.ITER) {
                return false;
            }
        }
        return true;
    }

    private static boolean isInitialized(FuncState func, int spi, int slots, RegPayload.BtfRef type) {
        for (int i = 0; i < slots; i++) {
            StackSlot slot = func.slot(spi - i);
            RegState reg = slot.spilled();
            boolean whole = slot.types() == slot.withAllTypes(SlotType.ITER).types();
            if (!whole
                    || reg.hasFlag(TypeFlags.PTR_UNTRUSTED)
                    || (i == 0) != (reg.id() != 0)
                    || !(reg.payload() instanceof RegPayload.Iter iter)
                    || iter.btf() != type.btf()
                    || iter.typeId() != type.typeId()) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasUntrusted(FuncState func, int spi, int slots) {
        for (int i = 0; i < slots; i++) {
            if (func.slot(spi - i).spilled().hasFlag(TypeFlags.PTR_UNTRUSTED)) {
                return true;
            }
        }
        return false;
    }

    private static RegPayload.BtfRef structId(Exploration path, String struct) {
        Btf btf = path.unit().kernel().structs().typesOr(path.unit().kernelTypes());
        return new RegPayload.BtfRef(btf, btf.find(struct, BtfType.Composite.class));
    }

    /** The iterator's next element: none in this state, one in another that is explored later. */
    public static void next(Exploration path, Place place, int insnIndex) {
        VerifierState state = path.state();
        RegPayload.Iter payload = (RegPayload.Iter) place.in(state).payload();
        if (!payload.drained()) {
            VerifierState parent = state.parent();
            VerifierState previous =
                    parent == null ? null : path.services().stateCache().findPreviousEntry(path, parent, insnIndex);
            VerifierState queued = path.pushStack(insnIndex + 1, insnIndex);
            place.set(queued, new RegPayload.Iter(payload.btf(), payload.typeId(), false, payload.depth() + 1));
            if (previous != null) {
                Widening.widen(previous, queued);
            }
            queued.func().setReg(0, queued.func().reg(0).notNull());
        }
        place.set(state, new RegPayload.Iter(payload.btf(), payload.typeId(), true, payload.depth()));
        path.setReg(0, RegState.ZERO);
    }
}
