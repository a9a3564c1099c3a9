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
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.LsmHooks;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What programs attach to: finds it among the kernel's types, or without those among the hooks that are known anyhow, and
 * refuses what Linux's {@code bpf_check_attach_target} refuses.
 */
public final class AttachTargets {
    private static final int MAX_ARG_BYTES = 16;
    private static final String TRACEPOINT_PREFIX = "btf_trace_";
    private static final String TEMPLATE_PREFIX = "__bpf_trace_";
    private static final String MULTI = "bpf_multi_func";
    private static final String ITER_PREFIX = "bpf_iter_";

    private AttachTargets() {}

    /** Sets {@link VerifierEnv#attachTarget}. */
    public static void check(VerifierEnv env) {
        Program program = env.program();
        if (program.type() == ProgType.STRUCT_OPS) {
            env.attachTarget = StructOpsTargets.resolve(env);
            return;
        }
        if (program.type() != ProgType.TRACING && program.type() != ProgType.LSM) {
            return;
        }
        String target = program.attachTarget();
        switch (program.attachType()) {
            case TRACE_FENTRY_MULTI, TRACE_FEXIT_MULTI, TRACE_FSESSION_MULTI ->
                env.attachTarget = known(env, KernelHook.Kind.FUNCTION, MULTI);
            case TRACE_RAW_TP -> env.attachTarget = tracepoint(env, named(env, target));
            case TRACE_ITER -> env.attachTarget = iterator(env, named(env, target));
            default -> {
                String prefix = program.type() == ProgType.LSM ? LsmHooks.PREFIX : "";
                env.attachTarget = function(env, prefix, named(env, target));
            }
        }
    }

    private static String named(VerifierEnv env, @Nullable String target) {
        if (target == null) {
            throw env.reject(
                    Errno.EINVAL,
                    "prog '%s': no BTF-based attach target is specified, use bpf_program__set_attach_target()",
                    env.program().name());
        }
        return target;
    }

    /** The target; names what is missing if nothing is known of it. */
    static AttachTarget require(VerifierEnv env) {
        AttachTarget target = env.attachTarget;
        if (target == null) {
            throw new UnsupportedFeature("the context of section "
                    + env.program().section() + " without the kernel's types is not supported");
        }
        return target;
    }

    /** Returns whether the kernel's types are at hand. */
    static boolean hasTypes(VerifierEnv env) {
        return env.kernelTypes().size() > 1;
    }

    /** Returns whether the kernel guarantees that objects that are passed as arguments are valid. */
    static boolean trustsArguments(VerifierEnv env) {
        AttachType attach = env.program().attachType();
        return switch (env.program().type()) {
            case TRACING -> attach == AttachType.TRACE_RAW_TP || attach == AttachType.TRACE_ITER;
            case LSM -> env.kernel().lsmHooks().isTrusted(require(env).name());
            case STRUCT_OPS -> true;
            default -> false;
        };
    }

