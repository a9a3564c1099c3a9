package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncArgKind;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import java.util.List;

/**
 * Arguments of kernel functions.
 *
 * <p>A number must be a number, and a constant where the declaration says so. A pointer is null only where that is
 * allowed, is a reference if the function releases it, and is of one {@link KfuncArgKind kind}: the declaration tells it,
 * by the table of kinds, or else the register that is passed does. The kind decides whether the object must be trusted, at
 * which offsets the pointer may be, and what else is checked: see {@link KfuncPointers}.
 */
final class KfuncArgs {

    private final KfuncPointers pointers;

    KfuncArgs(MemoryAccess memory) {
        pointers = new KfuncPointers(memory);
    }

    /** An argument that is passed in a register. */
    record Arg(int index, int regno, String name, Kfunc.Param param, RegState reg) {}

    void check(VerifierEnv env, KfuncMeta meta, int insnIndex) {
        List<Kfunc.Param> params = meta.kfunc.params();
        if (params.size() > KernelLimits.MAX_BPF_FUNC_REG_ARGS) {
            throw new UnsupportedFeature("kfunc " + meta.kfunc.name() + " is not supported");
        }
        int index = 0;
        while (index < params.size()) {
            index += check(env, meta, index, insnIndex);
        }
    }

    /** Checks an argument; returns for how many this was the check. */
    private int check(VerifierEnv env, KfuncMeta meta, int index, int insnIndex) {
        Kfunc.Param param = meta.kfunc.params().get(index);
        boolean implicit = meta.kfunc.has(Kfunc.Flag.IMPLICIT_ARGS) && index >= meta.kfunc.explicitParams();
        if (implicit || param.type().pointsTo("bpf_prog_aux") || param.hasSuffix("__ign")) {
            return 1;
        }
        int regno = index + 1;
        Arg arg = new Arg(index, regno, Registers.name(regno), param, env.reg(regno));
        if (param.type().isScalar()) {
            scalar(env, arg, meta);
            return 1;
        }
        return pointer(env, arg, meta, insnIndex) == KfuncArgKind.SIZED_MEMORY ? 2 : 1;
    }

    private static void scalar(VerifierEnv env, Arg arg, KfuncMeta meta) {
        if (!arg.reg.isScalar()) {
            throw env.reject(Errno.EINVAL, "%s is not a scalar", arg.name);
        }
        if (arg.param.hasSuffix("__k")) {
            if (!arg.reg.isConst()) {
                throw env.reject(Errno.EINVAL, "%s must be a known constant", arg.name);
            }
            env.services().precision().markChain(env, arg.regno);
            meta.constantFound = true;
            meta.constant = arg.reg.constValue();
            return;
        }
    }

    private KfuncArgKind pointer(VerifierEnv env, Arg arg, KfuncMeta meta, int insnIndex) {
        boolean released = arg.regno == meta.releaseRegno();
        checkNull(env, arg);
        noteReference(env, arg, meta, released);
        KfuncArgKind kind = kindOf(env, arg, meta.kfunc);
        if (kind == KfuncArgKind.NULL) {
            return kind;
        }
        if (kind == KfuncArgKind.MAP) {
            map(env, arg, meta);
        }
        if (kind.isTrusted()) {
            trust(env, arg, meta);
        }
        ArgType offsets = ArgType.of(kind.offsetRule(), released ? TypeFlags.OBJ_RELEASE : 0);
        ArgOffsets.check(env, arg.reg, arg.name, offsets, kind != KfuncArgKind.REFCOUNTED);
        pointers.check(env, arg, meta, kind, insnIndex);
        return kind;
    }

    private static void checkNull(VerifierEnv env, Arg arg) {
        boolean maybe = arg.reg.isNull() || arg.reg.mayBeNull();
        if (maybe && !arg.param.hasSuffix("__nullable")) {
            throw env.reject(Errno.EACCES, "Possibly NULL pointer passed to trusted %s", arg.name);
        }
    }

    private static void noteReference(VerifierEnv env, Arg arg, KfuncMeta meta, boolean released) {
        if (env.state().hasReference(arg.reg.id())) {
            meta.objectId = arg.reg.id();
        } else if (released && arg.param.kind() != KfuncArgKind.DYNPTR && !arg.reg.isNull()) {
            throw env.reject(
                    Errno.EINVAL,
                    "release kfunc %s expects referenced PTR_TO_BTF_ID passed to %s",
                    meta.kfunc.name(),
                    arg.name);
        }
    }

