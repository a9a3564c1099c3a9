package dev.spinbpf.programs.btf;

import java.util.List;

/**
 * A type of the BPF type format, one record for each shape of {@code BTF_KIND_*}. Other types are referred to by id;
 * id 0 is {@link Void}.
 *
 * @see <a href="https://docs.kernel.org/bpf/btf.html">BPF Type Format</a>
 */
public sealed interface BtfType {
    /** The type's name; empty if it has none. */
    String name();

    /** Id 0: no type. */
    record Void() implements BtfType {
        @Override
        public String name() {
            return "void";
        }
    }

    /** @param bits width of the value, {@code offset} bits above the cell's lowest bit */
    record Int(String name, int sizeBytes, int bits, int offset, boolean signed, boolean isChar, boolean isBool)
            implements BtfType {}

    record Float(String name, int sizeBytes) implements BtfType {}

    record Ptr(int typeId) implements BtfType {
        @Override
        public String name() {
            return "";
        }
    }

    record Array(int elementTypeId, int indexTypeId, long count) implements BtfType {
        @Override
        public String name() {
            return "";
        }
    }

    /** A struct, or a union. */
    record Composite(String name, boolean isUnion, long sizeBytes, List<Member> members) implements BtfType {}

    /** @param bitSize width of a bit field, 0 for an ordinary member */
    record Member(String name, int typeId, long bitOffset, int bitSize) {}

    /** BTF_KIND_ENUM and BTF_KIND_ENUM64. */
    record Enum(String name, int sizeBytes, boolean signed, List<EnumValue> values) implements BtfType {}

    record EnumValue(String name, long value) {}

    record Fwd(String name, boolean isUnion) implements BtfType {}

    record Typedef(String name, int typeId) implements BtfType {}

    /** A qualifier or, with a name, BTF_KIND_TYPE_TAG. */
    record Modifier(ModifierKind kind, String name, int typeId) implements BtfType {}

    /** The kinds of {@link Modifier}. */
    enum ModifierKind {
        VOLATILE,
        CONST,
        RESTRICT,
        TYPE_TAG
    }

    record Func(String name, int protoTypeId, Linkage linkage) implements BtfType {}

    record FuncProto(int returnTypeId, List<Param> params) implements BtfType {
        @Override
        public String name() {
            return "";
        }
    }

    /** A last parameter with empty name and type 0 stands for variable arguments. */
    record Param(String name, int typeId) {}

    record Var(String name, int typeId, Linkage linkage) implements BtfType {}

    record DataSec(String name, long sizeBytes, List<SecVar> vars) implements BtfType {}

    record SecVar(int varTypeId, long offset, long sizeBytes) {}

    /** @param componentIndex the member or parameter that is tagged, -1 for the type itself */
    record DeclTag(String name, int typeId, int componentIndex) implements BtfType {}

    /** Linkage of functions and variables. */
    enum Linkage {
        STATIC,
        GLOBAL,
        EXTERN
    }
}
