package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.btf.BtfType.Linkage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The object's types: those that the text spells out come first; to them are added those that its declarations imply.
 */
final class BtfDraft {
    private static final int MAX_CELL_BYTES = 8;

    private final List<BtfType> types = new ArrayList<>(List.of(new BtfType.Void()));
    private final Map<BtfType, Integer> implied = new HashMap<>();

    int add(BtfType type) {
        types.add(type);
        return types.size() - 1;
    }

    /** Adds the type unless an equal one was implied before. */
    private int imply(BtfType type) {
        Integer known = implied.get(type);
        if (known != null) {
            return known;
        }
        int id = add(type);
        implied.put(type, id);
        return id;
    }

    int size() {
        return types.size();
    }

    List<BtfType> types() {
        return types;
    }

    Btf build() {
        return types.size() == 1 ? Btf.EMPTY : new Btf(types);
    }

    /**
     * Size in bytes of the type with this name: {@code u8} to {@code s64}, {@code int}, {@code char}, or a field that
     * the kernel manages such as {@code bpf_res_spin_lock}; -1 if there is none.
     */
    static int sizeOf(String name) {
        BtfField.Kind kind = managed(name);
        if (kind != null) {
            return kind.sizeBytes();
        }
        return switch (name) {
            case "char", "u8", "s8" -> Byte.BYTES;
            case "u16", "s16" -> Short.BYTES;
            case "int", "u32", "s32" -> Integer.BYTES;
            case "u64", "s64" -> Long.BYTES;
            default -> -1;
        };
    }

    private static BtfField.@Nullable Kind managed(String name) {
        for (BtfField.Kind kind : BtfField.Kind.values()) {
            if (kind.typeName().startsWith("bpf_") && kind.typeName().equals(name)) {
                return kind;
            }
        }
        return null;
    }

    /** The id of the type with this name, which has a {@link #sizeOf size}; of an array of them if there is a count. */
    int named(String name, int count) {
        BtfField.Kind kind = managed(name);
        int id;
        if (kind != null) {
            id = managed(kind);
        } else if (name.equals("char")) {
            id = imply(new BtfType.Int(name, Byte.BYTES, Byte.SIZE, 0, true, false, false));
        } else {
            id = integer(name, sizeOf(name), name.startsWith("s") || name.equals("int"));
        }
        return count < 0 ? id : array(id, count);
    }

    private int integer(String name, int bytes, boolean signed) {
        return imply(new BtfType.Int(name, bytes, bytes * Byte.SIZE, 0, signed, false, false));
    }

    /** The struct of a field that the kernel manages; its contents have no types. */
    private int managed(BtfField.Kind kind) {
        boolean small = kind.sizeBytes() < Long.BYTES;
        int cell = integer(small ? "u32" : "u64", small ? Integer.BYTES : Long.BYTES, false);
        int cells = kind.sizeBytes() / (small ? Integer.BYTES : Long.BYTES);
        int content = cells == 1 ? cell : array(cell, cells);
        BtfType.Member member = new BtfType.Member(small ? "val" : "__opaque", content, 0, 0);
        return imply(new BtfType.Composite(kind.typeName(), false, kind.sizeBytes(), List.of(member)));
    }

    int array(int elementTypeId, long count) {
        return imply(new BtfType.Array(elementTypeId, integer("u32", Integer.BYTES, false), count));
    }

    /** Returns a type of the given size in bytes without further meaning. */
    int bytes(int size) {
        return Integer.bitCount(size) == 1 && size <= MAX_CELL_BYTES
                ? integer("u" + size * Byte.SIZE, size, false)
                : array(integer("u8", 1, false), size);
    }

    int struct(String name, long sizeBytes, List<BtfType.Member> members) {
        return add(new BtfType.Composite(name, false, sizeBytes, members));
    }

    int variable(String name, int typeId, Linkage linkage) {
        return add(new BtfType.Var(name, typeId, linkage));
    }

    int pointer(int typeId) {
        return imply(new BtfType.Ptr(typeId));
    }

    int forward(String name) {
        return imply(new BtfType.Fwd(name, false));
    }
}
