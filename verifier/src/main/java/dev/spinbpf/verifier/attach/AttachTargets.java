package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelHook;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.LsmHooks;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The targets that programs attach to: finds one among the kernel's types, or without those among the hooks that are known anyhow, and
 * refuses what Linux's {@code bpf_check_attach_target} refuses.
 */
public final class AttachTargets {
    private static final int MAX_ARG_BYTES = 16;
    private static final String TRACEPOINT_PREFIX = "btf_trace_";
    private static final String TEMPLATE_PREFIX = "__bpf_trace_";
    private static final String MULTI = "bpf_multi_func";
    private static final String ITER_PREFIX = "bpf_iter_";

    private AttachTargets() {}

    /** Sets {@link ProgramUnit#attachTarget}. */
    public static void check(Exploration path) {
        Program program = path.unit().program();
        if (program.type() == ProgType.STRUCT_OPS) {
            path.unit().attachTarget = StructOpsTargets.resolve(path);
            return;
        }
        if (program.type() != ProgType.TRACING && program.type() != ProgType.LSM) {
            return;
        }
        String target = program.attachTarget();
        switch (program.attachType()) {
            case TRACE_FENTRY_MULTI, TRACE_FEXIT_MULTI, TRACE_FSESSION_MULTI ->
                path.unit().attachTarget = known(path, KernelHook.Kind.FUNCTION, MULTI);
            case TRACE_RAW_TP -> path.unit().attachTarget = tracepoint(path, named(path, target));
            case TRACE_ITER -> path.unit().attachTarget = iterator(path, named(path, target));
            default -> {
                String prefix = program.type() == ProgType.LSM ? LsmHooks.PREFIX : "";
                path.unit().attachTarget = function(path, prefix, named(path, target));
            }
        }
    }