    private static void trust(VerifierEnv env, Arg arg, KfuncMeta meta) {
        if (Registers.isTrusted(env, arg.reg)) {
            return;
        }
        if (!meta.kfunc.has(Kfunc.Flag.RCU)) {
            throw env.reject(Errno.EINVAL, "%s must be referenced or trusted", arg.name);
        }
        if (!arg.reg.hasFlag(TypeFlags.MEM_RCU)) {
            throw env.reject(Errno.EINVAL, "%s must be a rcu pointer", arg.name);
        }
    }

    private static KfuncArgKind kindOf(VerifierEnv env, Arg arg, Kfunc kfunc) {
        if (kfunc.has(Trait.TAKES_CONTEXT) || isContext(env, arg.param.type())) {
            return KfuncArgKind.CONTEXT;
        }
        boolean sized = isSized(env, arg, kfunc);
        if (arg.reg.isNull() && !sized && arg.param.hasSuffix("__nullable")) {
            return KfuncArgKind.NULL;
        }
        KfuncArgKind declared = arg.param.kind();
        if (declared != null) {
            return declared;
        }
        return switch (arg.reg.type()) {
            case PTR_TO_BTF_ID, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, CONST_PTR_TO_MAP ->
                object(env, arg, kfunc);
            default -> arg.param.type().isFunctionPointer() ? KfuncArgKind.CALLBACK : memory(env, arg, sized);
        };
    }

    private static boolean isContext(VerifierEnv env, KernelType type) {
        ProgType program = env.program().type();
        boolean perfRegisters = program == ProgType.PERF_EVENT && type.name().equals("pt_regs");
        return type.isStructPointer()
                && (perfRegisters || env.kernel().programTypes().isContext(type.name(), program));
    }

    private static KfuncArgKind object(VerifierEnv env, Arg arg, Kfunc kfunc) {
        KernelType type = arg.param.type();
        if (!type.isStructPointer()) {
            throw env.reject(
                    Errno.EINVAL,
                    "kernel function %s %s pointer type %s is not supported",
                    kfunc.name(),
                    arg.name,
                    type.pointee().display());
        }
        return KfuncArgKind.OBJECT;
    }

    /** Memory: of numbers, and of anything if an argument says its size. */
    private static KfuncArgKind memory(VerifierEnv env, Arg arg, boolean sized) {
        KernelType pointee = arg.param.type().pointee();
        boolean plainStruct = pointee.shape() == KernelType.Shape.STRUCT && pointee.pointers() == 0;
        boolean numbers =
                pointee.isScalar() || plainStruct && env.kernel().structs().isScalar(pointee.name());
        if (!numbers && !(sized && pointee.isVoid())) {
            throw env.reject(
                    Errno.EINVAL,
                    "%s pointer type %s must point to %sscalar, or struct with scalar",
                    arg.name,
                    pointee.display(),
                    sized ? "void, " : "");
        }
        return sized ? KfuncArgKind.SIZED_MEMORY : KfuncArgKind.MEMORY;
    }

    /** Returns whether the next argument is the size of the memory. */
    private static boolean isSized(VerifierEnv env, Arg arg, Kfunc kfunc) {
        if (arg.index + 1 >= kfunc.params().size()) {
            return false;
        }
        Kfunc.Param next = kfunc.params().get(arg.index + 1);
        boolean isSize = next.hasSuffix("__sz") || next.hasSuffix("__szk");
        return isSize && next.type().isScalar() && env.reg(arg.regno + 1).isScalar();
    }

    private static void map(VerifierEnv env, Arg arg, KfuncMeta meta) {
        if (!(arg.reg.payload() instanceof RegPayload.MapRef ref)) {
            throw env.reject(Errno.EINVAL, "pointer in %s isn't map pointer", arg.name);
        }
        if (meta.map != null && (meta.map != ref.map() || meta.mapUid != ref.uid())) {
            checkSameMap(env, meta.mapUid, ref);
        }
        meta.map = ref.map();
        meta.mapUid = ref.uid();
    }

    /** Refuses a field and a map that do not belong together. */
    private static void checkSameMap(VerifierEnv env, int fieldUid, RegPayload.MapRef map) {
        if (map.map().hasField(BtfField.Kind.BPF_TASK_WORK)) {
            throw env.reject(
                    Errno.EINVAL,
                    "bpf_task_work pointer in R2 map_uid=%d doesn't match map pointer in R3 map_uid=%d",
                    fieldUid,
                    map.uid());
        }
        if (map.map().hasField(BtfField.Kind.BPF_WORKQUEUE)) {
            throw env.reject(
                    Errno.EINVAL,
                    "workqueue pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d",
                    fieldUid,
                    map.uid());
        }
    }
}
