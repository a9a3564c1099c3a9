package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncArgKind;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
        boolean byPrototype = isByPrototype(path);
        if (param.type().isScalar()) {
            if (byPrototype && isSize(param)) {
                KfuncPointers.sizeOfMemory(path, arg, meta);
            } else {
                scalar(path, arg, meta);
            }
            return 1;
        }
        return pointer(path, arg, meta, insnIndex) == KfuncArgKind.SIZED_MEMORY && !byPrototype ? 2 : 1;
    }

    private static boolean isByPrototype(Exploration path) {
        return path.unit().kernel().has(KernelRule.KFUNC_ARGS_BY_PROTOTYPE);
    }

    private static boolean isSize(Kfunc.Param param) {
        return param.type().isScalar() && (param.hasSuffix("__sz") || param.hasSuffix("__szk"));
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
        }
    }

    private KfuncArgKind pointer(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        boolean released = arg.regno == meta.releaseRegno();
        checkNull(path, arg);
        noteReference(path, arg, meta, released);
        if (isByPrototype(path) && isNone(arg)) {
            path.services().precision().markChain(path, arg.regno);
            return KfuncArgKind.NULL;
        }
        KfuncArgKind kind = kindOf(path, arg, meta.kfunc);
        if (kind == KfuncArgKind.NULL) {
            return kind;
        }
        if (kind == KfuncArgKind.MAP) {
            boolean mayBeObject = isByPrototype(path)
                    ? !arg.param.hasSuffix("__const_map") && !(arg.reg.payload() instanceof RegPayload.MapRef)
                    : arg.reg.type() == RegType.PTR_TO_BTF_ID;
            if (mayBeObject) {
                kind = KfuncArgKind.OBJECT;
            } else {
                map(path, arg, meta);
            }
        }
        boolean byPrototype = isByPrototype(path);
        if (kind.isTrusted() && !byPrototype) {
            trust(path, arg, meta);
        }
        ArgType offsets = ArgType.of(kind.offsetRule(), released ? TypeFlags.OBJ_RELEASE : 0);
        ArgOffsets.check(path, arg.reg, arg.name, offsets, kind != KfuncArgKind.REFCOUNTED);
        if (kind == KfuncArgKind.OBJECT && byPrototype) {
            trust(path, arg, meta);
        }
        pointers.check(path, arg, meta, kind, insnIndex);
        boolean isCounted = path.state().hasReference(arg.reg.id());
        if (released && kind == KfuncArgKind.OBJECT && !isCounted) {
            throw path.reject(Errno.EINVAL, Message.RELEASE_KFUNC_EXPECTS_COUNTED, meta.kfunc.name());
        }
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
        } else if (released
                && path.unit().kernel().has(KernelRule.REFERENCES_BEFORE_TYPES)
                && arg.param.kind() != KfuncArgKind.DYNPTR
                && !arg.reg.isNull()) {
            throw path.reject(Errno.EINVAL, Message.RELEASE_KFUNC_EXPECTS_REFERENCE, meta.kfunc.name(), arg.name);
        }
    }

    private static void trust(Exploration path, Arg arg, KfuncMeta meta) {
        boolean unsafe = (arg.reg.flags() & ~TypeFlags.REG_TRUSTED_MODIFIERS) != 0;
        if (Registers.isTrusted(path, arg.reg) && !(unsafe && isByPrototype(path))) {
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
        if (isNone(arg) && !sized && arg.param.hasSuffix("__nullable")) {
            return KfuncArgKind.NULL;
        }
        KfuncArgKind declared = arg.param.kind();
        if (declared != null) {
            return declared;
        }
        if (isByPrototype(path)) {
            return kindByPrototype(path, arg, sized);
        }
        if (isObject(arg.reg)) {
            return object(path, arg, kfunc);
        }
        return arg.param.type().isFunctionPointer() ? KfuncArgKind.CALLBACK : memory(path, arg, sized);
    }

    /** Returns true for NULL; in an arena, 0 is an address like others. */
    private static boolean isNone(Arg arg) {
        return arg.reg.isNull() && arg.param.kind() != KfuncArgKind.ARENA;
    }

    private static boolean isObject(RegState reg) {
        return switch (reg.type()) {
            case PTR_TO_BTF_ID, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, CONST_PTR_TO_MAP -> true;
            default -> false;
        };
    }

    /** A pointer to a struct without a size is an object; for a struct of numbers, memory is taken in place of it. */
    private static KfuncArgKind kindByPrototype(Exploration path, Arg arg, boolean sized) {
        KernelType type = arg.param.type();
        if (type.isFunctionPointer()) {
            return KfuncArgKind.CALLBACK;
        }
        if (sized || !type.isStructPointer()) {
            return memory(path, arg, sized);
        }
        if (isObject(arg.reg)) {
            return KfuncArgKind.OBJECT;
        }
        if (!path.unit().kernel().structs().isScalar(type.pointee().name())) {
            String or = otherType(type.pointee().name());
            String wanted = type.pointee().display() + (or == null ? "" : " or " + or);
            throw path.reject(Errno.EINVAL, Message.KFUNC_STRUCT_EXPECTED, arg.name, arg.reg.typeText(), wanted);
        }
        return KfuncArgKind.MEMORY;
    }

    /** The type of registers that are pointers to the struct though they are not called so. */
    private static @Nullable String otherType(String struct) {
        return switch (struct) {
            case "sock" -> RegType.PTR_TO_SOCKET.display();
            case "sock_common" -> RegType.PTR_TO_SOCK_COMMON.display();
            case "tcp_sock" -> RegType.PTR_TO_TCP_SOCK.display();
            case "bpf_map" -> RegType.CONST_PTR_TO_MAP.display();
            default -> null;
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
        boolean numbers = pointee.isScalar()
                || arg.param.type().isStructPointer()
                        && path.unit().kernel().structs().isScalar(pointee.name());
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
        return isSize(next) && (isByPrototype(path) || path.reg(arg.regno + 1).isScalar());
    }

    private static void map(Exploration path, Arg arg, KfuncMeta meta) {
        if (!(arg.reg.payload() instanceof RegPayload.MapRef ref)) {
            throw path.reject(Errno.EINVAL, Message.KFUNC_ARG_NOT_MAP_POINTER, arg.name);
        }
        if (meta.map != null && (meta.map != ref.map() || meta.mapUid != ref.uid())) {
            checkSameMap(path, meta, ref);
        }
        meta.map = ref.map();
        meta.mapUid = ref.uid();
    }

    /** Refuses a field and a map that do not belong together. */
    private static void checkSameMap(Exploration path, KfuncMeta meta, RegPayload.MapRef map) {
        int fieldUid = meta.mapUid;
        MapInfo ofFields = isByPrototype(path) ? Objects.requireNonNull(meta.map) : map.map();
        if (ofFields.hasField(BtfField.Kind.BPF_TASK_WORK)) {
            throw path.reject(Errno.EINVAL, Message.TASK_WORK_MAP_MISMATCH, fieldUid, map.uid());
        }
        if (ofFields.hasField(BtfField.Kind.BPF_WORKQUEUE)) {
            throw path.reject(Errno.EINVAL, Message.WORKQUEUE_MAP_MISMATCH, fieldUid, map.uid());
        }
    }
}
