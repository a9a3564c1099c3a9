package dev.spinbpf.programs.btf;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Prints types as C. A type is printed when something contains it, at the latest when its id comes up; what is only
 * pointed to is declared ahead. Text beyond a limit is left out, as types that contain each other could go on for ever.
 */
final class BtfCPrinter {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_CHARS = 64 << 20;

    private final Btf types;
    private final StringBuilder out = new StringBuilder();
    private final Map<Integer, String> renamed = new HashMap<>();
    private final BitSet printed = new BitSet();
    private final BitSet declared = new BitSet();

    BtfCPrinter(Btf types) {
        this.types = types;
        Map<String, Integer> tags = new HashMap<>();
        Map<String, Integer> typedefs = new HashMap<>();
        for (int id = 1; id < types.size(); id++) {
            switch (types.type(id)) {
                case BtfType.Composite type -> rename(id, type.name(), tags);
                case BtfType.Enum type -> rename(id, type.name(), tags);
                case BtfType.Typedef type -> rename(id, type.name(), typedefs);
                default -> {
                    // cannot clash
                }
            }
        }
    }

    /** A second type of a name gets a flavor, so that the text is valid C. */
    private void rename(int id, String name, Map<String, Integer> used) {
        int count = name.isEmpty() ? 1 : used.merge(name, 1, Integer::sum);
        if (count > 1) {
            renamed.put(id, name + "___" + count);
        }
    }

    private String name(int id) {
        String other = renamed.get(id);
        return other == null ? types.type(id).name() : other;
    }

    /** Returns a function's declaration in C, without linkage and semicolon. */
    String prototype(BtfType.Func function) {
        return declaration(function.protoTypeId(), function.name(), 0);
    }

    String print() {
        for (int id = 1; id < types.size() && !isFull(); id++) {
            define(id, 0);
        }
        for (int id = 1; id < types.size() && !isFull(); id++) {
            switch (types.type(id)) {
                case BtfType.DataSec section -> printSection(section);
                case BtfType.Func function ->
                    out.append(linkage(function.linkage()))
                            .append(declaration(function.protoTypeId(), function.name(), 0))
                            .append(";\n\n");
                default -> {
                    // printed above, or has no name
                }
            }
        }
        return out.toString();
    }

    private static String linkage(BtfType.Linkage linkage) {
        return switch (linkage) {
            case STATIC -> "static ";
            case GLOBAL -> "";
            case EXTERN -> "extern ";
        };
    }

    private boolean isFull() {
        return out.length() > MAX_CHARS;
    }

    private void printSection(BtfType.DataSec section) {
        out.append("/* section ")
                .append(section.name())
                .append(", ")
                .append(section.sizeBytes())
                .append(" bytes */\n");
        for (BtfType.SecVar entry : section.vars()) {
            if (types.type(entry.varTypeId()) instanceof BtfType.Var variable) {
                out.append(linkage(variable.linkage()))
                        .append(declaration(variable.typeId(), variable.name(), 0))
                        .append("; /* offset ")
                        .append(entry.offset())
                        .append(", size ")
                        .append(entry.sizeBytes())
                        .append(" */\n");
            }
        }
        out.append('\n');
    }

    /** Prints a named type, and before it those that it contains. */
    private void define(int id, int depth) {
        if (depth > MAX_DEPTH || printed.get(id) || isFull()) {
            return;
        }
        BtfType type = types.type(id);
        boolean named = !type.name().isEmpty();
        switch (type) {
            case BtfType.Composite composite -> {
                printed.set(id, named);
                for (BtfType.Member member : composite.members()) {
                    require(member.typeId(), depth + 1);
                }
                if (named) {
                    out.append(body(composite, name(id), 0, 0)).append(";\n\n");
                }
            }
            case BtfType.Enum e
            when named -> {
                printed.set(id);
                out.append(body(e, name(id), 0)).append(";\n\n");
            }
            case BtfType.Typedef typedef -> {
                printed.set(id);
                requirePointee(typedef.typeId(), depth + 1);
                out.append("typedef ")
                        .append(declaration(typedef.typeId(), name(id), 0))
                        .append(";\n\n");
            }
            case BtfType.Fwd forward -> declare(id, forward.isUnion(), forward.name());
            default -> {
                // has no definition of its own
            }
        }
    }

    /** Makes sure that a type that something contains is there: defined, or declared if only pointed to. */
    private void require(int startId, int startDepth) {
        int id = startId;
        for (int depth = startDepth; depth <= MAX_DEPTH; depth++) {
            switch (types.type(id)) {
                case BtfType.Array array -> id = array.elementTypeId();
                case BtfType.Modifier modifier -> id = modifier.typeId();
                case BtfType.Typedef typedef -> {
                    define(id, depth);
                    id = typedef.typeId();
                }
                case BtfType.Ptr pointer -> {
                    requirePointee(pointer.typeId(), depth);
                    return;
                }
                case BtfType.FuncProto proto -> {
                    requireProto(proto, depth);
                    return;
                }
                default -> {
                    define(id, depth);
                    return;
                }
            }
        }
    }

    private void requireProto(BtfType.FuncProto proto, int depth) {
        require(proto.returnTypeId(), depth + 1);
        for (BtfType.Param param : proto.params()) {
            require(param.typeId(), depth + 1);
        }
    }

