package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Arguments of a function by its BTF prototype: Linux's {@code btf_prepare_func_args}. */
public final class Prototypes {
    private static final String ARG_TAG = "arg:";

    private Prototypes() {}

    private enum Tag {
        CTX,
        TRUSTED,
        UNTRUSTED,
        NONNULL,
        NULLABLE,
        ARENA
    }

    /** Fills {@link SubprogInfo#args}; refuses prototypes that say too little. */
    public static List<SubprogArg> prepare(Exploration path, int number) {
        SubprogInfo subprog = path.unit().subprog(number);
        if (subprog.args != null) {
            return subprog.args;
        }
        if (subprog.btfFuncId == 0) {
            throw path.reject(Errno.EINVAL);
        }
        Btf btf = path.unit().btf();
        if (!(btf.type(subprog.btfFuncId) instanceof BtfType.Func func)
                || !(btf.type(func.protoTypeId()) instanceof BtfType.FuncProto proto)) {
            throw path.reject(Errno.EFAULT, Message.FUNC_BTF_NOT_A_FUNC, number);
        }
        checkCount(path, subprog, func, proto);
        checkReturnType(path, number, subprog, func, proto);
        var args = new ArrayList<SubprogArg>();
        for (int i = 0; i < proto.params().size(); i++) {
            args.add(argument(path, subprog, func, proto.params().get(i).typeId(), i));
        }
        subprog.args = List.copyOf(args);
        return subprog.args;
    }

