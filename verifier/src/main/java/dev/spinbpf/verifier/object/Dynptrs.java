package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.DynptrType;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Dynptrs as arguments: made, used and given back. */
public final class Dynptrs {
    private static final int SLOTS = 2;

    private final MemoryAccess memory;

    public Dynptrs(MemoryAccess memory) {
        this.memory = memory;
    }

    /** The dynptr that a call uses, and the object that a new one would be derived from. Mutable, one for each call. */
    public static final class Uses {
        /** Kind of the dynptr passed; null before there is one. */
        @Nullable
        public DynptrType type;

        public int id;
        public int parentId;
    }

    /**
     * An argument of type {@code struct bpf_dynptr *}.
     *
     * @param flags {@link TypeFlags#MEM_UNINIT} if it is made, {@link TypeFlags#OBJ_RELEASE} if it is given back, and the
     *     kind expected
     * @param sourceId id of the referenced object passed in the same call, or 0
     * @param uses what is known of the dynptrs of this call; null if nobody asks
     */
    public void process(
            Exploration path, RegState reg, String name, int insnIndex, int flags, int sourceId, @Nullable Uses uses) {
        if (!reg.is(RegType.PTR_TO_STACK, 0) && !reg.is(RegType.CONST_PTR_TO_DYNPTR, 0)) {
            throw path.reject(Errno.EINVAL, Message.DYNPTR_ARG_EXPECTED, name);
        }
        if ((flags & TypeFlags.MEM_UNINIT) != 0) {
            make(path, reg, name, insnIndex, flags, sourceId, Objects.requireNonNull(uses));
            return;
        }
        if (reg.is(RegType.CONST_PTR_TO_DYNPTR) && (flags & TypeFlags.OBJ_RELEASE) != 0) {
            throw path.reject(Errno.EINVAL, Message.CONST_DYNPTR_RELEASED);
        }
        RegState dynptr = initialized(path, reg);
        if (dynptr == null) {
            throw path.reject(Errno.EINVAL, Message.INITIALIZED_DYNPTR_EXPECTED, name);
        }
        DynptrType type = typeOf(dynptr);
        int wanted = flags & TypeFlags.DYNPTR_TYPE_MASK;
        if (wanted != 0 && type.flag() != wanted) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.DYNPTR_TYPE_EXPECTED,
                    Objects.requireNonNull(byFlag(wanted)).display(),
                    name);
        }
        if (uses != null) {
            uses.type = type;
            uses.id = dynptr.id();
            uses.parentId = dynptr.parentId();
        }
    }

    private void make(Exploration path, RegState reg, String name, int insnIndex, int flags, int sourceId, Uses uses) {
        if (reg.is(RegType.CONST_PTR_TO_DYNPTR) || slotOf(path, reg) == StackObjects.BAD) {
            throw path.reject(Errno.EINVAL, Message.UNINITIALIZED_DYNPTR_EXPECTED);
        }
        for (int off = 0; off < SLOTS * StackSlot.BYTES; off += StackSlot.BYTES) {
            memory.checkAccess(path, insnIndex, reg, name, off, StackSlot.BYTES, true);
        }
        int spi = slotOf(path, reg);
        if (spi < 0) {
            throw path.reject(-spi);
        }
        FuncState func = path.func(reg);
        DynptrSlots.destroyIfDynptr(path, func, spi);
        DynptrSlots.destroyIfDynptr(path, func, spi - 1);
        DynptrType type = byFlag(flags & TypeFlags.DYNPTR_TYPE_MASK);
        if (type == null) {
            throw path.reject(Errno.EINVAL);
        }
        int parentId = uses.type == null ? sourceId : uses.parentId;
        if (uses.type == null && type.isReferenced()) {
            parentId = References.acquire(path, insnIndex, sourceId);
        }
        int id = path.newId();
        RegState first = RegState.pointer(RegType.CONST_PTR_TO_DYNPTR, 0, new RegPayload.Dynptr(type, true))
                .withId(id)
                .withParentId(parentId);
        func.setSlot(spi, StackSlot.of(first, SlotType.DYNPTR));
        func.setSlot(spi - 1, StackSlot.of(first.withPayload(new RegPayload.Dynptr(type, false)), SlotType.DYNPTR));
        path.log().markSlotScratched(spi);
        path.log().markSlotScratched(spi - 1);
    }

    /** Gives the dynptr back that the register points to. */
    public static void release(Exploration path, RegState reg) {
        int spi = slotOf(path, reg);
        if (spi < 0) {
            throw path.reject(-spi);
        }
        RegState dynptr = path.func(reg).slot(spi).spilled();
        References.release(path, typeOf(dynptr).isReferenced() ? dynptr.parentId() : dynptr.id());
    }

    private static @Nullable RegState initialized(Exploration path, RegState reg) {
        if (reg.is(RegType.CONST_PTR_TO_DYNPTR)) {
            return reg;
        }
        int spi = slotOf(path, reg);
        if (spi < 0) {
            return null;
        }
        FuncState func = path.func(reg);
        StackSlot slot = func.slot(spi);
        StackSlot next = func.slot(spi - 1);
        if (slot.types() != slot.withAllTypes(SlotType.DYNPTR).types()
                || next.types() != slot.withAllTypes(SlotType.DYNPTR).types()
                || !((RegPayload.Dynptr) slot.spilled().payload()).firstSlot()) {
            return null;
        }
        path.log().markSlotScratched(spi);
        path.log().markSlotScratched(spi - 1);
        return slot.spilled();
    }

    static DynptrType typeOf(RegState dynptr) {
        return ((RegPayload.Dynptr) dynptr.payload()).type();
    }

    static @Nullable DynptrType byFlag(int flag) {
        for (DynptrType type : DynptrType.values()) {
            if (type.flag() == flag) {
                return type;
            }
        }
        return null;
    }

    private static int slotOf(Exploration path, RegState reg) {
        return StackObjects.slotOf(path, reg, "dynptr", SLOTS);
    }
}