    private void requirePointee(int startId, int startDepth) {
        int id = startId;
        for (int depth = startDepth; depth <= MAX_DEPTH; depth++) {
            switch (types.type(id)) {
                case BtfType.Modifier modifier -> id = modifier.typeId();
                case BtfType.Ptr pointer -> id = pointer.typeId();
                case BtfType.Composite composite
                when !composite.name().isEmpty() -> {
                    declare(id, composite.isUnion(), name(id));
                    return;
                }
                default -> {
                    require(id, depth);
                    return;
                }
            }
        }
    }

    private void declare(int id, boolean isUnion, String name) {
        if (!printed.get(id) && !declared.get(id)) {
            declared.set(id);
            out.append(isUnion ? "union " : "struct ").append(name).append(";\n\n");
        }
    }

    private String body(BtfType.Composite type, String name, int indent, int depth) {
        StringBuilder text = new StringBuilder(type.isUnion() ? "union" : "struct");
        text.append(name.isEmpty() ? "" : " " + name).append(" {\n");
        for (BtfType.Member member : type.members()) {
            text.append("\t".repeat(indent + 1))
                    .append(declaration(member.typeId(), member.name(), indent + 1, depth + 1));
            text.append(member.bitSize() > 0 ? ": " + member.bitSize() : "").append(";\n");
            if (text.length() > MAX_CHARS) {
                break;
            }
        }
        return text.append("\t".repeat(indent)).append('}').toString();
    }

    private static String body(BtfType.Enum type, String name, int indent) {
        StringBuilder text = new StringBuilder("enum");
        text.append(name.isEmpty() ? "" : " " + name).append(" {\n");
        for (BtfType.EnumValue value : type.values()) {
            String number = type.signed() ? Long.toString(value.value()) : Long.toUnsignedString(value.value());
            text.append("\t".repeat(indent + 1))
                    .append(value.name())
                    .append(" = ")
                    .append(number)
                    .append(",\n");
        }
        return text.append("\t".repeat(indent)).append('}').toString();
    }

    private String declaration(int typeId, String name, int indent) {
        return declaration(typeId, name, indent, 0);
    }

    /** A C declaration of {@code inner}, which grows from the name outwards as the type is taken apart. */
    private String declaration(int typeId, String inner, int indent, int depth) {
        if (depth > MAX_DEPTH || inner.length() > BtfReader.MAX_NAME_BYTES * MAX_DEPTH) {
            return "/* nested too deeply */ void *" + inner;
        }
        return switch (types.type(typeId)) {
            case BtfType.Ptr pointer ->
                declaration(pointer.typeId(), pointerTo(pointer.typeId(), inner), indent, depth + 1);
            case BtfType.Array array ->
                declaration(array.elementTypeId(), inner + "[" + array.count() + "]", indent, depth + 1);
            case BtfType.FuncProto proto ->
                declaration(proto.returnTypeId(), inner + params(proto.params(), indent, depth), indent, depth + 1);
            case BtfType.Modifier modifier -> qualified(modifier, inner, indent, depth);
            case BtfType.Composite composite ->
                spaced(
                        composite.name().isEmpty()
                                ? body(composite, "", indent, depth)
                                : (composite.isUnion() ? "union " : "struct ") + name(typeId),
                        inner);
            case BtfType.Enum e -> spaced(e.name().isEmpty() ? body(e, "", indent) : "enum " + name(typeId), inner);
            case BtfType.Fwd forward -> spaced((forward.isUnion() ? "union " : "struct ") + forward.name(), inner);
            case BtfType.DeclTag tag -> spaced(tag.name(), inner);
            case BtfType named -> spaced(named instanceof BtfType.Void ? "void" : name(typeId), inner);
        };
    }

    private static String spaced(String type, String inner) {
        return inner.isEmpty() ? type : type + " " + inner;
    }

    /** An array or function that is pointed to needs brackets. */
    private String pointerTo(int typeId, String inner) {
        int id = typeId;
        for (int depth = 0; types.type(id) instanceof BtfType.Modifier modifier && depth < MAX_DEPTH; depth++) {
            id = modifier.typeId();
        }
        boolean brackets = types.type(id) instanceof BtfType.Array || types.type(id) instanceof BtfType.FuncProto;
        return brackets ? "(*" + inner + ")" : "*" + inner;
    }

    private String qualified(BtfType.Modifier modifier, String inner, int indent, int depth) {
        String word =
                switch (modifier.kind()) {
                    case CONST -> "const";
                    case VOLATILE -> "volatile";
                    case RESTRICT -> "restrict";
                    case TYPE_TAG -> "__attribute__((btf_type_tag(\"" + modifier.name() + "\")))";
                };
        return types.type(modifier.typeId()) instanceof BtfType.Ptr
                ? declaration(modifier.typeId(), spaced(word, inner), indent, depth + 1)
                : word + " " + declaration(modifier.typeId(), inner, indent, depth + 1);
    }

    private String params(List<BtfType.Param> params, int indent, int depth) {
        if (params.isEmpty()) {
            return "(void)";
        }
        StringBuilder text = new StringBuilder("(");
        for (int i = 0; i < params.size(); i++) {
            BtfType.Param param = params.get(i);
            boolean variable = i == params.size() - 1 && param.typeId() == 0;
            text.append(i == 0 ? "" : ", ");
            text.append(variable ? "..." : declaration(param.typeId(), param.name(), indent, depth + 1));
        }
        return text.append(')').toString();
    }
}
