package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Names of places in values, as C writes them: {@code table.lock}, {@code many[2]}. */
final class FieldNames {
    private static final int MAX_DEPTH = 8;

    private FieldNames() {}

    /**
     * A member that holds a byte of a value.
     *
     * @param path the way to it from the value, as C writes it: {@code .a[2].b}; empty for the value itself
     * @param typeId its type
     */
    record Found(String path, int typeId) {}

    /** The innermost member at an offset of a type; a struct that the kernel manages is not looked into. */
    static Found at(Btf btf, int typeId, long offset) {
        var path = new StringBuilder();
        int type = btf.resolve(typeId);
        long left = offset;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            switch (btf.type(type)) {
                case BtfType.Array array
                when btf.sizeOf(array.elementTypeId()) > 0 -> {
                    long size = btf.sizeOf(array.elementTypeId());
                    path.append('[').append(left / size).append(']');
                    left %= size;
                    type = btf.resolve(array.elementTypeId());
                }
                case BtfType.Composite struct
                when !isManaged(struct.name()) -> {
                    BtfType.Member member = member(btf, struct, left);
                    if (member == null) {
                        return new Found(path.toString(), type);
                    }
                    if (!member.name().isEmpty()) {
                        path.append('.').append(member.name());
                    }
                    left -= member.bitOffset() / Byte.SIZE;
                    type = btf.resolve(member.typeId());
                }
                default -> {
                    return new Found(path.toString(), type);
                }
            }
        }
        return new Found(path.toString(), type);
    }

    private static boolean isManaged(String name) {
        return Arrays.stream(BtfField.Kind.values())
                .anyMatch(kind -> kind.typeName().equals(name));
    }

    private static BtfType.@Nullable Member member(Btf btf, BtfType.Composite struct, long offset) {
        for (BtfType.Member member : struct.members()) {
            long start = member.bitOffset() / Byte.SIZE;
            if (offset >= start && offset < start + Math.max(1, btf.sizeOf(member.typeId()))) {
                return member;
            }
        }
        return null;
    }

    /** The type as C names it, as far as it has a name. */
    static String typeName(Btf btf, int typeId) {
        return switch (btf.type(typeId)) {
            case BtfType.Composite struct -> (struct.isUnion() ? "union " : "struct ") + struct.name();
            case BtfType.Enum type -> "enum " + type.name();
            case BtfType.Ptr _ -> "a pointer";
            case BtfType.Array _ -> "an array";
            case BtfType type -> type.name();
        };
    }
}
