package dev.spinbpf.programs.btf;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The rules by which Linux takes a set of types that a loader gives it ({@code BPF_BTF_LOAD}), or refuses all of them.
 *
 * <p>What must hold: names are C identifiers of at most 511 characters, in which dots may stand too; names of sections are
 * printable. Whatever is a value (a member, an element, a variable, a parameter, what a function returns) has a size.
 * Members and variables lie within what holds them, in rising order. Each parameter of a function has a name, which
 * compilers leave out without optimisation; a prototype alone need not name its parameters. Functions and variables that
 * a loader finds for the object ({@code .ksyms}) count as it declares them to the kernel: named and of known size.
 */
final class TypeValidation {
    private static final int MAX_NAME = 511;
    private static final int MAX_INT_BITS = 128;
    private static final int MAX_ENUM_BYTES = 8;
    private static final long MAX_ARRAY_BYTES = 0xffffffffL;
    private static final Set<Integer> FLOAT_BYTES = Set.of(2, 4, 8, 12, 16);
    private static final String KSYMS = ".ksyms";

    private final Btf btf;
    private final Set<Integer> found = new HashSet<>();
    private final Set<Integer> namedByLoader = new HashSet<>();

    private TypeValidation(Btf btf) {
        this.btf = btf;
        if (btf.type(btf.find(KSYMS, BtfType.DataSec.class)) instanceof BtfType.DataSec section) {
            for (BtfType.SecVar entry : section.vars()) {
                found.add(entry.varTypeId());
                if (btf.type(entry.varTypeId()) instanceof BtfType.Func function) {
                    namedByLoader.add(function.protoTypeId());
                }
            }
        }
    }

    /**
     * Returns the reason why Linux refuses the types; empty if it takes them.
     *
     * @param btf types as a loader gives them to the kernel: sections have sizes, variables have places
     */
    static String problem(Btf btf) {
        var validation = new TypeValidation(btf);
        for (int id = 1; id < btf.size(); id++) {
            String problem = validation.problemOf(id);
            if (!problem.isEmpty()) {
                BtfType type = btf.type(id);
                return "[" + id + "] " + Btf.kindName(type).toUpperCase(Locale.ROOT) + " "
                        + (type.name().isEmpty() ? "(anon)" : type.name()) + " " + problem;
            }
        }
        return "";
    }

    private String problemOf(int id) {
        return switch (btf.type(id)) {
            case BtfType.Void _ -> "Invalid kind";
            case BtfType.Int type -> ofInt(type);
            case BtfType.Float type -> FLOAT_BYTES.contains(type.sizeBytes()) ? "" : "Invalid type_size";
            case BtfType.Ptr type -> pointsToValidType(type.typeId()) ? "" : "Invalid type_id";
            case BtfType.Array type -> ofArray(type);
            case BtfType.Composite type -> ofComposite(type);
            case BtfType.Enum type -> ofEnum(type);
            case BtfType.Fwd type -> isIdentifier(type.name()) ? "" : "Invalid name";
            case BtfType.Typedef type ->
                !isIdentifier(type.name()) ? "Invalid name" : pointsToValidType(type.typeId()) ? "" : "Invalid type_id";
            case BtfType.Modifier type ->
                type.kind() == BtfType.ModifierKind.TYPE_TAG && type.name().isEmpty()
                        ? "Invalid name"
                        : pointsToValidType(type.typeId()) ? "" : "Invalid type_id";
            case BtfType.Func type -> ofFunc(id, type);
            case BtfType.FuncProto type -> ofPrototype(type);
            case BtfType.Var type -> ofVariable(id, type);
            case BtfType.DataSec type -> ofSection(type);
            case BtfType.DeclTag type -> ofTag(type);
        };
    }

    private static String ofInt(BtfType.Int type) {
        int bits = type.bits() + type.offset();
        if (bits > MAX_INT_BITS) {
            return "nr_bits exceeds " + MAX_INT_BITS;
        }
        return (bits + Byte.SIZE - 1) / Byte.SIZE > type.sizeBytes() ? "nr_bits exceeds type_size" : "";
    }

