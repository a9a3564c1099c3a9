package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncArgKind;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
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

    void check(Exploration path, KfuncMeta meta, int insnIndex) {
        List<Kfunc.Param> params = meta.kfunc.params();
        if (params.size() > KernelLimits.MAX_BPF_FUNC_REG_ARGS) {
            throw new UnsupportedFeature("kfunc " + meta.kfunc.name() + " is not supported");
        }
        int index = 0;
        while (index < params.size()) {
            index += check(path, meta, index, insnIndex);
        }
    }

    /** Checks an argument; returns for how many this was the check. */
    private int check(Exploration path, KfuncMeta meta, int index, int insnIndex) {
        Kfunc.Param param = meta.kfunc.params().get(index);
        boolean implicit = meta.kfunc.has(Kfunc.Flag.IMPLICIT_ARGS) && index >= meta.kfunc.explicitParams();
        if (implicit || param.type().pointsTo("bpf_prog_aux") || param.hasSuffix("__ign")) {
            return 1;
        }
        int regno = index + 1;
        Arg arg = new Arg(index, regno, Registers.name(regno), param, path.reg(regno));
        if (param.type().isScalar()) {
            scalar(path, arg, meta);
            return 1;
        }
        return pointer(path, arg, meta, insnIndex) == KfuncArgKind.SIZED_MEMORY ? 2 : 1;
    }

    private static void scalar(Exploration path, Arg arg, KfuncMeta meta) {
        if (!arg.reg.isScalar()) {
            throw path.reject(Errno.EINVAL, Message.SCALAR_EXPECTED, arg.name);
        }
        if (arg.param.hasSuffix("__k")) {
            if (!arg.reg.isConst()) {
                throw path.reject(Errno.EINVAL, Message.KNOWN_CONSTANT_REQUIRED, arg.name);
            }
            path.services().precision().markChain(path, arg.regno);
            meta.constantFound = true;
            meta.constant = arg.reg.constValue();
            return;
        }
    }

    private KfuncArgKind pointer(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        boolean released = arg.regno == meta.releaseRegno();
        checkNull(path, arg);
        noteReference(path, arg, meta, released);
        KfuncArgKind kind = kindOf(path, arg, meta.kfunc);
        if (kind == KfuncArgKind.NULL) {
            return kind;
        }
        if (kind == KfuncArgKind.MAP) {
            map(path, arg, meta);
        }
        if (kind.isTrusted()) {
            trust(path, arg, meta);
        }
        ArgType offsets = ArgType.of(kind.offsetRule(), released ? TypeFlags.OBJ_RELEASE : 0);
        ArgOffsets.check(path, arg.reg, arg.name, offsets, kind != KfuncArgKind.REFCOUNTED);
        pointers.check(path, arg, meta, kind, insnIndex);
        return kind;
    }

    private static void checkNull(Exploration path, Arg arg) {
        boolean maybe = arg.reg.isNull() || arg.reg.mayBeNull();
        boolean isAllowed = arg.param.hasSuffix("__nullable") || arg.param.kind() == KfuncArgKind.ARENA;
        if (maybe && !isAllowed) {
            throw path.reject(Errno.EACCES, Message.POSSIBLY_NULL_TO_TRUSTED_ARG, arg.name);
        }
    }

    private static void noteReference(Exploration path, Arg arg, KfuncMeta meta, boolean released) {
        if (path.state().hasReference(arg.reg.id())) {
            meta.objectId = arg.reg.id();
        } else if (released && arg.param.kind() != KfuncArgKind.DYNPTR && !arg.reg.isNull()) {
            throw path.reject(Errno.EINVAL, Message.RELEASE_KFUNC_EXPECTS_REFERENCE, meta.kfunc.name(), arg.name);
        }
    }

    private static void trust(Exploration path, Arg arg, KfuncMeta meta) {
        if (Registers.isTrusted(path, arg.reg)) {
            return;
        }
        if (!meta.kfunc.has(Kfunc.Flag.RCU)) {
            throw path.reject(Errno.EINVAL, Message.TRUSTED_POINTER_REQUIRED, arg.name);
        }
        if (!arg.reg.hasFlag(TypeFlags.MEM_RCU)) {
            throw path.reject(Errno.EINVAL, Message.RCU_POINTER_REQUIRED, arg.name);
        }
    }

    private static KfuncArgKind kindOf(Exploration path, Arg arg, Kfunc kfunc) {
        if (kfunc.has(Trait.TAKES_CONTEXT) || isContext(path, arg.param.type())) {
            return KfuncArgKind.CONTEXT;
        }
        boolean sized = isSized(path, arg, kfunc);
        boolean isNone = arg.reg.isNull() && arg.param.kind() != KfuncArgKind.ARENA;
        if (isNone && !sized && arg.param.hasSuffix("__nullable")) {
            return KfuncArgKind.NULL;
        }
        KfuncArgKind declared = arg.param.kind();
        if (declared != null) {
            return declared;
        }
        return switch (arg.reg.type()) {
            case PTR_TO_BTF_ID, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, CONST_PTR_TO_MAP ->
                object(path, arg, kfunc);
            default -> arg.param.type().isFunctionPointer() ? KfuncArgKind.CALLBACK : memory(path, arg, sized);
        };
    }

    private static boolean isContext(Exploration path, KernelType type) {
        ProgType program = path.unit().program().type();
        boolean perfRegisters = program == ProgType.PERF_EVENT && type.name().equals("pt_regs");
        return type.isStructPointer()
                && (perfRegisters || path.unit().kernel().programTypes().isContext(type.name(), program));
    }

    private static KfuncArgKind object(Exploration path, Arg arg, Kfunc kfunc) {
        KernelType type = arg.param.type();
        if (!type.isStructPointer()) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.KFUNC_POINTER_TYPE_NOT_SUPPORTED,
                    kfunc.name(),
                    arg.name,
                    type.pointee().display());
        }
        return KfuncArgKind.OBJECT;
    }

    /** Memory: of numbers, and of anything if an argument says its size. */
    private static KfuncArgKind memory(Exploration path, Arg arg, boolean sized) {
        KernelType pointee = arg.param.type().pointee();
        boolean plainStruct = pointee.shape() == KernelType.Shape.STRUCT && pointee.pointers() == 0;
        boolean numbers = pointee.isScalar()
                || plainStruct && path.unit().kernel().structs().isScalar(pointee.name());
        if (!numbers && !(sized && pointee.isVoid())) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.KFUNC_ARG_MUST_POINT_TO_SCALAR,
                    arg.name,
                    pointee.display(),
                    sized ? "void, " : "");
        }
        return sized ? KfuncArgKind.SIZED_MEMORY : KfuncArgKind.MEMORY;
    }

    /** Returns whether the next argument is the size of the memory. */
    private static boolean isSized(Exploration path, Arg arg, Kfunc kfunc) {
        if (arg.index + 1 >= kfunc.params().size()) {
            return false;
        }
        Kfunc.Param next = kfunc.params().get(arg.index + 1);
        boolean isSize = next.hasSuffix("__sz") || next.hasSuffix("__szk");
        return isSize && next.type().isScalar() && path.reg(arg.regno + 1).isScalar();
    }

    private static void map(Exploration path, Arg arg, KfuncMeta meta) {
        if (!(arg.reg.payload() instanceof RegPayload.MapRef ref)) {
            throw path.reject(Errno.EINVAL, Message.KFUNC_ARG_NOT_MAP_POINTER, arg.name);
        }
        if (meta.map != null && (meta.map != ref.map() || meta.mapUid != ref.uid())) {
            checkSameMap(path, meta.mapUid, ref);
        }
        meta.map = ref.map();
        meta.mapUid = ref.uid();
    }

    /** Refuses a field and a map that do not belong together. */
    private static void checkSameMap(Exploration path, int fieldUid, RegPayload.MapRef map) {
        if (map.map().hasField(BtfField.Kind.BPF_TASK_WORK)) {
            throw path.reject(Errno.EINVAL, Message.TASK_WORK_MAP_MISMATCH, fieldUid, map.uid());
        }
        if (map.map().hasField(BtfField.Kind.BPF_WORKQUEUE)) {
            throw path.reject(Errno.EINVAL, Message.WORKQUEUE_MAP_MISMATCH, fieldUid, map.uid());
        }
    }
}
