package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.Rule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.DynptrType;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Dynptrs as arguments: made, used and released.
 *
 * <p>What must hold:
 *
 * <ul>
 *   <li>A dynptr that the program made lies in two slots of a stack. One that the program was given is a register that
 *       points to it: it is always there, but cannot be made again nor released.
 *   <li>A dynptr is made on the stack, over whatever lies there ({@link DynptrSlots} says which dynptrs may die of that),
 *       and gets an id. If it must be released, it has a reference; one that is made from another shares that one's.
 *   <li>A use asks for a dynptr that was made, and perhaps for its type: {@link #USABLE}.
 *   <li>With the reference of a dynptr all die that share it, and with a dynptr without one, what was taken from it.
 * </ul>
 */
public final class Dynptrs {
    private static final int SLOTS = 2;

    private static final List<Rule<Operand>> POINTER = List.of(Rule.of(
            arg -> arg.pointer.is(RegType.PTR_TO_STACK, 0) || arg.pointer.is(RegType.CONST_PTR_TO_DYNPTR, 0),
            Errno.EINVAL,
            Message.DYNPTR_ARG_EXPECTED,
            arg -> List.of(arg.name)));

    private static final List<Rule<Operand>> USABLE = List.of(
            Rule.of(arg -> !arg.isGiven() || !arg.isReleased(), Errno.EINVAL, Message.CONST_DYNPTR_RELEASED),
            Rule.of(
                    arg -> arg.dynptr() != null || !arg.isReleased(),
                    Errno.EINVAL,
                    Message.RELEASED_DYNPTR_EXPECTED,
                    arg -> List.of(arg.name)),
            Rule.of(
                    arg -> arg.dynptr() != null,
                    Errno.EINVAL,
                    Message.INITIALIZED_DYNPTR_EXPECTED,
                    arg -> List.of(arg.name)),
            Rule.of(
                    arg -> arg.wanted() == null || arg.wanted() == typeOf(Objects.requireNonNull(arg.dynptr())),
                    Errno.EINVAL,
                    Message.DYNPTR_TYPE_EXPECTED,
                    arg -> List.of(Objects.requireNonNull(arg.wanted()).display(), arg.name)));

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
     * An argument.
     *
     * @param place the slots that it points to; null if it points to none
     * @param flags as in {@link #process}
     */
    private record Operand(RegState pointer, String name, StackObjects.@Nullable Place place, int flags) {
        boolean isGiven() {
            return pointer.is(RegType.CONST_PTR_TO_DYNPTR);
        }

        boolean isReleased() {
            return (flags & TypeFlags.OBJ_RELEASE) != 0;
        }

        /** The type of dynptr that is made or asked for, null for any. */
        @Nullable
        DynptrType wanted() {
            for (DynptrType type : DynptrType.values()) {
                if (type.flag() == (flags & TypeFlags.DYNPTR_TYPE_MASK)) {
                    return type;
                }
            }
            return null;
        }

        /** The dynptr that it points to, null if there is none. */
        @Nullable
        RegState dynptr() {
            if (isGiven()) {
                return pointer;
            }
            boolean begins = place != null
                    && place.isWhole()
                    && payloadOf(place.object()).firstSlot();
            return place != null && begins ? place.object() : null;
        }
    }

    /**
     * An argument of type {@code struct bpf_dynptr *}.
     *
     * @param flags {@link TypeFlags#MEM_UNINIT} if it is made, {@link TypeFlags#OBJ_RELEASE} if it is released, and the
     *     kind expected
     * @param sourceId id of the referenced object passed in the same call, or 0
     * @param uses what is known of the dynptrs of this call; null if nobody asks
     */
    public void process(
            Exploration path, RegState reg, String name, int insnIndex, int flags, int sourceId, @Nullable Uses uses) {
        Rule.enforce(path.log(), POINTER, new Operand(reg, name, null, flags));
        StackObjects.Place place = reg.is(RegType.PTR_TO_STACK) ? StackObjects.DYNPTR.at(path, reg, SLOTS) : null;
        var operand = new Operand(reg, name, place, flags);
        if ((flags & TypeFlags.MEM_UNINIT) != 0) {
            make(path, operand, insnIndex, sourceId, Objects.requireNonNull(uses));
            return;
        }
        Rule.enforce(path.log(), USABLE, operand);
        RegState dynptr = Objects.requireNonNull(operand.dynptr());
        if (place != null) {
            place.touch();
        }
        if (uses != null) {
            uses.type = typeOf(dynptr);
            uses.id = dynptr.id();
            uses.parentId = dynptr.parentId();
        }
    }

    private void make(Exploration path, Operand operand, int insnIndex, int sourceId, Uses uses) {
        StackObjects.Place place = operand.place;
        if (place == null) {
            throw path.reject(Errno.EINVAL, Message.UNINITIALIZED_DYNPTR_EXPECTED);
        }
        place.claim(memory, operand.pointer, operand.name, insnIndex);
        DynptrType type = Objects.requireNonNull(operand.wanted());
        int parentId = uses.type == null ? sourceId : uses.parentId;
        if (uses.type == null && type.isReferenced()) {
            parentId = References.acquire(path, insnIndex, sourceId);
        }
        RegState first = RegState.pointer(RegType.CONST_PTR_TO_DYNPTR, 0, new RegPayload.Dynptr(type, true))
                .withId(path.newId())
                .withParentId(parentId);
        place.put(first, first.withPayload(new RegPayload.Dynptr(type, false)));
    }

    /** Releases the dynptr that the register points to, which was passed to {@link #process} before. */
    public static void release(Exploration path, RegState reg) {
        StackObjects.Place place = Objects.requireNonNull(StackObjects.DYNPTR.at(path, reg, SLOTS));
        RegState dynptr = place.object();
        References.release(path, typeOf(dynptr).isReferenced() ? dynptr.parentId() : dynptr.id());
    }

    static DynptrType typeOf(RegState dynptr) {
        return payloadOf(dynptr).type();
    }

    private static RegPayload.Dynptr payloadOf(RegState dynptr) {
        return (RegPayload.Dynptr) dynptr.payload();
    }
}