    private boolean hasSize(int id) {
        return !isVariableOrSection(id) && btf.sizeOf(id) >= 0;
    }

    private boolean isVariableOrSection(int id) {
        return btf.type(id) instanceof BtfType.Var || btf.type(id) instanceof BtfType.DataSec;
    }

    /** True for all that a pointer or a qualifier may lead to: values, functions, and what is declared only. */
    private boolean pointsToValidType(int id) {
        if (isVariableOrSection(id) || btf.type(id) instanceof BtfType.DeclTag) {
            return false;
        }
        int end = btf.resolve(id);
        return switch (btf.type(end)) {
            case BtfType.Func _, BtfType.DeclTag _, BtfType.Var _, BtfType.DataSec _ -> false;
            case BtfType.Void _ -> id == 0 || leadsToVoid(id);
            default -> true;
        };
    }

    /** Tells a qualified void from a chain of types without an end. */
    private boolean leadsToVoid(int id) {
        int at = id;
        for (int steps = 0; steps < btf.size() && at != 0; steps++) {
            switch (btf.type(at)) {
                case BtfType.Typedef typedef -> at = typedef.typeId();
                case BtfType.Modifier modifier -> at = modifier.typeId();
                default -> {
                    return false;
                }
            }
        }
        return at == 0;
    }

    private boolean isRegularInt(int id) {
        return btf.resolved(id) instanceof BtfType.Int type
                && type.offset() == 0
                && type.bits() == type.sizeBytes() * Byte.SIZE
                && Integer.bitCount(type.sizeBytes()) == 1;
    }

    private String ofArray(BtfType.Array type) {
        if (!isRegularInt(type.indexTypeId())) {
            return "Invalid index";
        }
        if (!hasSize(type.elementTypeId())) {
            return "Invalid elem";
        }
        if (btf.resolved(type.elementTypeId()) instanceof BtfType.Int && !isRegularInt(type.elementTypeId())) {
            return "Invalid array of int";
        }
        long element = btf.sizeOf(type.elementTypeId());
        return type.count() != 0 && element > MAX_ARRAY_BYTES / type.count() ? "Array size overflows U32_MAX" : "";
    }

    private String ofComposite(BtfType.Composite type) {
        if (!type.name().isEmpty() && !isIdentifier(type.name())) {
            return "Invalid name";
        }
        long last = 0;
        for (BtfType.Member member : type.members()) {
            String problem = ofMember(type, member, last);
            if (!problem.isEmpty()) {
                return member.name() + " " + problem;
            }
            last = member.bitOffset();
        }
        return "";
    }

    private String ofMember(BtfType.Composite type, BtfType.Member member, long lastOffset) {
        if (!member.name().isEmpty() && !isIdentifier(member.name())) {
            return "Invalid name";
        }
        if (!hasSize(member.typeId())) {
            return "Invalid member";
        }
        if (type.isUnion() ? member.bitOffset() != 0 : member.bitOffset() < lastOffset) {
            return "Invalid member bits_offset";
        }
        if ((member.bitOffset() + Byte.SIZE - 1) / Byte.SIZE > type.sizeBytes()) {
            return "Member bits_offset exceeds its struct size";
        }
        BtfType held = btf.resolved(member.typeId());
        boolean hasBits = member.bitSize() != 0 || held instanceof BtfType.Int;
        if (!hasBits && member.bitOffset() % Byte.SIZE != 0) {
            return "Member is not byte aligned";
        }
        long bits = member.bitSize() != 0
                ? member.bitSize()
                : held instanceof BtfType.Int number ? number.bits() : btf.sizeOf(member.typeId()) * Byte.SIZE;
        return member.bitOffset() + bits > type.sizeBytes() * Byte.SIZE ? "Member exceeds struct_size" : "";
    }

    private static String ofEnum(BtfType.Enum type) {
        if (type.sizeBytes() > MAX_ENUM_BYTES || Integer.bitCount(type.sizeBytes()) != 1) {
            return "Unexpected size";
        }
        if (!type.name().isEmpty() && !isIdentifier(type.name())) {
            return "Invalid name";
        }
        return type.values().stream().allMatch(value -> isIdentifier(value.name())) ? "" : "Invalid name";
    }

