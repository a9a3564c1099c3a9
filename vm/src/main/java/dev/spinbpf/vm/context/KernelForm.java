package dev.spinbpf.vm.context;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The members of a kernel's struct that there is something to write for, in their places. Of a union the member counts in which
 * there is most, of an array the first elements.
 *
 * @param sizeBytes the struct's size
 */
record KernelForm(int sizeBytes, List<Step> steps) {
    private static final int DEEPEST = 8;
    private static final int MOST_STEPS = 1500;
    private static final int MOST_ELEMENTS = 16;
    private static final int MOST_TEXT = 64;
    private static final int MOST_ENUMERATORS = 16;
    private static final String LOCATED = "__data_loc_";

    /** The things that stand at a place. */
    enum Kind {
        /** A small number. */
        NUMBER,
        /** One of some values. */
        DRAWN,
        /** An argument of a system call: a number or a pointer to any thing. */
        MIXED,
        /** Characters up to a zero. */
        TEXT,
        /** The place of a text after a record, and its length: {@code __data_loc}. */
        LOCATED_TEXT,
        /** A pointer to an object of a struct. */
        OBJECT,
        /** A pointer to characters. */
        TEXT_POINTER,
        /** A pointer to something else. */
        POINTER,
        /** The head of an empty list: two pointers to itself. */
        LIST
    }

    /**
     * A place.
     *
     * @param member the name of the member
     * @param size in bytes
     * @param typeId the struct that a pointer leads to
     * @param values of {@link Kind#DRAWN}
     */
    record Step(String member, int offset, int size, Kind kind, int typeId, long... values) {}

    /** Returns the form of a struct. */
    static KernelForm of(Btf types, BtfType.Composite struct) {
        List<Step> steps = new ArrayList<>();
        add(types, struct, 0, 0, steps);
        return new KernelForm((int) Math.min(struct.sizeBytes(), Integer.MAX_VALUE), List.copyOf(steps));
    }

    private static void add(Btf types, BtfType.Composite struct, int base, int depth, List<Step> steps) {
        if (struct.name().equals("list_head")) {
            steps.add(new Step("", base, 2 * Long.BYTES, Kind.LIST, 0));
            return;
        }
        if (struct.isUnion()) {
            steps.addAll(fullest(types, struct, base, depth));
            return;
        }
        for (BtfType.Member member : struct.members()) {
            if (steps.size() >= MOST_STEPS || depth > DEEPEST) {
                return;
            }
            int offset = base + (int) (member.bitOffset() / Byte.SIZE);
            if (member.bitSize() > 0) {
                steps.add(new Step(member.name(), offset, 1, Kind.NUMBER, 0));
            } else {
                add(types, member.name(), member.typeId(), offset, depth, steps);
            }
        }
    }

    /** The member of a union in which there is most to write: two addresses rather than one number for both. */
    private static List<Step> fullest(Btf types, BtfType.Composite union, int base, int depth) {
        List<Step> fullest = List.of();
        for (BtfType.Member member : union.members()) {
            List<Step> steps = new ArrayList<>();
            if (depth < DEEPEST && member.bitSize() == 0) {
                add(
                        types,
                        member.name(),
                        member.typeId(),
                        base + (int) (member.bitOffset() / Byte.SIZE),
                        depth + 1,
                        steps);
            }
            fullest = steps.size() > fullest.size() ? steps : fullest;
        }
        return fullest;
    }

    private static void add(Btf types, String name, int typeId, int offset, int depth, List<Step> steps) {
        BtfType type = types.resolved(typeId);
        switch (type) {
            case BtfType.Int number -> steps.add(number(name, offset, number.sizeBytes()));
            case BtfType.Enum choice -> steps.add(enumerator(name, offset, choice));
            case BtfType.Ptr pointer -> steps.add(pointer(types, name, offset, pointer));
            case BtfType.Composite inner -> add(types, inner, offset, depth + 1, steps);
            case BtfType.Array array -> {
                if (isChar(types.resolved(array.elementTypeId()))) {
                    steps.add(new Step(name, offset, (int) Math.min(array.count(), MOST_TEXT), Kind.TEXT, 0));
                    return;
                }
                int each = (int) types.sizeOf(array.elementTypeId());
                for (int i = 0; i < Math.min(array.count(), MOST_ELEMENTS); i++) {
                    add(types, name, array.elementTypeId(), offset + i * each, depth + 1, steps);
                }
            }
            default -> {}
        }
    }

    private static boolean isChar(@Nullable BtfType type) {
        return type instanceof BtfType.Int number
                && number.sizeBytes() == 1
                && (number.isChar() || number.name().equals("char"));
    }

    private static Step number(String name, int offset, int size) {
        MemberValues values = MemberValues.of(name);
        if (name.startsWith(LOCATED) && size == Integer.BYTES) {
            return new Step(name, offset, size, Kind.LOCATED_TEXT, 0);
        }
        if (values == null) {
            return new Step(name, offset, size, Kind.NUMBER, 0);
        }
        return values.isMixed() && size == Long.BYTES
                ? new Step(name, offset, size, Kind.MIXED, 0)
                : new Step(name, offset, size, Kind.DRAWN, 0, values.values());
    }

    private static Step enumerator(String name, int offset, BtfType.Enum choice) {
        long[] values = choice.values().stream()
                .limit(MOST_ENUMERATORS)
                .mapToLong(BtfType.EnumValue::value)
                .toArray();
        Kind kind = values.length == 0 ? Kind.NUMBER : Kind.DRAWN;
        return new Step(name, offset, choice.sizeBytes(), kind, 0, values);
    }

    private static Step pointer(Btf types, String name, int offset, BtfType.Ptr pointer) {
        int target = types.resolve(pointer.typeId());
        Kind kind =
                switch (types.type(target)) {
                    case BtfType.Composite struct -> struct.sizeBytes() > 0 ? Kind.OBJECT : Kind.POINTER;
                    case BtfType.Int number -> number.sizeBytes() == 1 ? Kind.TEXT_POINTER : Kind.POINTER;
                    default -> Kind.POINTER;
                };
        return new Step(name, offset, Long.BYTES, kind, target);
    }
}
