package dev.spinbpf.programs.btf;

import org.jspecify.annotations.Nullable;

/** Computes what a relocation asks for, in the object's types and in the target's. */
final class CoreValues {
    private static final int MAX_BITFIELD_LOAD_BYTES = 8;

    private static final int MAX_DESCRIPTION = 255;

    private CoreValues() {}

    /**
     * A value and what it depends on.
     *
     * @param size of the field in bytes where a load or store of it is to be adjusted, else 0
     * @param type of that field
     * @param certain whether the compiler must have computed the same
     */
    private record Value(long value, long size, @Nullable BtfType type, boolean certain) {
        Value(long value, boolean certain) {
            this(value, 0, null, certain);
        }
    }

    /** @param found the match in the target, or null if there is none */
    static CoreResult of(CoreSpec spec, @Nullable CoreSpec found) throws CoreException {
        Value original = value(spec.kind, spec);
        Value relocated = found == null ? absent(spec.kind) : value(spec.kind, found);
        if (original == null || relocated == null) {
            return new CoreResult(describe(spec), true, true, 0, 0, false, 0, 0);
        }
        boolean resized = original.size() != relocated.size();
        boolean wrongAccess = resized && !mayResize(original.type(), relocated.type());
        return new CoreResult(
                wrongAccess ? describe(spec) : "",
                false,
                original.certain(),
                original.value(),
                relocated.value(),
                wrongAccess,
                original.size(),
                relocated.size());
    }

    private static String describe(CoreSpec spec) {
        String text = spec.toString();
        return text.length() <= MAX_DESCRIPTION ? text : text.substring(0, MAX_DESCRIPTION) + "...";
    }

    /** Pointers and unsigned integers can be read in another size, as the rest is zero. */
    private static boolean mayResize(@Nullable BtfType original, @Nullable BtfType relocated) {
        return original instanceof BtfType.Ptr && relocated instanceof BtfType.Ptr
                || original instanceof BtfType.Int a
                        && relocated instanceof BtfType.Int b
                        && !isPlainSigned(a)
                        && !isPlainSigned(b);
    }

    private static boolean isPlainSigned(BtfType.Int type) {
        return type.signed() && !type.isChar() && !type.isBool();
    }

    /** The value where nothing was found; null if the instruction must not be reached. */
    private static @Nullable Value absent(CoreKind kind) {
        return switch (kind) {
            case FIELD_EXISTS, ENUMVAL_EXISTS, TYPE_EXISTS, TYPE_MATCHES, TYPE_SIZE, TYPE_ID_TARGET, TYPE_ID_LOCAL ->
                new Value(0, true);
            default -> null;
        };
    }

    private static Value value(CoreKind kind, CoreSpec spec) throws CoreException {
        return switch (kind) {
            case FIELD_EXISTS, ENUMVAL_EXISTS, TYPE_EXISTS, TYPE_MATCHES -> new Value(1, true);
            case TYPE_ID_TARGET, TYPE_ID_LOCAL -> new Value(spec.rootId, false);
            case TYPE_SIZE -> new Value(sizeOf(spec, spec.rootId), true);
            case ENUMVAL_VALUE -> {
                CoreSpec.Accessor accessor = spec.accessors.getFirst();
                BtfType.Enum type = (BtfType.Enum) spec.types.type(accessor.typeId());
                long value = type.values().get(accessor.index()).value();
                // libbpf keeps values of 32-bit enumerations as signed numbers
                yield new Value(type.sizeBytes() <= Integer.BYTES ? (int) value : value, true);
            }
            default -> field(kind, spec);
        };
    }

    private static long sizeOf(CoreSpec spec, int typeId) throws CoreException {
        long size = spec.types.sizeOf(typeId);
        if (size < 0) {
            throw new CoreException("type [" + typeId + "] of " + spec + " has no size");
        }
        return size;
    }

