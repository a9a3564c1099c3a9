package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.btf.BtfType.Linkage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Types as {@code bpftool btf dump ... format raw} prints them: a line for each type, and one for each of its members.
 */
final class BtfText {
    /** The text of a type without a name. */
    static final String ANONYMOUS = "(anon)";

    private BtfText() {}

    /** The type's lines: the first at the margin, those of its members indented. */
    static List<String> lines(int id, BtfType type) {
        List<String> lines = new ArrayList<>();
        String start = "[" + id + "] ";
        lines.add(start
                + switch (type) {
                    case BtfType.Void t -> "VOID " + named(t);
                    case BtfType.Int t ->
                        "INT " + named(t) + " size=" + t.sizeBytes() + " bits_offset=" + t.offset() + " nr_bits="
                                + t.bits() + " encoding=" + encoding(t);
                    case BtfType.Float t -> "FLOAT " + named(t) + " size=" + t.sizeBytes();
                    case BtfType.Ptr t -> "PTR " + named(t) + " type_id=" + t.typeId();
                    case BtfType.Array t ->
                        "ARRAY " + named(t) + " type_id=" + t.elementTypeId() + " index_type_id=" + t.indexTypeId()
                                + " nr_elems=" + t.count();
                    case BtfType.Composite t ->
                        (t.isUnion() ? "UNION " : "STRUCT ") + named(t) + " size=" + t.sizeBytes() + " vlen="
                                + t.members().size();
                    case BtfType.Enum t ->
                        (t.sizeBytes() == Long.BYTES ? "ENUM64 " : "ENUM ") + named(t) + " encoding="
                                + (t.signed() ? "SIGNED" : "UNSIGNED") + " size=" + t.sizeBytes() + " vlen="
                                + t.values().size();
                    case BtfType.Fwd t -> "FWD " + named(t) + " fwd_kind=" + (t.isUnion() ? "union" : "struct");
                    case BtfType.Typedef t -> "TYPEDEF " + named(t) + " type_id=" + t.typeId();
                    case BtfType.Modifier t -> t.kind() + " " + named(t) + " type_id=" + t.typeId();
                    case BtfType.Func t ->
                        "FUNC " + named(t) + " type_id=" + t.protoTypeId() + " linkage=" + linkage(t.linkage());
                    case BtfType.FuncProto t ->
                        "FUNC_PROTO " + named(t) + " ret_type_id=" + t.returnTypeId() + " vlen="
                                + t.params().size();
                    case BtfType.Var t ->
                        "VAR " + named(t) + " type_id=" + t.typeId() + ", linkage=" + linkage(t.linkage());
                    case BtfType.DataSec t ->
                        "DATASEC " + named(t) + " size=" + t.sizeBytes() + " vlen="
                                + t.vars().size();
                    case BtfType.DeclTag t ->
                        "DECL_TAG " + named(t) + " type_id=" + t.typeId() + " component_idx=" + t.componentIndex();
                });
        members(type, lines);
        return lines;
    }

    private static void members(BtfType type, List<String> lines) {
        switch (type) {
            case BtfType.Composite t -> {
                for (BtfType.Member member : t.members()) {
                    String bits = member.bitSize() == 0 ? "" : " bitfield_size=" + member.bitSize();
                    lines.add("\t" + quoted(member.name()) + " type_id=" + member.typeId() + " bits_offset="
                            + member.bitOffset() + bits);
                }
            }
            case BtfType.Enum t -> {
                for (BtfType.EnumValue value : t.values()) {
                    String shown = t.signed() ? Long.toString(value.value()) : Long.toUnsignedString(value.value());
                    lines.add("\t" + quoted(value.name()) + " val=" + shown);
                }
            }
            case BtfType.FuncProto t -> {
                for (BtfType.Param param : t.params()) {
                    lines.add("\t" + quoted(param.name()) + " type_id=" + param.typeId());
                }
            }
            case BtfType.DataSec t -> {
                for (BtfType.SecVar variable : t.vars()) {
                    lines.add("\ttype_id=" + variable.varTypeId() + " offset=" + variable.offset() + " size="
                            + variable.sizeBytes());
                }
            }
            default -> {
                // The other kinds have no members.
            }
        }
    }

    private static String encoding(BtfType.Int type) {
        return type.signed() ? "SIGNED" : type.isChar() ? "CHAR" : type.isBool() ? "BOOL" : "(none)";
    }

    private static String linkage(Linkage linkage) {
        return linkage.name().toLowerCase(Locale.ROOT);
    }

    private static String named(BtfType type) {
        return quoted(type instanceof BtfType.Void ? "" : type.name());
    }

    private static String quoted(String name) {
        return Literals.quoted(name.isEmpty() ? ANONYMOUS : name, '\'');
    }
}