    private static @Nullable AttachTarget tracepoint(VerifierEnv env, String name) {
        Btf btf = env.kernelTypes();
        int id = 0;
        if (hasTypes(env)) {
            id = find(env, TRACEPOINT_PREFIX, name, BtfType.Typedef.class);
        }
        if (env.program().sleepable() && !env.kernel().rawTracepoints().isFaultable(name)) {
            throw env.reject(Errno.EINVAL, "Sleepable program cannot attach to non-faultable tracepoint %s", name);
        }
        if (!hasTypes(env)) {
            return known(env, KernelHook.Kind.TRACEPOINT, name);
        }
        if (btf.type(id) instanceof BtfType.Typedef typedef
                && btf.type(typedef.typeId()) instanceof BtfType.Ptr pointer
                && btf.type(pointer.typeId()) instanceof BtfType.FuncProto proto) {
            return new AttachTarget(btf, name, template(btf, name, proto), true, List.of());
        }
        throw env.reject(Errno.EINVAL);
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

    private static @Nullable AttachTarget iterator(VerifierEnv env, String name) {
        if (!hasTypes(env)) {
            AttachTarget target = known(env, KernelHook.Kind.FUNCTION, ITER_PREFIX + name);
            return target == null || !IteratorTargets.areDeclaredWhole(env, name, target.proto())
                    ? null
                    : target.with(IteratorTargets.arguments(env, name, target.btf(), target.proto()));
        }
        int id = find(env, ITER_PREFIX, name, BtfType.Func.class);
        BtfType.FuncProto proto = protoOf(env.kernelTypes(), id);
        checkPrototype(env, ITER_PREFIX + name, proto);
        List<AttachTarget.Argument> arguments = IteratorTargets.arguments(env, name, env.kernelTypes(), proto);
        return new AttachTarget(env.kernelTypes(), ITER_PREFIX + name, proto, false, arguments);
    }

    private static @Nullable AttachTarget function(VerifierEnv env, String prefix, String shortName) {
        String name = prefix + shortName;
        Btf btf = env.kernelTypes();
        AttachTarget target;
        int id = 0;
        if (hasTypes(env)) {
            id = find(env, prefix, shortName, BtfType.Func.class);
            BtfType.FuncProto proto = implementation(env, name, id);
            checkPrototype(env, name, proto);
            target = new AttachTarget(btf, name, proto, false, List.of());
        } else {
            target = known(env, KernelHook.Kind.FUNCTION, name);
        }
        boolean isLsm = env.program().type() == ProgType.LSM;
        checkSleeping(env, name, isLsm);
        if (isLsm) {
            checkLsm(env, name, id);
        } else if (env.kernel().functions().isDenied(name)) {
            throw env.reject(Errno.EINVAL, "Attaching tracing programs to function '%s' is rejected.", name);
        }
        if (seesReturn(env.program().attachType()) && env.kernel().functions().neverReturns(name)) {
            throw env.reject(
                    Errno.EINVAL, "Attaching fexit/fsession/fmod_ret to __noreturn function '%s' is rejected.", name);
        }
        return target;
    }

    private static void checkSleeping(VerifierEnv env, String name, boolean isLsm) {
        if (env.program().sleepable()) {
            boolean allowed = isLsm
                    ? env.kernel().lsmHooks().isSleepable(name)
                    : env.kernel().functions().isSleepable(name);
            if (!allowed) {
                throw env.reject(Errno.EINVAL, "%s is not sleepable", name);
            }
        } else if (env.program().attachType() == AttachType.MODIFY_RETURN
                && !env.kernel().functions().isModifiable(name)) {
            throw env.reject(Errno.EINVAL, "%s() is not modifiable", name);
        }
    }

    private static void checkLsm(VerifierEnv env, String name, int id) {
        if (!env.object().isGplCompatible()) {
            throw env.reject(Errno.EINVAL, "LSM programs must have a GPL compatible license");
        }
        if (env.kernel().lsmHooks().isDisabled(name)) {
            throw env.reject(Errno.EINVAL, "attach_btf_id %d points to disabled hook %s", id, name);
        }
        if (!env.kernel().lsmHooks().exists(name)) {
            throw env.reject(Errno.EINVAL, "attach_btf_id %d points to wrong type name %s", id, name);
        }
    }

    private static boolean seesReturn(AttachType attach) {
        return switch (attach) {
            case TRACE_FEXIT, TRACE_FSESSION, TRACE_FSESSION_MULTI, MODIFY_RETURN -> true;
            default -> false;
        };
    }

    /** The prototype of what is called in the end: some kernel functions get arguments that callers do not pass. */
    private static BtfType.FuncProto implementation(VerifierEnv env, String name, int id) {
        Btf btf = env.kernelTypes();
        Kfunc kfunc = env.kernel().kfuncs().find(name);
        if (kfunc == null || !kfunc.has(Kfunc.Flag.IMPLICIT_ARGS)) {
            return protoOf(btf, id);
        }
        int implementation = btf.find(name + "_impl", BtfType.Func.class);
        if (implementation == 0) {
            throw env.reject(Errno.EINVAL);
        }
        return protoOf(btf, implementation);
    }

    /** Linux's {@code btf_distill_func_proto}. */
    private static void checkPrototype(VerifierEnv env, String name, BtfType.FuncProto proto) {
        Btf btf = env.kernelTypes();
        int count = proto.params().size();
        if (count > KernelLimits.MAX_BPF_FUNC_ARGS) {
            throw env.reject(Errno.EINVAL, "The function %s has %d arguments. Too many.", name, count);
        }
        BtfType result = btf.resolved(proto.returnTypeId());
        if (size(result) < 0 && !(result instanceof BtfType.Void) || result instanceof BtfType.Composite) {
            throw env.reject(Errno.EINVAL, "The function %s return type %s is unsupported.", name, kindName(result));
        }
        for (int i = 0; i < count; i++) {
            int typeId = proto.params().get(i).typeId();
            if (i == count - 1 && typeId == 0) {
                throw env.reject(Errno.EINVAL, "The function %s with variable args is unsupported.", name);
            }
            BtfType type = btf.resolved(typeId);
            long bytes = size(type);
            if (bytes < 0 || bytes > MAX_ARG_BYTES) {
                throw env.reject(
                        Errno.EINVAL, "The function %s arg%d type %s is unsupported.", name, i, kindName(type));
            }
            if (bytes == 0) {
                throw env.reject(Errno.EINVAL, "The function %s has malformed void argument.", name);
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

    private static @Nullable AttachTarget known(VerifierEnv env, KernelHook.Kind kind, String name) {
        KernelHook hook = KernelHook.find(kind, name);
        return hook == null
                ? null
                : new AttachTarget(
                        env.kernel().hookTypes().btf(),
                        name,
                        env.kernel().hookTypes().proto(hook),
                        false,
                        List.of());
    }

    private static int find(VerifierEnv env, String prefix, String name, Class<? extends BtfType> shape) {
        int id = env.kernelTypes().find(prefix + name, shape);
        if (id == 0) {
            throw notFound(env, name);
        }
        return id;
    }

    /** As libbpf says it. */
    private static Rejection notFound(VerifierEnv env, String name) {
        return env.reject(
                Errno.ESRCH,
                "prog '%s': failed to find kernel BTF type ID of '%s': -%s",
                env.program().name(),
                name,
                Errno.name(Errno.ESRCH));
    }

    /** Returns what sort of type it is, in the words of Linux's verifier. */
    static String kindName(BtfType type) {
        return type instanceof BtfType.Void ? "UNKNOWN" : Btf.kindName(type).toUpperCase(Locale.ROOT);
    }
}
