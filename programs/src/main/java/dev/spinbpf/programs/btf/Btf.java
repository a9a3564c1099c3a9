package dev.spinbpf.programs.btf;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A set of types, addressed by id. Immutable; ids run from 0 ({@link BtfType.Void}) to {@link #size()} - 1. */
public final class Btf {
    /** No types but void. */
    public static final Btf EMPTY = new Btf(List.of(new BtfType.Void()));

    private static final int POINTER_BYTES = 8;
    private static final int MAX_RESOLVE_DEPTH = 32;

    private final TypeSource types;
    private final Map<String, List<Integer>> byBeginning = new ConcurrentHashMap<>();
    private volatile @Nullable String problem;

    /** @param types all types; the first must be {@link BtfType.Void} */
    public Btf(List<BtfType> types) {
        this(new TypeSource.Listed(types));
    }

    Btf(TypeSource types) {
        this.types = types;
    }

    /** Number of types, void included. */
    public int size() {
        return types.size();
    }

    /** The type with this id; fails with {@link IndexOutOfBoundsException} if there is none. */
    public BtfType type(int id) {
        return types.type(id);
    }

    /**
     * Returns the reason why Linux refuses these types, or an empty string. Special fields are checked by {@link
     * ObjectTypeRules}. Computed once.
     */
    public String problem() {
        String known = problem;
        if (known == null) {
            known = TypeValidation.problem(this);
            problem = known;
        }
        return known;
    }

    /** The id of the first type with this name and shape, or 0. */
    public int find(String name, Class<? extends BtfType> shape) {
        for (int id : types.named(name)) {
            if (shape.isInstance(types.type(id))) {
                return id;
            }
        }
        return 0;
    }

    /** All ids of types with this name. */
    public List<Integer> findAll(String name) {
        return types.named(name);
    }

    /** All ids of types whose names begin so, ascending; found out once for each beginning. */
    public List<Integer> beginningWith(String prefix) {
        return byBeginning.computeIfAbsent(prefix, types::beginningWith);
    }

    /** Ids of all types that may have a flavor, as their names contain {@code ___}. */
    List<Integer> flavored() {
        return types.flavored();
    }

    /** All types, by id. */
    public List<BtfType> types() {
        List<BtfType> all = new ArrayList<>(size());
        for (int id = 0; id < size(); id++) {
            all.add(type(id));
        }
        return all;
    }

    /**
     * Length of a name without its flavor: {@code task_struct___old} has the essential name {@code task_struct}. The
     * flavor begins at the last three underscores that have other characters on both sides.
     */
    public static int essentialNameLength(String name) {
        for (int i = name.length() - 5; i >= 0; i--) {
            if (name.charAt(i) != '_' && name.startsWith("___", i + 1) && name.charAt(i + 4) != '_') {
                return i + 1;
            }
        }
        return name.length();
    }

    /** Returns the number in BTF of the kind of a type that variables may have; 0 for others. */
    public static int kindNumber(BtfType type) {
        return switch (type) {
            case BtfType.Int _ -> BtfImage.KIND_INT;
            case BtfType.Ptr _ -> BtfImage.KIND_PTR;
            case BtfType.Array _ -> BtfImage.KIND_ARRAY;
            case BtfType.Composite composite -> composite.isUnion() ? BtfImage.KIND_UNION : BtfImage.KIND_STRUCT;
            case BtfType.Enum e -> e.sizeBytes() > Integer.BYTES ? BtfImage.KIND_ENUM64 : BtfImage.KIND_ENUM;
            case BtfType.Float _ -> BtfImage.KIND_FLOAT;
            default -> 0;
        };
    }

    /** Returns the name that bpftool and libbpf give to the type's kind: {@code int}, {@code func_proto}, ... */
    public static String kindName(BtfType type) {
        return switch (type) {
            case BtfType.Void v -> "void";
            case BtfType.Int v -> "int";
            case BtfType.Float v -> "float";
            case BtfType.Ptr v -> "ptr";
            case BtfType.Array v -> "array";
            case BtfType.Composite v -> v.isUnion() ? "union" : "struct";
            case BtfType.Enum v -> v.sizeBytes() == Long.BYTES ? "enum64" : "enum";
            case BtfType.Fwd v -> "fwd";
            case BtfType.Typedef v -> "typedef";
            case BtfType.Modifier v -> v.kind().name().toLowerCase(Locale.ROOT);
            case BtfType.Func v -> "func";
            case BtfType.FuncProto v -> "func_proto";
            case BtfType.Var v -> "var";
            case BtfType.DataSec v -> "datasec";
            case BtfType.DeclTag v -> "decl_tag";
        };
    }

    /** The id that remains after typedefs and qualifiers are taken off; 0 if they form a cycle. */
    public int resolve(int id) {
        int at = id;
        for (int depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
            BtfType type = types.type(at);
            if (type instanceof BtfType.Typedef typedef) {
                at = typedef.typeId();
            } else if (type instanceof BtfType.Modifier modifier) {
                at = modifier.typeId();
            } else {
                return at;
            }
        }
        return 0;
    }

    /** The type that remains after typedefs and qualifiers are taken off. */
    public BtfType resolved(int id) {
        return types.type(resolve(id));
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