    private static Value field(CoreKind kind, CoreSpec spec) throws CoreException {
        CoreSpec.Accessor last = spec.accessors.getLast();
        if (last.name() == null) {
            return switch (kind) {
                case FIELD_BYTE_OFFSET -> offset(spec, spec.bitOffset / Byte.SIZE, last.typeId());
                case FIELD_BYTE_SIZE -> new Value(sizeOf(spec, last.typeId()), true);
                default -> throw new CoreException("relo " + kind.ordinal() + " can't be applied to array access");
            };
        }
        BtfType.Composite composite = (BtfType.Composite) spec.types.type(last.typeId());
        BtfType.Member member = composite.members().get(last.index());
        int typeId = spec.types.resolve(member.typeId());
        if (member.bitSize() > 0) {
            return bitfield(kind, spec, spec.types.type(typeId), member.bitSize());
        }
        long bytes = sizeOf(spec, typeId);
        return switch (kind) {
            case FIELD_BYTE_OFFSET -> offset(spec, spec.bitOffset / Byte.SIZE, typeId);
            case FIELD_BYTE_SIZE -> new Value(bytes, true);
            case FIELD_SIGNED -> new Value(isSigned(spec.types.type(typeId)) ? 1 : 0, true);
            case FIELD_LSHIFT_U64 ->
                new Value(Long.SIZE - (spec.bitOffset % Byte.SIZE + bytes * Byte.SIZE) & 0xffffffffL, true);
            default -> new Value(Long.SIZE - bytes * Byte.SIZE & 0xffffffffL, true);
        };
    }

    /** An offset, and how much a load or store there moves: an element, where the field is an array. */
    private static Value offset(CoreSpec spec, long byteOffset, int typeId) throws CoreException {
        int elementId = spec.types.resolve(typeId);
        for (int depth = 0; spec.types.type(elementId) instanceof BtfType.Array array; depth++) {
            if (depth > CoreSpec.MAX_LENGTH) {
                throw new CoreException("type [" + typeId + "] of " + spec + " is nested too deeply");
            }
            elementId = spec.types.resolve(array.elementTypeId());
        }
        return new Value(byteOffset, sizeOf(spec, elementId), spec.types.type(spec.types.resolve(typeId)), true);
    }

    /** A bit field is read by the smallest aligned load that covers it; compilers may choose differently. */
    private static Value bitfield(CoreKind kind, CoreSpec spec, BtfType type, int bits) throws CoreException {
        long bytes =
                switch (type) {
                    case BtfType.Int integer -> integer.sizeBytes();
                    case BtfType.Enum e -> e.sizeBytes();
                    default -> 0;
                };
        if (bytes <= 0) {
            throw new CoreException("bit field of " + spec + " has type " + Btf.kindName(type));
        }
        long byteOffset = spec.bitOffset / Byte.SIZE / bytes * bytes;
        while (spec.bitOffset + bits - byteOffset * Byte.SIZE > bytes * Byte.SIZE) {
            if (bytes >= MAX_BITFIELD_LOAD_BYTES) {
                throw new CoreException("relo " + kind.ordinal() + " can't be satisfied for bitfield");
            }
            bytes *= 2;
            byteOffset = spec.bitOffset / Byte.SIZE / bytes * bytes;
        }
        return switch (kind) {
            case FIELD_BYTE_OFFSET -> new Value(byteOffset, false);
            case FIELD_BYTE_SIZE -> new Value(bytes, false);
            case FIELD_SIGNED -> new Value(isSigned(type) ? 1 : 0, true);
            case FIELD_LSHIFT_U64 ->
                new Value(Long.SIZE - (spec.bitOffset + bits - byteOffset * Byte.SIZE) & 0xffffffffL, false);
            default -> new Value(Long.SIZE - bits, true);
        };
    }

    private static boolean isSigned(BtfType type) {
        return type instanceof BtfType.Enum e && e.signed() || type instanceof BtfType.Int integer && integer.signed();
    }
}
