package dev.spinbpf.programs.btf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A set of types, addressed by id. Immutable; ids run from 0 ({@link BtfType.Void}) to {@link #size()} - 1. */
public final class Btf {
    /** No types but void. */
    public static final Btf EMPTY = new Btf(List.of(new BtfType.Void()));

    private static final int POINTER_BYTES = 8;
    private static final int MAX_RESOLVE_DEPTH = 32;

    private final List<BtfType> types;
    private final Map<String, List<Integer>> idsByName = new HashMap<>();

    /** @param types all types; the first must be {@link BtfType.Void} */
    public Btf(List<BtfType> types) {
        this.types = List.copyOf(types);
        for (int id = 1; id < this.types.size(); id++) {
            String name = this.types.get(id).name();
            if (!name.isEmpty()) {
                idsByName.computeIfAbsent(name, key -> new ArrayList<>(1)).add(id);
            }
        }
    }

    /** Number of types, void included. */
    public int size() {
        return types.size();
    }

    /** The type with this id; fails with {@link IndexOutOfBoundsException} if there is none. */
    public BtfType type(int id) {
        return types.get(id);
    }

    /** The id of the first type with this name and shape, or 0. */
    public int find(String name, Class<? extends BtfType> shape) {
        for (int id : idsByName.getOrDefault(name, List.of())) {
            if (shape.isInstance(types.get(id))) {
                return id;
            }
        }
        return 0;
    }

    /** All ids of types with this name. */
    public List<Integer> findAll(String name) {
        return idsByName.getOrDefault(name, List.of());
    }

    /** The id that remains after typedefs and qualifiers are taken off; 0 if they form a cycle. */
    public int resolve(int id) {
        int at = id;
        for (int depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
            switch (types.get(at)) {
                case BtfType.Typedef typedef -> at = typedef.typeId();
                case BtfType.Modifier modifier -> at = modifier.typeId();
                default -> {
                    return at;
                }
            }
        }
        return 0;
    }

    /** The type that remains after typedefs and qualifiers are taken off. */
    public BtfType resolved(int id) {
        return types.get(resolve(id));
    }

    /** Size in bytes of a value of the type, or -1 if it has none (function, forward declaration, void, too deep). */
    public long sizeOf(int id) {
        return sizeOf(id, 0);
    }

    private long sizeOf(int id, int depth) {
        if (depth > MAX_RESOLVE_DEPTH) {
            return -1;
        }
        return switch (resolved(id)) {
            case BtfType.Int type -> type.sizeBytes();
            case BtfType.Float type -> type.sizeBytes();
            case BtfType.Enum type -> type.sizeBytes();
            case BtfType.Ptr type -> POINTER_BYTES;
            case BtfType.Composite type -> type.sizeBytes();
            case BtfType.DataSec type -> type.sizeBytes();
            case BtfType.Var type -> sizeOf(type.typeId(), depth + 1);
            case BtfType.Array type -> {
                long element = sizeOf(type.elementTypeId(), depth + 1);
                long bytes = element * type.count();
                yield element < 0 || bytes > Integer.MAX_VALUE ? -1 : bytes;
            }
            default -> -1;
        };
    }
}
