package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.VerifierEnv;
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
            VerifierEnv env, RegState reg, String name, int insnIndex, int flags, int sourceId, @Nullable Uses uses) {
        if (!reg.is(RegType.PTR_TO_STACK, 0) && !reg.is(RegType.CONST_PTR_TO_DYNPTR, 0)) {
            throw env.reject(Errno.EINVAL, "%s expected pointer to stack or const struct bpf_dynptr", name);
        }
        if ((flags & TypeFlags.MEM_UNINIT) != 0) {
            make(env, reg, name, insnIndex, flags, sourceId, Objects.requireNonNull(uses));
            return;
        }
        if (reg.is(RegType.CONST_PTR_TO_DYNPTR) && (flags & TypeFlags.OBJ_RELEASE) != 0) {
            throw env.reject(Errno.EINVAL, "CONST_PTR_TO_DYNPTR cannot be released");
        }
        RegState dynptr = initialized(env, reg);
        if (dynptr == null) {
            throw env.reject(Errno.EINVAL, "Expected an initialized dynptr as %s", name);
        }
        DynptrType type = typeOf(dynptr);
        int wanted = flags & TypeFlags.DYNPTR_TYPE_MASK;
        if (wanted != 0 && type.flag() != wanted) {
            throw env.reject(
                    Errno.EINVAL,
                    "Expected a dynptr of type %s as %s",
                    Objects.requireNonNull(byFlag(wanted)).display(),
                    name);
        }
        if (uses != null) {
            uses.type = type;
            uses.id = dynptr.id();
            uses.parentId = dynptr.parentId();
        }
    }

    private void make(VerifierEnv env, RegState reg, String name, int insnIndex, int flags, int sourceId, Uses uses) {
        if (reg.is(RegType.CONST_PTR_TO_DYNPTR) || slotOf(env, reg) == StackObjects.BAD) {
            throw env.reject(Errno.EINVAL, "Dynptr has to be an uninitialized dynptr");
        }
        for (int off = 0; off < SLOTS * StackSlot.BYTES; off += StackSlot.BYTES) {
            memory.checkAccess(env, insnIndex, reg, name, off, StackSlot.BYTES, true);
        }
        int spi = slotOf(env, reg);
        if (spi < 0) {
            throw env.reject(-spi);
        }
        FuncState func = env.func(reg);
        DynptrSlots.destroyIfDynptr(env, func, spi);
        DynptrSlots.destroyIfDynptr(env, func, spi - 1);
        DynptrType type = byFlag(flags & TypeFlags.DYNPTR_TYPE_MASK);
        if (type == null) {
            throw env.reject(Errno.EINVAL);
        }
        int parentId = uses.type == null ? sourceId : uses.parentId;
        if (uses.type == null && type.isReferenced()) {
            parentId = References.acquire(env, insnIndex, sourceId);
        }
        int id = env.newId();
        RegState first = RegState.pointer(RegType.CONST_PTR_TO_DYNPTR, 0, new RegPayload.Dynptr(type, true))
                .withId(id)
                .withParentId(parentId);
        func.setSlot(spi, StackSlot.of(first, SlotType.DYNPTR));
        func.setSlot(spi - 1, StackSlot.of(first.withPayload(new RegPayload.Dynptr(type, false)), SlotType.DYNPTR));
        env.markSlotScratched(spi);
        env.markSlotScratched(spi - 1);
    }

    /** Gives the dynptr back that the register points to. */
    public static void release(VerifierEnv env, RegState reg) {
        int spi = slotOf(env, reg);
        if (spi < 0) {
            throw env.reject(-spi);
        }
        RegState dynptr = env.func(reg).slot(spi).spilled();
        References.release(env, typeOf(dynptr).isReferenced() ? dynptr.parentId() : dynptr.id());
    }

    private static @Nullable RegState initialized(VerifierEnv env, RegState reg) {
        if (reg.is(RegType.CONST_PTR_TO_DYNPTR)) {
            return reg;
        }
        int spi = slotOf(env, reg);
        if (spi < 0) {
            return null;
        }
        FuncState func = env.func(reg);
        StackSlot slot = func.slot(spi);
        StackSlot next = func.slot(spi - 1);
        if (slot.types() != slot.withAllTypes(SlotType.DYNPTR).types()
                || next.types() != slot.withAllTypes(SlotType.DYNPTR).types()
                || !((RegPayload.Dynptr) slot.spilled().payload()).firstSlot()) {
            return null;
        }
        env.markSlotScratched(spi);
        env.markSlotScratched(spi - 1);
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

    private static int slotOf(VerifierEnv env, RegState reg) {
        return StackObjects.slotOf(env, reg, "dynptr", SLOTS);
    }
}
