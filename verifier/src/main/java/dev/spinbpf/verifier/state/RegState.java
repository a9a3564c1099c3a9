package dev.spinbpf.verifier.state;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.kernel.TypeFlags;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The verifier's knowledge of a register: Linux's {@code struct bpf_reg_state}. Immutable.
 *
 * @param type what it holds
 * @param flags {@link TypeFlags} of the type
 * @param delta of linked scalars: the constant distance from the others of the same id
 * @param payload what the type wants to know besides; {@link RegPayload#NONE} for most
 * @param value of scalars the value, of pointers the offset from the object pointed to
 * @param id tells which registers hold the same (scalar, possibly null pointer, packet pointer, reference); 0 is none
 * @param parentId id of the object that this one was derived from and dies with, or 0
 * @param frameno of PTR_TO_STACK: the frame whose stack is meant
 * @param precise of scalars: whether the value matters to safety, so that pruning must compare it
 */
public record RegState(
        RegType type,
        int flags,
        int delta,
        RegPayload payload,
        ScalarValue value,
        int id,
        int parentId,
        int frameno,
        boolean precise) {

    /** Bit of {@link #id}: linked with {@link #delta} by a 64-bit addition. */
    public static final int ADD_CONST64 = 1 << 31;

    /** Bit of {@link #id}: linked with {@link #delta} by a 32-bit addition. */
    public static final int ADD_CONST32 = 1 << 30;

    public static final int ADD_CONST = ADD_CONST64 | ADD_CONST32;

    public static final RegState NOT_INIT =
            pointer(RegType.NOT_INIT, 0, RegPayload.NONE).withValue(ScalarValue.unknown());

    /** A scalar of which nothing is known. */
    public static final RegState UNKNOWN = scalar(ScalarValue.unknown());

    public static final RegState ZERO = scalar(ScalarValue.constant(0));

    public static RegState scalar(ScalarValue value) {
        return new RegState(RegType.SCALAR_VALUE, 0, 0, RegPayload.NONE, value, 0, 0, 0, false);
    }

    public static RegState constant(long value) {
        return scalar(ScalarValue.constant(value));
    }

    /** A pointer with offset 0 and no id. */
    public static RegState pointer(RegType type, int flags, RegPayload payload) {
        return new RegState(type, flags, 0, payload, ScalarValue.constant(0), 0, 0, 0, false);
    }

    /** A pointer to a map's value, with offset 0 and no id. */
    public static RegState mapValue(MapInfo map, int flags) {
        return pointer(RegType.PTR_TO_MAP_VALUE, flags, new RegPayload.MapRef(map, 0));
    }

    /** A pointer to an object of a BTF type, with offset 0 and no id. */
    public static RegState btfId(Btf btf, int typeId, int flags) {
        return pointer(RegType.PTR_TO_BTF_ID, flags, new RegPayload.BtfRef(btf, typeId));
    }

    /** A pointer to memory of a known size, with offset 0 and no id. */
    public static RegState mem(long sizeBytes, int flags) {
        return pointer(RegType.PTR_TO_MEM, flags, new RegPayload.MemSize(sizeBytes));
    }

    /** A pointer into a frame's stack. */
    public static RegState stack(int frameno, long offset) {
        return pointer(RegType.PTR_TO_STACK, 0, RegPayload.NONE)
                .withFrameno(frameno)
                .withValue(ScalarValue.constant(offset));
    }

    public boolean is(RegType wanted) {
        return type == wanted;
    }

    /** True if type and flags are exactly these. */
    public boolean is(RegType wanted, int wantedFlags) {
        return type == wanted && flags == wantedFlags;
    }

    public boolean isScalar() {
        return type == RegType.SCALAR_VALUE;
    }

    public boolean isPointer() {
        return type != RegType.SCALAR_VALUE && type != RegType.NOT_INIT;
    }

    public boolean hasFlag(int flag) {
        return (flags & flag) != 0;
    }

    public boolean mayBeNull() {
        return (flags & TypeFlags.PTR_MAYBE_NULL) != 0;
    }

    /** True if the value, or the pointer's offset, is one known number. */
    public boolean isConst() {
        return value.varOff().isConst();
    }

    /** A scalar that is known to be 0. */
    public boolean isNull() {
        return isScalar() && isConst() && value.varOff().value() == 0;
    }

    /** The number if {@link #isConst()}. */
    public long constValue() {
        return value.varOff().value();
    }

    public long smin() {
        return value.smin();
    }

    public long smax() {
        return value.smax();
    }

    public long umin() {
        return value.umin();
    }

    public long umax() {
        return value.umax();
    }

    /** The map of a {@link RegPayload.MapRef}; fails for other payloads. */
    public MapInfo map() {
        return ((RegPayload.MapRef) payload).map();
    }

    /** The type of a {@link RegPayload.BtfRef}; fails for other payloads. */
    public RegPayload.BtfRef btfRef() {
        return (RegPayload.BtfRef) payload;
    }

    /** The size of a {@link RegPayload.MemSize}; fails for other payloads. */
    public long memSize() {
        return ((RegPayload.MemSize) payload).sizeBytes();
    }

    /** The range of a {@link RegPayload.PacketRange}, 0 if it has none. */
    public int range() {
        return payload instanceof RegPayload.PacketRange range ? range.range() : 0;
    }

    /** The id without the bits that say how it is linked. */
    public int baseId() {
        return id & ~ADD_CONST;
    }

    /** A pointer into a packet or its metadata. */
    public boolean isPacketPointer() {
        return type == RegType.PTR_TO_PACKET || type == RegType.PTR_TO_PACKET_META;
    }

    /** A pointer into a slice of a packet that a dynptr gave. */
    public boolean isDynptrSliceOfPacket() {
        return type == RegType.PTR_TO_MEM
                && hasFlag(TypeFlags.DYNPTR_TYPE_SKB | TypeFlags.DYNPTR_TYPE_XDP | TypeFlags.DYNPTR_TYPE_SKB_META);
    }

    /** An object that the program allocated, and that is not in doubt. */
    public boolean isAllocatedObject() {
        return type == RegType.PTR_TO_BTF_ID && hasFlag(TypeFlags.MEM_ALLOC) && !hasFlag(TypeFlags.PTR_UNTRUSTED);
    }

    /** A node of a list or tree that the program does not own any more. */
    public boolean isNonOwningRef() {
        return isAllocatedObject() && hasFlag(TypeFlags.NON_OWN_REF);
    }

    /** The type with its flags as logs and messages show it. */
    public String typeText() {
        return type.display(flags);
    }

    public RegState withType(RegType newType, int newFlags) {
        return new RegState(newType, newFlags, delta, payload, value, id, parentId, frameno, precise);
    }

    public RegState withFlags(int newFlags) {
        return newFlags == flags
                ? this
                : new RegState(type, newFlags, delta, payload, value, id, parentId, frameno, precise);
    }

    public RegState withDelta(int newDelta) {
        return newDelta == delta
                ? this
                : new RegState(type, flags, newDelta, payload, value, id, parentId, frameno, precise);
    }

    public RegState withPayload(RegPayload newPayload) {
        return new RegState(type, flags, delta, newPayload, value, id, parentId, frameno, precise);
    }

    public RegState withValue(ScalarValue newValue) {
        return newValue.equals(value)
                ? this
                : new RegState(type, flags, delta, payload, newValue, id, parentId, frameno, precise);
    }

    public RegState withId(int newId) {
        return newId == id ? this : new RegState(type, flags, delta, payload, value, newId, parentId, frameno, precise);
    }

    public RegState withParentId(int newParentId) {
        return newParentId == parentId
                ? this
                : new RegState(type, flags, delta, payload, value, id, newParentId, frameno, precise);
    }

    public RegState withFrameno(int newFrameno) {
        return newFrameno == frameno
                ? this
                : new RegState(type, flags, delta, payload, value, id, parentId, newFrameno, precise);
    }

    public RegState withPrecise(boolean newPrecise) {
        return newPrecise == precise
                ? this
                : new RegState(type, flags, delta, payload, value, id, parentId, frameno, newPrecise);
    }

    /** The pointer, now known not to be null. */
    public RegState notNull() {
        if (type == RegType.PTR_TO_MAP_VALUE) {
            return mapValueNotNull();
        }
        return withFlags(flags & ~TypeFlags.PTR_MAYBE_NULL);
    }

    /** A value that a lookup gave, as what it stands for in a map of maps or of sockets; it may be null as before. */
    public RegState lookedUp() {
        if (type != RegType.PTR_TO_MAP_VALUE) {
            return this;
        }
        int nullable = flags & TypeFlags.PTR_MAYBE_NULL;
        MapInfo innerMap = map().inner();
        if (innerMap != null) {
            return withType(RegType.CONST_PTR_TO_MAP, nullable).withPayload(new RegPayload.MapRef(innerMap, id));
        }
        return switch (map().type()) {
            case XSKMAP -> withType(RegType.PTR_TO_XDP_SOCK, nullable);
            case SOCKMAP, SOCKHASH -> withType(RegType.PTR_TO_SOCKET, nullable);
            default -> this;
        };
    }

    private RegState mapValueNotNull() {
        MapInfo map = map();
        MapInfo innerMap = map.inner();
        if (innerMap != null) {
            boolean needsUid = innerMap.hasField(kind -> switch (kind) {
                case BPF_TIMER, BPF_WORKQUEUE, BPF_TASK_WORK -> true;
                default -> false;
            });
            int uid = needsUid ? id : ((RegPayload.MapRef) payload).uid();
            return withType(RegType.CONST_PTR_TO_MAP, 0).withPayload(new RegPayload.MapRef(innerMap, uid));
        }
        return switch (map.type()) {
            case XSKMAP -> withType(RegType.PTR_TO_XDP_SOCK, 0);
            case SOCKMAP, SOCKHASH -> withType(RegType.PTR_TO_SOCKET, 0);
            default -> withType(RegType.PTR_TO_MAP_VALUE, 0);
        };
    }

    /** Compares by content; written out because the derived equality of records is slow where so much is compared. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof RegState that
                        && type == that.type
                        && flags == that.flags
                        && delta == that.delta
                        && id == that.id
                        && parentId == that.parentId
                        && frameno == that.frameno
                        && precise == that.precise
                        && payload.equals(that.payload)
                        && value.equals(that.value);
    }

    @Override
    public int hashCode() {
        return Objects.hash(type, flags, delta, payload, value, id, parentId, frameno, precise);
    }
}
