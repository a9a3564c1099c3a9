package dev.spinbpf.programs.btf;

import java.util.List;
import java.util.Locale;

/**
 * Types as text: a line for each as {@code bpftool btf dump} prints them ({@link #raw()}), or as C ({@link #c()}).
 */
public final class BtfDump {
    private final Btf types;

    public BtfDump(Btf types) {
        this.types = types;
    }

    /** All types by id, each on a line with its members below. */
    public String raw() {
        StringBuilder out = new StringBuilder();
        for (int id = 1; id < types.size(); id++) {
            raw(id, out);
        }
        return out.toString();
    }

    /**
     * Definitions of all named types in C, each after those that it contains; then variables by section, and functions.
     */
    public String c() {
        return new BtfCPrinter(types).print();
    }

    /** Returns a function's declaration in C, as in {@code int bpf_res_spin_lock(struct bpf_res_spin_lock *lock)}. */
    public String prototype(BtfType.Func function) {
        return new BtfCPrinter(types).prototype(function);
    }

    private void raw(int id, StringBuilder out) {
        BtfType type = types.type(id);
        out.append('[').append(id).append("] ").append(Btf.kindName(type).toUpperCase(Locale.ROOT));
        out.append(" '").append(nameOf(type)).append('\'');
        switch (type) {
            case BtfType.Void t -> {
                // nothing to say
            }
            case BtfType.Int t ->
                out.append(" size=%d bits_offset=%d nr_bits=%d encoding=%s"
                        .formatted(t.sizeBytes(), t.offset(), t.bits(), encoding(t)));
            case BtfType.Float t -> out.append(" size=").append(t.sizeBytes());
            case BtfType.Ptr t -> out.append(" type_id=").append(t.typeId());
            case BtfType.Array t ->
                out.append(" type_id=%d index_type_id=%d nr_elems=%d"
                        .formatted(t.elementTypeId(), t.indexTypeId(), t.count()));
            case BtfType.Composite t -> rawMembers(t, out);
            case BtfType.Enum t -> rawValues(t, out);
            case BtfType.Fwd t -> out.append(" fwd_kind=").append(t.isUnion() ? "union" : "struct");
            case BtfType.Typedef t -> out.append(" type_id=").append(t.typeId());
            case BtfType.Modifier t -> out.append(" type_id=").append(t.typeId());
            case BtfType.Func t -> out.append(" type_id=%d linkage=%s".formatted(t.protoTypeId(), name(t.linkage())));
            case BtfType.FuncProto t -> {
                out.append(" ret_type_id=%d vlen=%d"
                        .formatted(t.returnTypeId(), t.params().size()));
                for (BtfType.Param param : t.params()) {
                    out.append("\n\t'%s' type_id=%d".formatted(orAnonymous(param.name()), param.typeId()));
                }
            }
            case BtfType.Var t -> out.append(" type_id=%d, linkage=%s".formatted(t.typeId(), name(t.linkage())));
            case BtfType.DataSec t -> rawVariables(t, out);
            case BtfType.DeclTag t ->
                out.append(" type_id=%d component_idx=%d".formatted(t.typeId(), t.componentIndex()));
        }
        out.append('\n');
    }

    private static String nameOf(BtfType type) {
        return orAnonymous(type.name());
    }

    private static String orAnonymous(String name) {
        return name.isEmpty() ? "(anon)" : name;
    }

    private static String name(BtfType.Linkage linkage) {
        return linkage.name().toLowerCase(Locale.ROOT);
    }

    private static String encoding(BtfType.Int type) {
        if (type.isBool()) {
            return "BOOL";
        }
        if (type.isChar()) {
            return "CHAR";
        }
        return type.signed() ? "SIGNED" : "(none)";
    }

    private static void rawMembers(BtfType.Composite type, StringBuilder out) {
        List<BtfType.Member> members = type.members();
        out.append(" size=%d vlen=%d".formatted(type.sizeBytes(), members.size()));
        for (BtfType.Member member : members) {
            out.append("\n\t'%s' type_id=%d bits_offset=%d"
                    .formatted(orAnonymous(member.name()), member.typeId(), member.bitOffset()));
            if (member.bitSize() > 0) {
                out.append(" bitfield_size=").append(member.bitSize());
            }
        }
    }

    private static void rawValues(BtfType.Enum type, StringBuilder out) {
        boolean wide = type.sizeBytes() == Long.BYTES;
        String encoding = type.signed() ? "SIGNED" : "UNSIGNED";
        out.append(" encoding=%s size=%d vlen=%d"
                .formatted(encoding, type.sizeBytes(), type.values().size()));
        for (BtfType.EnumValue value : type.values()) {
            String number = type.signed() ? Long.toString(value.value()) : Long.toUnsignedString(value.value());
            String suffix = type.signed() ? "LL" : "ULL";
            out.append("\n\t'%s' val=%s%s".formatted(orAnonymous(value.name()), number, wide ? suffix : ""));
        }
    }

    private void rawVariables(BtfType.DataSec type, StringBuilder out) {
        out.append(" size=%d vlen=%d".formatted(type.sizeBytes(), type.vars().size()));
        for (BtfType.SecVar entry : type.vars()) {
            BtfType variable = types.type(entry.varTypeId());
            String kind = Btf.kindName(variable).toUpperCase(Locale.ROOT);
            out.append("\n\ttype_id=%d offset=%d size=%d (%s '%s')"
                    .formatted(entry.varTypeId(), entry.offset(), entry.sizeBytes(), kind, nameOf(variable)));
        }
    }
}