    private String ofFunc(int id, BtfType.Func type) {
        if (!isIdentifier(type.name())) {
            return "Invalid name";
        }
        if (type.linkage() == BtfType.Linkage.EXTERN && !found.contains(id)) {
            return "Invalid func linkage";
        }
        if (namedByLoader.contains(type.protoTypeId())
                || !(btf.type(type.protoTypeId()) instanceof BtfType.FuncProto prototype)) {
            return "";
        }
        List<BtfType.Param> params = prototype.params();
        for (int i = 0; i < params.size(); i++) {
            if (params.get(i).name().isEmpty() && params.get(i).typeId() != 0) {
                return "Invalid arg#" + (i + 1);
            }
        }
        return "";
    }

    private String ofPrototype(BtfType.FuncProto type) {
        if (type.returnTypeId() != 0 && !hasSize(type.returnTypeId())) {
            return "Invalid return type";
        }
        List<BtfType.Param> params = type.params();
        for (int i = 0; i < params.size(); i++) {
            BtfType.Param param = params.get(i);
            boolean isVararg = i == params.size() - 1
                    && param.typeId() == 0
                    && param.name().isEmpty();
            boolean isNameValid = param.name().isEmpty() || isIdentifier(param.name());
            if (!isVararg && (!isNameValid || !hasSize(param.typeId()))) {
                return "Invalid arg#" + (i + 1);
            }
        }
        return "";
    }

    private String ofVariable(int id, BtfType.Var type) {
        if (!isIdentifier(type.name())) {
            return "Invalid name";
        }
        if (found.contains(id)) {
            return "";
        }
        if (type.linkage() == BtfType.Linkage.EXTERN) {
            return "Linkage not supported";
        }
        return hasSize(type.typeId()) ? "" : "Invalid type_id";
    }

    private String ofSection(BtfType.DataSec type) {
        if (type.name().equals(KSYMS)) {
            return "";
        }
        if (type.sizeBytes() == 0) {
            return "size == 0";
        }
        if (!isSectionName(type.name())) {
            return "Invalid name";
        }
        long end = 0;
        for (BtfType.SecVar entry : type.vars()) {
            if (!(btf.type(entry.varTypeId()) instanceof BtfType.Var variable)) {
                return "Not a VAR kind member";
            }
            if (entry.offset() < end || entry.offset() >= type.sizeBytes()) {
                return variable.name() + " Invalid offset";
            }
            if (entry.sizeBytes() == 0
                    || entry.sizeBytes() > type.sizeBytes()
                    || entry.sizeBytes() < btf.sizeOf(variable.typeId())) {
                return variable.name() + " Invalid size";
            }
            end = entry.offset() + entry.sizeBytes();
            if (end > type.sizeBytes()) {
                return variable.name() + " Invalid offset+size";
            }
        }
        return "";
    }

    private String ofTag(BtfType.DeclTag type) {
        if (type.name().isEmpty()) {
            return "Invalid value";
        }
        int parts =
                switch (btf.type(type.typeId())) {
                    case BtfType.Composite composite -> composite.members().size();
                    case BtfType.Func function ->
                        btf.type(function.protoTypeId()) instanceof BtfType.FuncProto prototype
                                ? prototype.params().size()
                                : 0;
                    case BtfType.Var _, BtfType.Typedef _ -> 0;
                    default -> -1;
                };
        if (parts < 0) {
            return "Invalid type_id";
        }
        return type.componentIndex() < -1 || type.componentIndex() >= parts && type.componentIndex() != -1
                ? "Invalid component_idx"
                : "";
    }

    private static boolean isIdentifier(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME || isDigit(name.charAt(0))) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean isLetter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            if (!isLetter && !isDigit(c) && c != '_' && c != '.') {
                return false;
            }
        }
        return true;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isSectionName(String name) {
        return !name.isEmpty() && name.length() <= MAX_NAME && name.chars().allMatch(c -> c >= ' ' && c < 0x7f);
    }
}
