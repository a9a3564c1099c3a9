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
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.flow.TargetProgram;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.LsmHooks;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ProgramRules.Property;
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

    /** A function of every kernel that loads programs. */
    private static final String VERIFIER = "bpf_check";

    private AttachTargets() {}

    private static boolean isOfMany(AttachType type) {
        return switch (type) {
            case TRACE_FENTRY_MULTI, TRACE_FEXIT_MULTI, TRACE_FSESSION_MULTI -> true;
            default -> false;
        };
    }

    /** Sets {@link ProgramUnit#attachTarget}. */
    public static void check(ProgramUnit unit, VerifierLog log) {
        Program program = unit.program();
        if (isMissing(unit, program.type())) {
            throw log.reject(Errno.EINVAL, Message.PROGRAM_TYPE_UNKNOWN, program.name());
        }
        if (program.type() == ProgType.STRUCT_OPS && !unit.isExtension()) {
            unit.attachTarget = StructOpsTargets.resolve(unit, log);
            return;
        }
        TargetProgram target = unit.targetProgram();
        if (target != null && ProgramTargets.isMeant(unit)) {
            unit.attachTarget = ProgramTargets.resolve(unit, log, target);
            return;
        }
        if (program.type() == ProgType.EXT) {
            named(unit, log, program.attachTarget());
            throw log.reject(Errno.EINVAL, Message.REPLACED_PROGRAM_NOT_SET, program.name());
        }
        if (program.type() != ProgType.TRACING && program.type() != ProgType.LSM) {
            return;
        }
        String name = program.attachTarget();
        refuseUnknown(unit, program, log);
        switch (program.attachType()) {
            case TRACE_FENTRY_MULTI, TRACE_FEXIT_MULTI, TRACE_FSESSION_MULTI ->
                unit.attachTarget = known(unit, KernelHook.Kind.FUNCTION, MULTI);
            case TRACE_RAW_TP -> unit.attachTarget = tracepoint(unit, log, named(unit, log, name));
            case TRACE_ITER -> unit.attachTarget = iterator(unit, log, named(unit, log, name));
            default -> {
                String prefix = program.type() == ProgType.LSM ? LsmHooks.PREFIX : "";
                unit.attachTarget = function(unit, log, prefix, named(unit, log, name));
            }
        }
    }

    private static void refuseUnknown(ProgramUnit unit, Program program, VerifierLog log) {
        if (program.attachType() == AttachType.TRACE_FSESSION && !unit.kernel().has(KernelRule.FUNCTION_SESSIONS)) {
            throw log.reject(Errno.EINVAL, Message.PROGRAM_TYPE_UNKNOWN, program.name());
        }
        if (isOfMany(program.attachType()) && !unit.kernel().has(KernelRule.PROGRAMS_OF_MANY_FUNCTIONS)) {
            throw log.reject(Errno.EINVAL, Message.TRACING_WITHOUT_TARGET);
        }
    }

    /** Returns whether the types are those of a whole kernel, one that was built without programs of the type. */
    private static boolean isMissing(ProgramUnit unit, ProgType type) {
        String function = unit.kernel().programTypes().builtWith(type);
        return function != null
                && unit.kernelTypes().find(function, BtfType.Func.class) <= 0
                && unit.kernelTypes().find(VERIFIER, BtfType.Func.class) > 0;
    }

    static String named(ProgramUnit unit, VerifierLog log, @Nullable String target) {
        if (target == null) {
            throw log.reject(
                    Errno.EINVAL, Message.NO_ATTACH_TARGET, unit.program().name());
        }
        return target;
    }

    /** The target; names what is missing if nothing is known of it. */
    static AttachTarget require(ProgramUnit unit) {
        AttachTarget target = unit.attachTarget;
        if (target == null) {
            throw new UnsupportedFeature("the context of section "
                    + unit.program().section() + " without the kernel's types is not supported");
        }
        return target;
    }

    /** Returns whether the kernel's types are at hand. */
    static boolean hasTypes(ProgramUnit unit) {
        return unit.kernelTypes().size() > 1;
    }

    /** Returns whether the kernel guarantees that objects that are passed as arguments are valid. */
    static boolean trustsArguments(ProgramUnit unit) {
        Program program = unit.program();
        return program.type() == ProgType.LSM
                ? unit.kernel().lsmHooks().isTrusted(require(unit).name())
                : unit.has(Property.TRUSTED_ARGUMENTS);
    }

    private static @Nullable AttachTarget tracepoint(ProgramUnit unit, VerifierLog log, String name) {
        Btf btf = unit.kernelTypes();
        int id = 0;
        if (hasTypes(unit)) {
            id = find(unit, log, TRACEPOINT_PREFIX, name, BtfType.Typedef.class);
        }
        if (unit.program().sleepable() && !unit.kernel().rawTracepoints().isFaultable(name)) {
            throw log.reject(Errno.EINVAL, Message.SLEEPABLE_AT_NON_FAULTABLE_TRACEPOINT, name);
        }
        if (!hasTypes(unit)) {
            return known(unit, KernelHook.Kind.TRACEPOINT, name);
        }
        if (btf.type(id) instanceof BtfType.Typedef typedef
                && btf.type(typedef.typeId()) instanceof BtfType.Ptr pointer
                && btf.type(pointer.typeId()) instanceof BtfType.FuncProto proto) {
            return new AttachTarget(btf, name, template(btf, name, proto), true, List.of());
        }
        throw log.reject(Errno.EINVAL);
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
        for (int id : btf.beginningWith(TEMPLATE_PREFIX)) {
            if (btf.type(id) instanceof BtfType.Func) {
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

    private static @Nullable AttachTarget iterator(ProgramUnit unit, VerifierLog log, String name) {
        if (!hasTypes(unit)) {
            AttachTarget target = known(unit, KernelHook.Kind.FUNCTION, ITER_PREFIX + name);
            return target == null || !IteratorTargets.areDeclaredWhole(unit, name, target.proto())
                    ? null
                    : target.with(IteratorTargets.arguments(unit, name, target.btf(), target.proto()));
        }
        int id = find(unit, log, ITER_PREFIX, name, BtfType.Func.class);
        BtfType.FuncProto proto = protoOf(unit.kernelTypes(), id);
        checkPrototype(log, unit.kernelTypes(), ITER_PREFIX + name, proto);
        List<AttachTarget.Argument> arguments = IteratorTargets.arguments(unit, name, unit.kernelTypes(), proto);
        return new AttachTarget(unit.kernelTypes(), ITER_PREFIX + name, proto, false, arguments);
    }

    private static @Nullable AttachTarget function(ProgramUnit unit, VerifierLog log, String prefix, String shortName) {
        String name = prefix + shortName;
        Btf btf = unit.kernelTypes();
        AttachTarget target;
        int id = 0;
        if (hasTypes(unit)) {
            id = find(unit, log, prefix, shortName, BtfType.Func.class);
            BtfType.FuncProto proto = implementation(unit, log, name, id);
            checkPrototype(log, btf, name, proto);
            target = new AttachTarget(btf, name, proto, false, List.of());
        } else {
            target = known(unit, KernelHook.Kind.FUNCTION, name);
        }
        if (unit.kernel().functions().hasNoAddress(name)) {
            throw log.reject(Errno.ENOENT, Message.TARGET_WITHOUT_ADDRESS, name);
        }
        boolean isLsm = unit.program().type() == ProgType.LSM;
        checkSleeping(unit, log, name, isLsm);
        if (isLsm) {
            checkLsm(unit, log, name, id);
        } else if (unit.kernel().functions().isDenied(name)) {
            throw log.reject(Errno.EINVAL, Message.TRACING_FUNCTION_REJECTED, name);
        }
        if (unit.has(Property.SEES_RETURN) && unit.kernel().functions().neverReturns(name)) {
            throw log.reject(Errno.EINVAL, Message.NORETURN_FUNCTION_REJECTED, name);
        }
        return target;
    }

    private static void checkSleeping(ProgramUnit unit, VerifierLog log, String name, boolean isLsm) {
        if (unit.program().sleepable()) {
            boolean allowed = isLsm
                    ? unit.kernel().lsmHooks().isSleepable(name)
                    : unit.kernel().functions().isSleepable(name);
            if (!allowed) {
                throw log.reject(Errno.EINVAL, Message.TARGET_NOT_SLEEPABLE, name);
            }
        } else if (unit.program().attachType() == AttachType.MODIFY_RETURN
                && !unit.kernel().functions().isModifiable(name)) {
            throw log.reject(Errno.EINVAL, Message.TARGET_NOT_MODIFIABLE, name);
        }
    }

    private static void checkLsm(ProgramUnit unit, VerifierLog log, String name, int id) {
        if (!unit.object().isGplCompatible()) {
            throw log.reject(Errno.EINVAL, Message.LSM_NEEDS_GPL);
        }
        if (unit.kernel().lsmHooks().isDisabled(name)) {
            throw log.reject(Errno.EINVAL, Message.LSM_HOOK_DISABLED, id, name);
        }
        if (!unit.kernel().lsmHooks().exists(name)) {
            throw log.reject(Errno.EINVAL, Message.ATTACH_BTF_ID_WRONG_NAME, id, name);
        }
    }

    /** The prototype of what is called in the end: some kernel functions get arguments that callers do not pass. */
    private static BtfType.FuncProto implementation(ProgramUnit unit, VerifierLog log, String name, int id) {
        Btf btf = unit.kernelTypes();
        Kfunc kfunc = unit.kernel().kfuncs().find(name);
        if (kfunc == null || !kfunc.has(Kfunc.Flag.IMPLICIT_ARGS)) {
            return protoOf(btf, id);
        }
        int implementation = btf.find(name + "_impl", BtfType.Func.class);
        if (implementation == 0) {
            throw log.reject(Errno.EINVAL);
        }
        return protoOf(btf, implementation);
    }

    /** Linux's {@code btf_distill_func_proto}. */
    static void checkPrototype(VerifierLog log, Btf btf, String name, BtfType.FuncProto proto) {
        int count = proto.params().size();
        if (count > KernelLimits.MAX_BPF_FUNC_ARGS) {
            throw log.reject(Errno.EINVAL, Message.TARGET_TOO_MANY_ARGUMENTS, name, count);
        }
        BtfType result = btf.resolved(proto.returnTypeId());
        if (size(result) < 0 && !(result instanceof BtfType.Void) || result instanceof BtfType.Composite) {
            throw log.reject(Errno.EINVAL, Message.TARGET_RETURN_TYPE_UNSUPPORTED, name, kindName(result));
        }
        for (int i = 0; i < count; i++) {
            int typeId = proto.params().get(i).typeId();
            if (i == count - 1 && typeId == 0) {
                throw log.reject(Errno.EINVAL, Message.TARGET_VARIABLE_ARGS_UNSUPPORTED, name);
            }
            BtfType type = btf.resolved(typeId);
            long bytes = size(type);
            if (bytes < 0 || bytes > MAX_ARG_BYTES) {
                throw log.reject(Errno.EINVAL, Message.TARGET_ARG_TYPE_UNSUPPORTED, name, i, kindName(type));
            }
            if (bytes == 0) {
                throw log.reject(Errno.EINVAL, Message.TARGET_MALFORMED_VOID_ARGUMENT, name);
            }
        }
    }

    static long size(BtfType type) {
        return switch (type) {
            case BtfType.Ptr _ -> Long.BYTES;
            case BtfType.Int number -> number.sizeBytes();
            case BtfType.Enum number -> number.sizeBytes();
            case BtfType.Composite struct -> struct.sizeBytes();
            default -> -1;
        };
    }

    static BtfType.FuncProto protoOf(Btf btf, int funcId) {
        if (btf.type(funcId) instanceof BtfType.Func func
                && btf.type(func.protoTypeId()) instanceof BtfType.FuncProto p) {
            return p;
        }
        throw new IllegalArgumentException("type " + funcId + " is no function");
    }

    private static @Nullable AttachTarget known(ProgramUnit unit, KernelHook.Kind kind, String name) {
        KernelHook hook = KernelHook.find(kind, name);
        return hook == null
                ? null
                : new AttachTarget(
                        unit.kernel().hookTypes().btf(),
                        name,
                        unit.kernel().hookTypes().proto(hook),
                        false,
                        List.of());
    }

    private static int find(
            ProgramUnit unit, VerifierLog log, String prefix, String name, Class<? extends BtfType> shape) {
        int id = unit.kernelTypes().find(prefix + name, shape);
        if (id == 0) {
            throw notFound(unit, log, name);
        }
        return id;
    }

    /** As libbpf says it. */
    private static Rejection notFound(ProgramUnit unit, VerifierLog log, String name) {
        String section = unit.program().section();
        String shown = section.endsWith(":" + name) ? section.substring(section.indexOf('/') + 1) : name;
        return log.reject(
                Errno.ESRCH, Message.ATTACH_TARGET_NOT_FOUND, unit.program().name(), shown, Errno.name(Errno.ESRCH));
    }

    /** Returns what sort of type it is, in the words of Linux's verifier. */
    static String kindName(BtfType type) {
        return type instanceof BtfType.Void ? "UNKNOWN" : Btf.kindName(type).toUpperCase(Locale.ROOT);
    }
}
