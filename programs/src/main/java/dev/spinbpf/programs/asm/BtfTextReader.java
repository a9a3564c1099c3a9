package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.asm.grammar.BpfAsmParser;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.BtfAttributeContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.BtfContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.BtfNameContext;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.btf.BtfType.Linkage;
import dev.spinbpf.programs.btf.BtfType.ModifierKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads the lines that {@link BtfText} writes, and {@code bpftool}. A type is complete when the next one begins. */
final class BtfTextReader {
    private static final long U32_MAX = 0xffff_ffffL;

    private final Diagnostics diagnostics;
    private final Literals literals;
    private final BtfDraft types;
    private final List<Span> places = new ArrayList<>();
    private @Nullable Line open;
    private final List<Line> members = new ArrayList<>();

    BtfTextReader(Diagnostics diagnostics, Literals literals, BtfDraft types) {
        this.diagnostics = diagnostics;
        this.literals = literals;
        this.types = types;
    }

    void read(BtfContext context) {
        switch (context) {
            case BpfAsmParser.BtfTypeLineContext c -> {
                close();
                open = new Line(literals.name(c.kind), name(c.btfName()), c.btfAttribute(), Span.of(c));
                long id = literals.number(c.number(), 0, Integer.MAX_VALUE);
                if (id != types.size()) {
                    diagnostics.error(Span.of(c.number()), "type ids count from 1: expected " + types.size());
                }
            }
            case BpfAsmParser.BtfMemberLineContext c ->
                member(new Line("", name(c.btfName()), c.btfAttribute(), Span.of(c)));
            case BpfAsmParser.BtfPlacementLineContext c -> member(new Line("", "", c.btfAttribute(), Span.of(c)));
            default -> throw new AssertionError(context.getClass());
        }
    }

    private void member(Line line) {
        if (open == null) {
            diagnostics.error(line.at, "a member without a type before it");
        } else {
            members.add(line);
        }
    }

    /** Completes the last type. */
    void close() {
        if (open != null) {
            types.add(type(open));
            places.add(open.at);
        }
        open = null;
        members.clear();
    }

    private BtfType type(Line line) {
        BtfType type =
                switch (line.kind) {
                    case "INT" -> integer(line);
                    case "FLOAT" -> new BtfType.Float(line.name, line.integer("size"));
                    case "PTR" -> new BtfType.Ptr(line.integer("type_id"));
                    case "ARRAY" ->
                        new BtfType.Array(
                                line.integer("type_id"),
                                line.integer("index_type_id"),
                                line.number("nr_elems", 0, U32_MAX));
                    case "STRUCT", "UNION" ->
                        new BtfType.Composite(
                                line.name,
                                line.kind.equals("UNION"),
                                line.number("size", 0, U32_MAX),
                                list(member -> new BtfType.Member(
                                        member.name,
                                        member.integer("type_id"),
                                        member.number("bits_offset", 0, U32_MAX),
                                        member.optional("bitfield_size", 0))));
                    case "ENUM", "ENUM64" ->
                        new BtfType.Enum(
                                line.name,
                                line.integer("size"),
                                line.word("encoding").equals("SIGNED"),
                                list(member -> new BtfType.EnumValue(member.name, member.bits64("val"))));
                    case "FWD" ->
                        new BtfType.Fwd(line.name, line.word("fwd_kind").equals("union"));
                    case "TYPEDEF" -> new BtfType.Typedef(line.name, line.integer("type_id"));
                    case "VOLATILE", "CONST", "RESTRICT", "TYPE_TAG" ->
                        new BtfType.Modifier(ModifierKind.valueOf(line.kind), line.name, line.integer("type_id"));
                    case "FUNC" -> new BtfType.Func(line.name, line.integer("type_id"), line.linkage());
                    case "FUNC_PROTO" ->
                        new BtfType.FuncProto(
                                line.integer("ret_type_id"),
                                list(member -> new BtfType.Param(member.name, member.integer("type_id"))));
                    case "VAR" -> new BtfType.Var(line.name, line.integer("type_id"), line.linkage());
                    case "DATASEC" ->
                        new BtfType.DataSec(
                                line.name,
                                line.number("size", 0, U32_MAX),
                                list(member -> new BtfType.SecVar(
                                        member.integer("type_id"),
                                        member.number("offset", 0, U32_MAX),
                                        member.number("size", 0, U32_MAX))));
                    case "DECL_TAG" ->
                        new BtfType.DeclTag(line.name, line.integer("type_id"), line.optional("component_idx", -1));
                    default -> {
                        diagnostics.error(line.at, "unknown kind of type '" + line.kind + "'");
                        yield new BtfType.Void();
                    }
                };
        checkMembers(line, type);
        return type;
    }

    private static BtfType integer(Line line) {
        String encoding = line.word("encoding");
        return new BtfType.Int(
                line.name,
                line.integer("size"),
                line.integer("nr_bits"),
                line.optional("bits_offset", 0),
                encoding.equals("SIGNED"),
                encoding.equals("CHAR"),
                encoding.equals("BOOL"));
    }

