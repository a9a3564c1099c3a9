package dev.spinbpf.programs.btf;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The path of a CO-RE relocation within a type: the one that a program was compiled with, or its match in the target.
 *
 * <p>The raw path has one number for each level, anonymous structs and unions included. The accessors have only what
 * matters to a match: named fields, and elements of arrays.
 */
final class CoreSpec {
    static final int MAX_LENGTH = 64;

    final Btf types;
    final CoreKind kind;
    final int rootId;
    final List<Accessor> accessors = new ArrayList<>();
    final List<Integer> raw = new ArrayList<>();
    long bitOffset;

    /**
     * A field, an array element, or an enumeration's value.
     *
     * @param typeId the struct, union or enumeration; for an array element the element's type
     * @param index which member, element or value
     * @param name null for an array element
     */
    record Accessor(int typeId, int index, @Nullable String name) {}

    CoreSpec(Btf types, CoreKind kind, int rootId) {
        this.types = types;
        this.kind = kind;
        this.rootId = rootId;
    }

    /** Reads the path that a relocation has been compiled with. */
    static CoreSpec parse(Btf types, BtfExt.CoreRelo relo) throws CoreException {
        CoreKind kind = CoreKind.of(relo.kind());
        if (relo.typeId() < 0 || relo.typeId() >= types.size()) {
            throw new CoreException(
                    "relocation against type [" + Integer.toUnsignedString(relo.typeId()) + "], which does not exist");
        }
        CoreSpec spec = new CoreSpec(types, kind, relo.typeId());
        if (kind.subject() == CoreKind.Subject.TYPE) {
            spec.require(relo.access().equals("0"), relo);
            return spec;
        }
        for (String part : relo.access().split(":", -1)) {
            spec.require(spec.raw.size() < MAX_LENGTH && part.matches("[0-9]{1,9}"), relo);
            spec.raw.add(Integer.parseInt(part));
        }
        int id = types.resolve(relo.typeId());
        int first = spec.raw.getFirst();
        if (kind.subject() == CoreKind.Subject.ENUM_VALUE) {
            spec.require(types.type(id) instanceof BtfType.Enum && spec.raw.size() == 1, relo);
            List<BtfType.EnumValue> values = ((BtfType.Enum) types.type(id)).values();
            spec.require(first < values.size(), relo);
            spec.accessors.add(new Accessor(id, first, values.get(first).name()));
            return spec;
        }
        long size = types.sizeOf(id);
        spec.require(size >= 0, relo);
        spec.accessors.add(new Accessor(id, first, null));
        spec.bitOffset = first * size * Byte.SIZE;
        for (int i = 1; i < spec.raw.size(); i++) {
            id = spec.step(types.resolve(id), spec.raw.get(i), relo);
        }
        return spec;
    }

    private int step(int id, int index, BtfExt.CoreRelo relo) throws CoreException {
        return switch (types.type(id)) {
            case BtfType.Composite composite -> {
                require(index < composite.members().size(), relo);
                BtfType.Member member = composite.members().get(index);
                bitOffset += member.bitOffset();
                if (!member.name().isEmpty()) {
                    accessors.add(new Accessor(id, index, member.name()));
                }
                yield member.typeId();
            }
            case BtfType.Array array -> {
                int element = types.resolve(array.elementTypeId());
                require(index < array.count() || endsInFlexibleArray(array), relo);
                accessors.add(new Accessor(element, index, null));
                long size = types.sizeOf(element);
                require(size >= 0, relo);
                bitOffset += index * size * Byte.SIZE;
                yield element;
            }
            default -> throw malformed(relo);
        };
    }

    /** Returns true if the array that the last accessor leads to has unknown length and ends a struct. */
    boolean endsInFlexibleArray(BtfType.Array array) {
        Accessor last = accessors.getLast();
        return last.name() != null
                && array.count() == 0
                && types.type(last.typeId()) instanceof BtfType.Composite composite
                && last.index() == composite.members().size() - 1;
    }

    private void require(boolean condition, BtfExt.CoreRelo relo) throws CoreException {
        if (!condition) {
            throw malformed(relo);
        }
    }

    private CoreException malformed(BtfExt.CoreRelo relo) {
        BtfType root = types.type(rootId);
        String name = root.name().isEmpty() ? "<anon>" : root.name();
        return new CoreException(
                "parsing [" + rootId + "] " + Btf.kindName(root) + " " + name + " + " + relo.access() + " failed");
    }

    /** The path in libbpf's notation: {@code <byte_off> [7] struct task_struct.pid (0:2 @ offset 8)}. */
    @Override
    public String toString() {
        BtfType root = types.type(rootId);
        StringBuilder text = new StringBuilder("<")
                .append(kind.display())
                .append("> [")
                .append(rootId)
                .append("] ")
                .append(Btf.kindName(root))
                .append(' ')
                .append(root.name().isEmpty() ? "<anon>" : root.name());
        switch (kind.subject()) {
            case TYPE -> {
                // the name says it all
            }
            case ENUM_VALUE -> {
                Accessor accessor = accessors.getFirst();
                BtfType.Enum type = (BtfType.Enum) types.type(accessor.typeId());
                BtfType.EnumValue value = type.values().get(accessor.index());
                text.append("::").append(value.name()).append(" = ");
                text.append(type.signed() ? Long.toString(value.value()) : Long.toUnsignedString(value.value()));
            }
            case FIELD -> appendField(text);
        }
        return text.toString();
    }

    private void appendField(StringBuilder text) {
        for (int i = 0; i < accessors.size(); i++) {
            Accessor accessor = accessors.get(i);
            if (accessor.name() != null) {
                text.append('.').append(accessor.name());
            } else if (i > 0 || accessor.index() > 0) {
                text.append('[').append(accessor.index()).append(']');
            }
        }
        text.append(" (");
        for (int i = 0; i < raw.size(); i++) {
            text.append(i == 0 ? "" : ":").append(raw.get(i));
        }
        text.append(" @ offset ").append(bitOffset / Byte.SIZE);
        if (bitOffset % Byte.SIZE != 0) {
            text.append('.').append(bitOffset % Byte.SIZE);
        }
        text.append(')');
    }
}
