package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
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
    public static List<SubprogArg> prepare(VerifierEnv env, int number) {
        SubprogInfo subprog = env.subprog(number);
        if (subprog.args != null) {
            return subprog.args;
        }
        if (subprog.btfFuncId == 0) {
            throw env.reject(Errno.EINVAL);
        }
        Btf btf = env.btf();
        if (!(btf.type(subprog.btfFuncId) instanceof BtfType.Func func)
                || !(btf.type(func.protoTypeId()) instanceof BtfType.FuncProto proto)) {
            throw env.reject(Errno.EFAULT, "BTF of func#%d doesn't point to KIND_FUNC", number);
        }
        checkCount(env, subprog, func, proto);
        checkReturnType(env, number, subprog, func, proto);
        var args = new ArrayList<SubprogArg>();
        for (int i = 0; i < proto.params().size(); i++) {
            args.add(argument(env, subprog, func, proto.params().get(i).typeId(), i));
        }
        subprog.args = List.copyOf(args);
        return subprog.args;
    }

    private static void checkCount(VerifierEnv env, SubprogInfo subprog, BtfType.Func func, BtfType.FuncProto proto) {
        int count = proto.params().size();
        if (count > KernelLimits.MAX_BPF_FUNC_ARGS) {
            throw env.reject(
                    Errno.EFAULT,
                    "kernel supports at most %d parameters, function %s has %d",
                    KernelLimits.MAX_BPF_FUNC_ARGS,
                    func.name(),
                    count);
        }
        if (count > KernelLimits.MAX_BPF_FUNC_REG_ARGS && subprog.global) {
            throw env.reject(
                    Errno.EINVAL,
                    "global function %s has %d > %d args, stack args not supported",
                    func.name(),
                    count,
                    KernelLimits.MAX_BPF_FUNC_REG_ARGS);
        }
        if (count > KernelLimits.MAX_BPF_FUNC_REG_ARGS) {
            throw new UnsupportedFeature("function " + func.name() + " with arguments on the stack is not supported");
        }
    }

    private static void checkReturnType(
            VerifierEnv env, int number, SubprogInfo subprog, BtfType.Func func, BtfType.FuncProto proto) {
        Btf btf = env.btf();
        boolean ok =
                switch (btf.resolved(proto.returnTypeId())) {
                    case BtfType.Void type -> true;
                    case BtfType.Int type -> true;
                    case BtfType.Enum type -> true;
                    case BtfType.Ptr type -> number != 0 && hasArenaTag(btf, type.typeId());
                    default -> false;
                };
        if (ok) {
            return;
        }
        if (subprog.global) {
            throw env.reject(
                    Errno.EOPNOTSUPP,
                    "Global function %s() return value not void or scalar. Only those are supported.",
                    func.name());
        }
        throw env.reject(Errno.EOPNOTSUPP);
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

    private static SubprogArg argument(VerifierEnv env, SubprogInfo subprog, BtfType.Func func, int typeId, int index) {
        Btf btf = env.btf();
        Set<Tag> tags = tags(env, subprog, index);
        BtfType type = btf.resolved(typeId);
        if (type instanceof BtfType.Ptr pointer) {
            if (hasArenaTag(btf, pointer.typeId())) {
                tags.add(Tag.ARENA);
            }
            SubprogArg arg = pointerArgument(env, subprog, pointer, index, tags);
            if (arg != null) {
                return arg;
            }
        }
        if (!tags.isEmpty()) {
            throw env.reject(Errno.EINVAL, "arg#%d has pointer tag, but is not a pointer type", index);
        }
        if (type instanceof BtfType.Int || type instanceof BtfType.Enum) {
            return new SubprogArg(SubprogArg.Kind.SCALAR);
        }
        if (!subprog.global) {
            throw env.reject(Errno.EINVAL);
        }
        throw env.reject(
                Errno.EINVAL, "Arg#%d type %s in %s() is not supported yet.", index, kindName(type), func.name());
    }

    private static Set<Tag> tags(VerifierEnv env, SubprogInfo subprog, int index) {
        Set<Tag> tags = EnumSet.noneOf(Tag.class);
        for (int id = 1; id < env.btf().size(); id++) {
            if (!(env.btf().type(id) instanceof BtfType.DeclTag tag)
                    || tag.typeId() != subprog.btfFuncId
                    || tag.componentIndex() != index
                    || !tag.name().startsWith(ARG_TAG)) {
                continue;
            }
            if (!subprog.global) {
                throw env.reject(Errno.EOPNOTSUPP, "arg#%d type tag is not supported in static functions", index);
            }
            tags.add(
                    switch (tag.name().substring(ARG_TAG.length())) {
                        case "ctx" -> Tag.CTX;
                        case "trusted" -> Tag.TRUSTED;
                        case "untrusted" -> Tag.UNTRUSTED;
                        case "nonnull" -> Tag.NONNULL;
                        case "nullable" -> Tag.NULLABLE;
                        case "arena" -> Tag.ARENA;
                        default -> throw env.reject(Errno.EOPNOTSUPP, "arg#%d has unsupported set of tags", index);
                    });
        }
        return tags;
    }

    /** Returns the argument, or null if nothing is known of what the pointer points to. */
    private static @Nullable SubprogArg pointerArgument(
            VerifierEnv env, SubprogInfo subprog, BtfType.Ptr pointer, int index, Set<Tag> tags) {
        Btf btf = env.btf();
        int target = pointer.typeId();
        if (tags.contains(Tag.CTX) || ContextTypes.isContext(env, target)) {
            refuseTags(env, index, without(tags, Tag.CTX));
            if (tags.contains(Tag.CTX)) {
                ContextTypes.checkTagged(env, target, index);
            }
            return new SubprogArg(SubprogArg.Kind.CTX);
        }
        if (btf.resolved(target).name().equals("bpf_dynptr")) {
            refuseTags(env, index, tags);
            return new SubprogArg(SubprogArg.Kind.DYNPTR);
        }
        if (tags.contains(Tag.TRUSTED)) {
            if (tags.contains(Tag.NONNULL)) {
                refuseTags(env, index, tags);
            }
            int nullable = tags.contains(Tag.NULLABLE) ? TypeFlags.PTR_MAYBE_NULL : 0;
            return new SubprogArg(
                    SubprogArg.Kind.BTF_ID, TypeFlags.PTR_TRUSTED | nullable, 0, kernelStruct(env, index, target));
        }
        if (tags.contains(Tag.UNTRUSTED)) {
            return untrusted(env, index, target, tags);
        }
        if (tags.contains(Tag.ARENA)) {
            if (tags.size() > 1) {
                throw env.reject(Errno.EINVAL, "arg#%d arena cannot be combined with any other tags", index);
            }
            return new SubprogArg(SubprogArg.Kind.ARENA);
        }
        return subprog.global ? memory(env, index, target, tags) : null;
    }

    private static Set<Tag> without(Set<Tag> tags, Tag tag) {
        Set<Tag> rest = EnumSet.noneOf(Tag.class);
        rest.addAll(tags);
        rest.remove(tag);
        return rest;
    }

    private static void refuseTags(VerifierEnv env, int index, Set<Tag> tags) {
        if (!tags.isEmpty()) {
            throw env.reject(Errno.EINVAL, "arg#%d has invalid combination of tags", index);
        }
    }

    private static SubprogArg untrusted(VerifierEnv env, int index, int target, Set<Tag> tags) {
        if (tags.size() > 1) {
            throw env.reject(Errno.EINVAL, "arg#%d untrusted cannot be combined with any other tags", index);
        }
        return switch (env.btf().resolved(target)) {
            case BtfType.Void type ->
                new SubprogArg(SubprogArg.Kind.MEM, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED, 0, 0);
            case BtfType.Int type ->
                new SubprogArg(SubprogArg.Kind.MEM, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED, 0, 0);
            case BtfType.Enum type ->
                new SubprogArg(SubprogArg.Kind.MEM, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED, 0, 0);
            default ->
                new SubprogArg(SubprogArg.Kind.BTF_ID, TypeFlags.PTR_UNTRUSTED, 0, kernelStruct(env, index, target));
        };
    }

    private static SubprogArg memory(VerifierEnv env, int index, int target, Set<Tag> tags) {
        if (tags.contains(Tag.NULLABLE)) {
            refuseTags(env, index, tags);
        }
        Btf btf = env.btf();
        BtfType type = btf.resolved(target);
        long size = btf.sizeOf(target);
        if (size < 0) {
            throw env.reject(
                    Errno.EINVAL,
                    "arg#%d reference type('%s %s') size cannot be determined: %d",
                    index,
                    kindName(type),
                    type.name(),
                    -Errno.EINVAL);
        }
        return new SubprogArg(SubprogArg.Kind.MEM, tags.contains(Tag.NONNULL) ? 0 : TypeFlags.PTR_MAYBE_NULL, size, 0);
    }

    private static int kernelStruct(VerifierEnv env, int index, int target) {
        Btf kernel = env.kernelTypes();
        if (kernel.size() <= 1) {
            throw new UnsupportedFeature("a trusted argument without kernel types is not supported");
        }
        BtfType type = env.btf().resolved(target);
        String name = type.name();
        int flavor = name.indexOf("___");
        int id = kernel.find(flavor > 0 ? name.substring(0, flavor) : name, BtfType.Composite.class);
        if (id == 0) {
            throw env.reject(
                    Errno.ENOENT, "arg#%d reference type('%s %s') has no matches", index, kindName(type), name);
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
    public static boolean returnsVoid(VerifierEnv env, int number) {
        Btf btf = env.btf();
        return btf.type(env.subprog(number).btfFuncId) instanceof BtfType.Func func
                && btf.type(func.protoTypeId()) instanceof BtfType.FuncProto proto
                && btf.resolved(proto.returnTypeId()) instanceof BtfType.Void;
    }
}