    private void checkMembers(Line line, BtfType type) {
        boolean has = type instanceof BtfType.Composite
                || type instanceof BtfType.Enum
                || type instanceof BtfType.FuncProto
                || type instanceof BtfType.DataSec;
        int expected = has ? line.optional("vlen", members.size()) : 0;
        if (members.size() != expected) {
            diagnostics.error(line.at, "the type has " + members.size() + " members, expected " + expected);
        }
    }

    private <T> List<T> list(java.util.function.Function<Line, T> read) {
        return members.stream().map(read).toList();
    }

    /** Reports types that refer to types that do not exist, or are of the wrong kind. */
    void check() {
        for (int id = 1; id <= places.size(); id++) {
            Span at = places.get(id - 1);
            BtfType type = types.types().get(id);
            references(type)
                    .filter(reference -> reference >= types.size())
                    .findFirst()
                    .ifPresent(reference -> diagnostics.error(at, "there is no type " + reference));
            boolean sound =
                    switch (type) {
                        case BtfType.Func func -> is(func.protoTypeId(), BtfType.FuncProto.class);
                        case BtfType.DataSec section ->
                            section.vars().stream()
                                    .allMatch(v -> is(v.varTypeId(), BtfType.Var.class)
                                            || is(v.varTypeId(), BtfType.Func.class));
                        default -> true;
                    };
            if (!sound) {
                diagnostics.error(at, "the type refers to a type of the wrong kind");
            }
        }
    }

    private boolean is(int id, Class<? extends BtfType> shape) {
        return id < types.size() && shape.isInstance(types.types().get(id));
    }

    private static IntStream references(BtfType type) {
        return switch (type) {
            case BtfType.Void t -> IntStream.empty();
            case BtfType.Int t -> IntStream.empty();
            case BtfType.Float t -> IntStream.empty();
            case BtfType.Enum t -> IntStream.empty();
            case BtfType.Fwd t -> IntStream.empty();
            case BtfType.Ptr t -> IntStream.of(t.typeId());
            case BtfType.Array t -> IntStream.of(t.elementTypeId(), t.indexTypeId());
            case BtfType.Composite t -> t.members().stream().mapToInt(BtfType.Member::typeId);
            case BtfType.Typedef t -> IntStream.of(t.typeId());
            case BtfType.Modifier t -> IntStream.of(t.typeId());
            case BtfType.Func t -> IntStream.of(t.protoTypeId());
            case BtfType.FuncProto t ->
                IntStream.concat(
                        IntStream.of(t.returnTypeId()), t.params().stream().mapToInt(BtfType.Param::typeId));
            case BtfType.Var t -> IntStream.of(t.typeId());
            case BtfType.DataSec t -> t.vars().stream().mapToInt(BtfType.SecVar::varTypeId);
            case BtfType.DeclTag t -> IntStream.of(t.typeId());
        };
    }

    private String name(BtfNameContext context) {
        if (context.QUOTED() == null) {
            return "";
        }
        String name = literals.string(context.QUOTED().getSymbol());
        return name.equals(BtfText.ANONYMOUS) ? "" : name;
    }

    /** A line's attributes. */
    private final class Line {
        private final String kind;
        private final String name;
        private final Span at;
        private final Map<String, BtfAttributeContext> attributes = new HashMap<>();

        Line(String kind, String name, List<BtfAttributeContext> attributes, Span at) {
            this.kind = kind.toUpperCase(Locale.ROOT);
            this.name = name;
            this.at = at;
            attributes.forEach(attribute -> this.attributes.put(literals.name(attribute.key), attribute));
        }

        int integer(String key) {
            return (int) number(key, 0, Integer.MAX_VALUE);
        }

        int optional(String key, int fallback) {
            return attributes.containsKey(key) ? (int) number(key, -1, Integer.MAX_VALUE) : fallback;
        }

        long number(String key, long least, long most) {
            BtfAttributeContext attribute = attributes.get(key);
            if (attribute == null || attribute.number() == null) {
                diagnostics.error(at, "expected " + key + "=NUMBER");
                return least;
            }
            return literals.number(attribute.number(), least, most);
        }

        long bits64(String key) {
            BtfAttributeContext attribute = attributes.get(key);
            if (attribute == null || attribute.number() == null) {
                diagnostics.error(at, "expected " + key + "=NUMBER");
                return 0;
            }
            return literals.bits64(attribute.number());
        }

        String word(String key) {
            BtfAttributeContext attribute = attributes.get(key);
            if (attribute == null || attribute.value == null) {
                diagnostics.error(at, "expected " + key + "=WORD");
                return "";
            }
            return literals.name(attribute.value);
        }

        Linkage linkage() {
            return switch (word("linkage")) {
                case "static" -> Linkage.STATIC;
                case "global" -> Linkage.GLOBAL;
                case "extern" -> Linkage.EXTERN;
                default -> {
                    diagnostics.error(at, "expected linkage=static, global or extern");
                    yield Linkage.STATIC;
                }
            };
        }
    }
}