    private static void checkCount(Exploration path, SubprogInfo subprog, BtfType.Func func, BtfType.FuncProto proto) {
        int count = proto.params().size();
        if (count > KernelLimits.MAX_BPF_FUNC_ARGS) {
            throw path.reject(
                    Errno.EFAULT, Message.TOO_MANY_PARAMETERS, KernelLimits.MAX_BPF_FUNC_ARGS, func.name(), count);
        }
        if (count > KernelLimits.MAX_BPF_FUNC_REG_ARGS && subprog.global) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.STACK_ARGS_NOT_SUPPORTED,
                    func.name(),
                    count,
                    KernelLimits.MAX_BPF_FUNC_REG_ARGS);
        }
        if (count > KernelLimits.MAX_BPF_FUNC_REG_ARGS) {
            throw new UnsupportedFeature("function " + func.name() + " with arguments on the stack is not supported");
        }
    }

    private static void checkReturnType(
            Exploration path, int number, SubprogInfo subprog, BtfType.Func func, BtfType.FuncProto proto) {
        Btf btf = path.unit().btf();
        boolean ok =
                switch (btf.resolved(proto.returnTypeId())) {
                    case BtfType.Void type ->
                        !subprog.global || path.unit().kernel().has(KernelRule.GLOBAL_FUNCTIONS_MAY_BE_VOID);
                    case BtfType.Int type -> true;
                    case BtfType.Enum type -> true;
                    case BtfType.Ptr type -> number != 0 && isInArena(path, type);
                    default -> false;
                };
        if (ok) {
            return;
        }
        // Linux came to tell these refusals apart when it came to know functions without a result.
        int errno = path.unit().kernel().has(KernelRule.GLOBAL_FUNCTIONS_MAY_BE_VOID) ? Errno.EOPNOTSUPP : Errno.EINVAL;
        if (subprog.global) {
            throw path.reject(errno, Message.GLOBAL_FUNCTION_RETURN_TYPE, func.name());
        }
        throw path.reject(errno);
    }

    private static boolean isInArena(Exploration path, BtfType.Ptr pointer) {
        return path.unit().kernel().has(KernelRule.ARENA_TYPES_ARE_KNOWN)
                && hasArenaTag(path.unit().btf(), pointer.typeId());
    }

    private static boolean hasArenaTag(Btf btf, int typeId) {
        int at = typeId;
        while (btf.type(at) instanceof BtfType.Modifier modifier) {
            if (modifier.kind() == BtfType.ModifierKind.TYPE_TAG
                    && modifier.name().equals("arena")) {
                return true;
            }
            at = modifier.typeId();
        }
        return false;
    }

    private static SubprogArg argument(
            Exploration path, SubprogInfo subprog, BtfType.Func func, int typeId, int index) {
        Btf btf = path.unit().btf();
        Set<Tag> tags = tags(path, subprog, index);
        BtfType type = btf.resolved(typeId);
        if (type instanceof BtfType.Ptr pointer) {
            if (isInArena(path, pointer)) {
                tags.add(Tag.ARENA);
            }
            SubprogArg arg = pointerArgument(path, subprog, pointer, index, tags);
            if (arg != null) {
                return arg;
            }
        }
        if (!tags.isEmpty()) {
            throw path.reject(Errno.EINVAL, Message.ARG_TAG_ON_NON_POINTER, index);
        }
        if (type instanceof BtfType.Int || type instanceof BtfType.Enum) {
            return new SubprogArg(SubprogArg.Kind.SCALAR);
        }
        if (!subprog.global) {
            throw path.reject(Errno.EINVAL);
        }
        throw path.reject(Errno.EINVAL, Message.ARG_TYPE_NOT_SUPPORTED, index, kindName(type), func.name());
    }

    private static Set<Tag> tags(Exploration path, SubprogInfo subprog, int index) {
        Set<Tag> tags = EnumSet.noneOf(Tag.class);
        for (int id = 1; id < path.unit().btf().size(); id++) {
            if (!(path.unit().btf().type(id) instanceof BtfType.DeclTag tag)
                    || tag.typeId() != subprog.btfFuncId
                    || tag.componentIndex() != index
                    || !tag.name().startsWith(ARG_TAG)) {
                continue;
            }
            if (!subprog.global) {
                throw path.reject(Errno.EOPNOTSUPP, Message.ARG_TAG_ON_STATIC_FUNCTION, index);
            }
            tags.add(
                    switch (tag.name().substring(ARG_TAG.length())) {
                        case "ctx" -> Tag.CTX;
                        case "trusted" -> Tag.TRUSTED;
                        case "untrusted" -> Tag.UNTRUSTED;
                        case "nonnull" -> Tag.NONNULL;
                        case "nullable" -> Tag.NULLABLE;
                        case "arena" -> Tag.ARENA;
                        default -> throw path.reject(Errno.EOPNOTSUPP, Message.ARG_TAGS_UNSUPPORTED, index);
                    });
        }
        return tags;
    }

    /** Returns the argument, or null if nothing is known of what the pointer points to. */
    private static @Nullable SubprogArg pointerArgument(
            Exploration path, SubprogInfo subprog, BtfType.Ptr pointer, int index, Set<Tag> tags) {
        Btf btf = path.unit().btf();
        int target = pointer.typeId();
        if (tags.contains(Tag.CTX) || ContextTypes.isContext(path, target)) {
            refuseTags(path, index, without(tags, Tag.CTX));
            if (tags.contains(Tag.CTX)) {
                ContextTypes.checkTagged(path, target, index);
            }
            return new SubprogArg(SubprogArg.Kind.CTX);
        }
        if (btf.resolved(target).name().equals("bpf_dynptr")) {
            refuseTags(path, index, tags);
            return new SubprogArg(SubprogArg.Kind.DYNPTR);
        }
        if (tags.contains(Tag.TRUSTED)) {
            if (tags.contains(Tag.NONNULL)) {
                refuseTags(path, index, tags);
            }
            int nullable = tags.contains(Tag.NULLABLE) ? TypeFlags.PTR_MAYBE_NULL : 0;
            return new SubprogArg(
                    SubprogArg.Kind.BTF_ID, TypeFlags.PTR_TRUSTED | nullable, 0, kernelStruct(path, index, target));
        }
        if (tags.contains(Tag.UNTRUSTED)) {
            return untrusted(path, index, target, tags);
        }
        if (tags.contains(Tag.ARENA)) {
            if (tags.size() > 1) {
                throw path.reject(Errno.EINVAL, Message.ARG_ARENA_WITH_OTHER_TAGS, index);
            }
            return new SubprogArg(SubprogArg.Kind.ARENA);
        }
        return subprog.global ? memory(path, index, target, tags) : null;
    }

    private static Set<Tag> without(Set<Tag> tags, Tag tag) {
        Set<Tag> rest = EnumSet.noneOf(Tag.class);
        rest.addAll(tags);
        rest.remove(tag);
        return rest;
    }

    private static void refuseTags(Exploration path, int index, Set<Tag> tags) {
        if (!tags.isEmpty()) {
            throw path.reject(Errno.EINVAL, Message.ARG_TAGS_INVALID, index);
        }
    }

    private static SubprogArg untrusted(Exploration path, int index, int target, Set<Tag> tags) {
        if (tags.size() > 1) {
            throw path.reject(Errno.EINVAL, Message.ARG_UNTRUSTED_WITH_OTHER_TAGS, index);
        }
        return switch (path.unit().btf().resolved(target)) {
            case BtfType.Void type ->
                new SubprogArg(SubprogArg.Kind.MEM, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED, 0, 0);
            case BtfType.Int type ->
                new SubprogArg(SubprogArg.Kind.MEM, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED, 0, 0);
            case BtfType.Enum type ->
                new SubprogArg(SubprogArg.Kind.MEM, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED, 0, 0);
            default ->
                new SubprogArg(SubprogArg.Kind.BTF_ID, TypeFlags.PTR_UNTRUSTED, 0, kernelStruct(path, index, target));
        };
    }

    private static SubprogArg memory(Exploration path, int index, int target, Set<Tag> tags) {
        if (tags.contains(Tag.NULLABLE)) {
            refuseTags(path, index, tags);
        }
        Btf btf = path.unit().btf();
        BtfType type = btf.resolved(target);
        long size = btf.sizeOf(target);
        if (size < 0) {
            throw path.reject(
                    Errno.EINVAL, Message.ARG_SIZE_UNKNOWN, index, kindName(type), type.name(), -Errno.EINVAL);
        }
        return new SubprogArg(SubprogArg.Kind.MEM, tags.contains(Tag.NONNULL) ? 0 : TypeFlags.PTR_MAYBE_NULL, size, 0);
    }

    private static int kernelStruct(Exploration path, int index, int target) {
        Btf kernel = path.unit().kernelTypes();
        if (kernel.size() <= 1) {
            throw new UnsupportedFeature("a trusted argument without kernel types is not supported");
        }
        BtfType type = path.unit().btf().resolved(target);
        String name = type.name();
        int flavor = name.indexOf("___");
        int id = kernel.find(flavor > 0 ? name.substring(0, flavor) : name, BtfType.Composite.class);
        if (id == 0) {
            throw path.reject(Errno.ENOENT, Message.ARG_TYPE_WITHOUT_MATCH, index, kindName(type), name);
        }
        return id;
    }

    private static String kindName(BtfType type) {
        return switch (type) {
            case BtfType.Void t -> "UNKNOWN";
            case BtfType.Int t -> "INT";
            case BtfType.Ptr t -> "PTR";
            case BtfType.Array t -> "ARRAY";
            case BtfType.Composite t -> t.isUnion() ? "UNION" : "STRUCT";
            case BtfType.Enum t -> t.sizeBytes() == Long.BYTES ? "ENUM64" : "ENUM";
            case BtfType.Fwd t -> "FWD";
            case BtfType.Typedef t -> "TYPEDEF";
            case BtfType.Modifier t -> t.kind().name();
            case BtfType.Func t -> "FUNC";
            case BtfType.FuncProto t -> "FUNC_PROTO";
            case BtfType.Var t -> "VAR";
            case BtfType.DataSec t -> "DATASEC";
            case BtfType.Float t -> "FLOAT";
            case BtfType.DeclTag t -> "DECL_TAG";
        };
    }

    /** Returns whether the function returns nothing. */
    public static boolean returnsVoid(Exploration path, int number) {
        Btf btf = path.unit().btf();
        return btf.type(path.unit().subprog(number).btfFuncId) instanceof BtfType.Func func
                && btf.type(func.protoTypeId()) instanceof BtfType.FuncProto proto
                && btf.resolved(proto.returnTypeId()) instanceof BtfType.Void;
    }
}