    private static String named(Exploration path, @Nullable String target) {
        if (target == null) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.NO_ATTACH_TARGET,
                    path.unit().program().name());
        }
        return target;
    }

    /** The target; names what is missing if nothing is known of it. */
    static AttachTarget require(Exploration path) {
        AttachTarget target = path.unit().attachTarget;
        if (target == null) {
            throw new UnsupportedFeature("the context of section "
                    + path.unit().program().section() + " without the kernel's types is not supported");
        }
        return target;
    }

    /** Returns whether the kernel's types are at hand. */
    static boolean hasTypes(Exploration path) {
        return path.unit().kernelTypes().size() > 1;
    }

    /** Returns whether the kernel guarantees that objects that are passed as arguments are valid. */
    static boolean trustsArguments(Exploration path) {
        AttachType attach = path.unit().program().attachType();
        return switch (path.unit().program().type()) {
            case TRACING -> attach == AttachType.TRACE_RAW_TP || attach == AttachType.TRACE_ITER;
            case LSM -> path.unit().kernel().lsmHooks().isTrusted(require(path).name());
            case STRUCT_OPS -> true;
            default -> false;
        };
    }

    private static @Nullable AttachTarget tracepoint(Exploration path, String name) {
        Btf btf = path.unit().kernelTypes();
        int id = 0;
        if (hasTypes(path)) {
            id = find(path, TRACEPOINT_PREFIX, name, BtfType.Typedef.class);
        }
        if (path.unit().program().sleepable()
                && !path.unit().kernel().rawTracepoints().isFaultable(name)) {
            throw path.reject(Errno.EINVAL, Message.SLEEPABLE_AT_NON_FAULTABLE_TRACEPOINT, name);
        }
        if (!hasTypes(path)) {
            return known(path, KernelHook.Kind.TRACEPOINT, name);
        }
        if (btf.type(id) instanceof BtfType.Typedef typedef
                && btf.type(typedef.typeId()) instanceof BtfType.Ptr pointer
                && btf.type(pointer.typeId()) instanceof BtfType.FuncProto proto) {
            return new AttachTarget(btf, name, template(btf, name, proto), true, List.of());
        }
        throw path.reject(Errno.EINVAL);
    }

    /**
     * The prototype with names of parameters. It is a function's that several tracepoints may share, and the kernel alone
     * knows which; if the tracepoint has none of its own, one with the same types is taken, the most careful of them.
     */
    private static BtfType.FuncProto template(Btf btf, String name, BtfType.FuncProto proto) {
        int own = btf.find(TEMPLATE_PREFIX + name, BtfType.Func.class);
        if (own != 0) {
            return protoOf(btf, own);
        }
        boolean hasStructs = proto.params().stream().anyMatch(param -> isStructPointer(btf, param.typeId()));
        if (!hasStructs) {
            return proto;
        }
        for (int id = 1; id < btf.size(); id++) {
            if (btf.type(id) instanceof BtfType.Func func && func.name().startsWith(TEMPLATE_PREFIX)) {
                BtfType.FuncProto candidate = protoOf(btf, id);
                if (types(candidate).equals(types(proto)) && mayBeNull(candidate)) {
                    return candidate;
                }
            }
        }
        return proto;
    }

    private static boolean isStructPointer(Btf btf, int typeId) {
        return btf.resolved(typeId) instanceof BtfType.Ptr pointer
                && btf.resolved(pointer.typeId()) instanceof BtfType.Composite;
    }

    private static List<Integer> types(BtfType.FuncProto proto) {
        return proto.params().stream().map(BtfType.Param::typeId).toList();
    }

    private static boolean mayBeNull(BtfType.FuncProto proto) {
        return proto.params().stream().anyMatch(param -> param.name().endsWith("__nullable"));
    }

    private static @Nullable AttachTarget iterator(Exploration path, String name) {
        if (!hasTypes(path)) {
            AttachTarget target = known(path, KernelHook.Kind.FUNCTION, ITER_PREFIX + name);
            return target == null || !IteratorTargets.areDeclaredWhole(path, name, target.proto())
                    ? null
                    : target.with(IteratorTargets.arguments(path, name, target.btf(), target.proto()));
        }
        int id = find(path, ITER_PREFIX, name, BtfType.Func.class);
        BtfType.FuncProto proto = protoOf(path.unit().kernelTypes(), id);
        checkPrototype(path, ITER_PREFIX + name, proto);
        List<AttachTarget.Argument> arguments =
                IteratorTargets.arguments(path, name, path.unit().kernelTypes(), proto);
        return new AttachTarget(path.unit().kernelTypes(), ITER_PREFIX + name, proto, false, arguments);
    }

    private static @Nullable AttachTarget function(Exploration path, String prefix, String shortName) {
        String name = prefix + shortName;
        Btf btf = path.unit().kernelTypes();
        AttachTarget target;
        int id = 0;
        if (hasTypes(path)) {
            id = find(path, prefix, shortName, BtfType.Func.class);
            BtfType.FuncProto proto = implementation(path, name, id);
            checkPrototype(path, name, proto);
            target = new AttachTarget(btf, name, proto, false, List.of());
        } else {
            target = known(path, KernelHook.Kind.FUNCTION, name);
        }
        boolean isLsm = path.unit().program().type() == ProgType.LSM;
        checkSleeping(path, name, isLsm);
        if (isLsm) {
            checkLsm(path, name, id);
        } else if (path.unit().kernel().functions().isDenied(name)) {
            throw path.reject(Errno.EINVAL, Message.TRACING_FUNCTION_REJECTED, name);
        }
        if (seesReturn(path.unit().program().attachType())
                && path.unit().kernel().functions().neverReturns(name)) {
            throw path.reject(Errno.EINVAL, Message.NORETURN_FUNCTION_REJECTED, name);
        }
        return target;
    }

    private static void checkSleeping(Exploration path, String name, boolean isLsm) {
        if (path.unit().program().sleepable()) {
            boolean allowed = isLsm
                    ? path.unit().kernel().lsmHooks().isSleepable(name)
                    : path.unit().kernel().functions().isSleepable(name);
            if (!allowed) {
                throw path.reject(Errno.EINVAL, Message.TARGET_NOT_SLEEPABLE, name);
            }
        } else if (path.unit().program().attachType() == AttachType.MODIFY_RETURN
                && !path.unit().kernel().functions().isModifiable(name)) {
            throw path.reject(Errno.EINVAL, Message.TARGET_NOT_MODIFIABLE, name);
        }
    }

    private static void checkLsm(Exploration path, String name, int id) {
        if (!path.unit().object().isGplCompatible()) {
            throw path.reject(Errno.EINVAL, Message.LSM_NEEDS_GPL);
        }
        if (path.unit().kernel().lsmHooks().isDisabled(name)) {
            throw path.reject(Errno.EINVAL, Message.LSM_HOOK_DISABLED, id, name);
        }
        if (!path.unit().kernel().lsmHooks().exists(name)) {
            throw path.reject(Errno.EINVAL, Message.ATTACH_BTF_ID_WRONG_NAME, id, name);
        }
    }

    private static boolean seesReturn(AttachType attach) {
        return switch (attach) {
            case TRACE_FEXIT, TRACE_FSESSION, TRACE_FSESSION_MULTI, MODIFY_RETURN -> true;
            default -> false;
        };
    }

    /** The prototype of what is called in the end: some kernel functions get arguments that callers do not pass. */
    private static BtfType.FuncProto implementation(Exploration path, String name, int id) {
        Btf btf = path.unit().kernelTypes();
        Kfunc kfunc = path.unit().kernel().kfuncs().find(name);
        if (kfunc == null || !kfunc.has(Kfunc.Flag.IMPLICIT_ARGS)) {
            return protoOf(btf, id);
        }
        int implementation = btf.find(name + "_impl", BtfType.Func.class);
        if (implementation == 0) {
            throw path.reject(Errno.EINVAL);
        }
        return protoOf(btf, implementation);
    }

    /** Linux's {@code btf_distill_func_proto}. */
    private static void checkPrototype(Exploration path, String name, BtfType.FuncProto proto) {
        Btf btf = path.unit().kernelTypes();
        int count = proto.params().size();
        if (count > KernelLimits.MAX_BPF_FUNC_ARGS) {
            throw path.reject(Errno.EINVAL, Message.TARGET_TOO_MANY_ARGUMENTS, name, count);
        }
        BtfType result = btf.resolved(proto.returnTypeId());
        if (size(result) < 0 && !(result instanceof BtfType.Void) || result instanceof BtfType.Composite) {
            throw path.reject(Errno.EINVAL, Message.TARGET_RETURN_TYPE_UNSUPPORTED, name, kindName(result));
        }
        for (int i = 0; i < count; i++) {
            int typeId = proto.params().get(i).typeId();
            if (i == count - 1 && typeId == 0) {
                throw path.reject(Errno.EINVAL, Message.TARGET_VARIABLE_ARGS_UNSUPPORTED, name);
            }
            BtfType type = btf.resolved(typeId);
            long bytes = size(type);
            if (bytes < 0 || bytes > MAX_ARG_BYTES) {
                throw path.reject(Errno.EINVAL, Message.TARGET_ARG_TYPE_UNSUPPORTED, name, i, kindName(type));
            }
            if (bytes == 0) {
                throw path.reject(Errno.EINVAL, Message.TARGET_MALFORMED_VOID_ARGUMENT, name);
            }
        }
    }

    private static long size(BtfType type) {
        return switch (type) {
            case BtfType.Ptr _ -> Long.BYTES;
            case BtfType.Int number -> number.sizeBytes();
            case BtfType.Enum number -> number.sizeBytes();
            case BtfType.Composite struct -> struct.sizeBytes();
            default -> -1;
        };
    }

    private static BtfType.FuncProto protoOf(Btf btf, int funcId) {
        if (btf.type(funcId) instanceof BtfType.Func func
                && btf.type(func.protoTypeId()) instanceof BtfType.FuncProto p) {
            return p;
        }
        throw new IllegalArgumentException("type " + funcId + " is no function");
    }

    private static @Nullable AttachTarget known(Exploration path, KernelHook.Kind kind, String name) {
        KernelHook hook = KernelHook.find(kind, name);
        return hook == null
                ? null
                : new AttachTarget(
                        path.unit().kernel().hookTypes().btf(),
                        name,
                        path.unit().kernel().hookTypes().proto(hook),
                        false,
                        List.of());
    }

    private static int find(Exploration path, String prefix, String name, Class<? extends BtfType> shape) {
        int id = path.unit().kernelTypes().find(prefix + name, shape);
        if (id == 0) {
            throw notFound(path, name);
        }
        return id;
    }

    /** As libbpf says it. */
    private static Rejection notFound(Exploration path, String name) {
        return path.reject(
                Errno.ESRCH,
                Message.ATTACH_TARGET_NOT_FOUND,
                path.unit().program().name(),
                name,
                Errno.name(Errno.ESRCH));
    }

    /** Returns what sort of type it is, in the words of Linux's verifier. */
    static String kindName(BtfType type) {
        return type instanceof BtfType.Void ? "UNKNOWN" : Btf.kindName(type).toUpperCase(Locale.ROOT);
    }
}
