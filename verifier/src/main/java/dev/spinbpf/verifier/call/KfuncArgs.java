package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.check.HelperMemory;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.object.IrqFlags;
import dev.spinbpf.verifier.object.Iterators;
import dev.spinbpf.verifier.object.KfuncMeta;
import dev.spinbpf.verifier.object.Locks;
import dev.spinbpf.verifier.object.MapFields;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.List;
import java.util.Objects;

/** Arguments of kernel functions: Linux's {@code check_kfunc_args}. */
final class KfuncArgs {

    private final Dynptrs dynptrs;
    private final Iterators iterators;
    private final IrqFlags irqFlags;

    KfuncArgs(MemoryAccess memory) {
        dynptrs = new Dynptrs(memory);
        iterators = new Iterators(memory);
        irqFlags = new IrqFlags(memory);
    }

    /** How a pointer argument is checked: Linux's {@code enum kfunc_ptr_arg_type}. */
    private enum Kind {
        CTX,
        ALLOC_BTF_ID,
        REFCOUNTED_KPTR,
        DYNPTR,
        ITER,
        LIST_HEAD,
        LIST_NODE,
        BTF_ID,
        MEM,
        MEM_SIZE,
        CALLBACK,
        RB_ROOT,
        RB_NODE,
        NULL,
        CONST_STR,
        MAP,
        TIMER,
        WORKQUEUE,
        IRQ_FLAG,
        RES_SPIN_LOCK,
        TASK_WORK
    }

    private record Arg(int index, int regno, String name, Kfunc.Param param, RegState reg) {}

    void check(VerifierEnv env, KfuncMeta meta, int insnIndex) {
        List<Kfunc.Param> params = meta.kfunc.params();
        if (params.size() > KernelLimits.MAX_BPF_FUNC_REG_ARGS) {
            throw new UnsupportedFeature("kfunc " + meta.kfunc.name() + " is not supported");
        }
        for (int i = 0; i < params.size(); i++) {
            Kfunc.Param param = params.get(i);
            if (param.type().pointsTo("bpf_prog_aux")
                    || param.hasSuffix("__ign")
                    || meta.kfunc.has(Kfunc.Flag.IMPLICIT_ARGS) && i >= meta.kfunc.explicitParams()) {
                continue;
            }
            int regno = i + 1;
            Arg arg = new Arg(i, regno, Registers.name(regno), param, env.reg(regno));
            if (param.type().isScalar()) {
                scalar(env, arg, meta);
            } else if (pointer(env, arg, meta, insnIndex)) {
                // The size that follows was checked with the pointer.
                i++;
            }
        }
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

    private boolean pointer(VerifierEnv env, Arg arg, KfuncMeta meta, int insnIndex) {
        RegState reg = arg.reg;
        if ((reg.isNull() || reg.mayBeNull()) && !arg.param.hasSuffix("__nullable")) {
            throw env.reject(Errno.EACCES, "Possibly NULL pointer passed to trusted %s", arg.name);
        }
        boolean referenced = env.state().hasReference(reg.id());
        boolean released = arg.regno == meta.releaseRegno();
        if (released && !arg.param.type().pointsTo("bpf_dynptr") && !referenced && !reg.isNull()) {
            throw env.reject(
                    Errno.EINVAL,
                    "release kfunc %s expects referenced PTR_TO_BTF_ID passed to %s",
                    meta.kfunc.name(),
                    arg.name);
        }
        if (referenced) {
            meta.objectId = reg.id();
        }
        Kind kind = kindOf(env, arg, meta);
        if (kind == Kind.NULL) {
            return false;
        }
        if (kind == Kind.MAP) {
            map(env, arg, meta);
        }
        if (kind == Kind.MAP || kind == Kind.ALLOC_BTF_ID || kind == Kind.BTF_ID) {
            trust(env, arg, meta);
        }
        ArgOffsets.check(env, reg, arg.name, offsetRule(kind, released), kind != Kind.REFCOUNTED_KPTR);
        checkKind(env, arg, meta, kind, insnIndex);
        return kind == Kind.MEM_SIZE;
    }

    private static ArgType offsetRule(Kind kind, boolean released) {
        ArgKind argKind =
                switch (kind) {
                    case DYNPTR -> ArgKind.PTR_TO_DYNPTR;
                    case CTX -> ArgKind.PTR_TO_CTX;
                    case REFCOUNTED_KPTR -> ArgKind.PTR_TO_BTF_ID;
                    default -> ArgKind.DONTCARE;
                };
        return ArgType.of(argKind, released ? TypeFlags.OBJ_RELEASE : 0);
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

    private static Kind kindOf(VerifierEnv env, Arg arg, KfuncMeta meta) {
        Kfunc kfunc = meta.kfunc;
        Kfunc.Param param = arg.param;
        KernelType type = param.type();
        if (kfunc.has(Trait.TAKES_CONTEXT)) {
            return Kind.CTX;
        }
        boolean sized = isSized(env, arg, kfunc);
        ProgType programType = env.program().type();
        boolean perfRegisters =
                programType == ProgType.PERF_EVENT && type.name().equals("pt_regs");
        if (type.isStructPointer() && (env.kernel().programTypes().isContext(type.name(), programType) || perfRegisters)) {
            return Kind.CTX;
        }
        if (param.hasSuffix("__nullable") && arg.reg.isNull() && !sized) {
            return Kind.NULL;
        }
        Kind named = namedKind(arg, kfunc);
        if (named != null) {
            return named;
        }
        boolean object =
                switch (arg.reg.type()) {
                    case PTR_TO_BTF_ID, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, CONST_PTR_TO_MAP -> true;
                    default -> false;
                };
        if (object) {
            if (!type.isStructPointer()) {
                throw env.reject(
                        Errno.EINVAL,
                        "kernel function %s %s pointer type %s is not supported",
                        kfunc.name(),
                        arg.name,
                        type.pointee().display());
            }
            return Kind.BTF_ID;
        }
        if (type.isFunctionPointer()) {
            return Kind.CALLBACK;
        }
        KernelType pointee = type.pointee();
        boolean scalars = pointee.isScalar()
                || pointee.shape() == KernelType.Shape.STRUCT
                        && pointee.pointers() == 0
                        && env.kernel().structs().isScalar(pointee.name());
        if (!scalars && !(sized && pointee.isVoid())) {
            throw env.reject(
                    Errno.EINVAL,
                    "%s pointer type %s must point to %sscalar, or struct with scalar",
                    arg.name,
                    pointee.display(),
                    sized ? "void, " : "");
        }
        return sized ? Kind.MEM_SIZE : Kind.MEM;
    }

    private static boolean isSized(VerifierEnv env, Arg arg, Kfunc kfunc) {
        if (arg.index + 1 >= kfunc.params().size()) {
            return false;
        }
        Kfunc.Param next = kfunc.params().get(arg.index + 1);
        return next.type().isScalar()
                && env.reg(arg.regno + 1).isScalar()
                && (next.hasSuffix("__sz") || next.hasSuffix("__szk"));
    }

    private static @org.jspecify.annotations.Nullable Kind namedKind(Arg arg, Kfunc kfunc) {
        Kfunc.Param param = arg.param;
        KernelType type = param.type();
        if (param.hasSuffix("__alloc")) {
            return Kind.ALLOC_BTF_ID;
        }
        if (param.hasSuffix("__refcounted_kptr")) {
            return Kind.REFCOUNTED_KPTR;
        }
        if (type.pointsTo("bpf_dynptr")) {
            return Kind.DYNPTR;
        }
        if (kfunc.isIterator() ? arg.index == 0 : param.hasSuffix("__iter")) {
            return Kind.ITER;
        }
        if (param.hasSuffix("__str")) {
            return Kind.CONST_STR;
        }
        if (param.hasSuffix("__map")) {
            return Kind.MAP;
        }
        if (param.hasSuffix("__irq_flag")) {
            return Kind.IRQ_FLAG;
        }
        if (type.pointers() != 1 || type.shape() != KernelType.Shape.STRUCT) {
            return null;
        }
        return switch (type.name()) {
            case "bpf_list_head" -> Kind.LIST_HEAD;
            case "bpf_list_node" -> Kind.LIST_NODE;
            case "bpf_rb_root" -> Kind.RB_ROOT;
            case "bpf_rb_node" -> Kind.RB_NODE;
            case "bpf_wq" -> Kind.WORKQUEUE;
            case "bpf_timer" -> Kind.TIMER;
            case "bpf_task_work" -> Kind.TASK_WORK;
            case "bpf_res_spin_lock" -> Kind.RES_SPIN_LOCK;
            default -> null;
        };
    }

    private static void map(VerifierEnv env, Arg arg, KfuncMeta meta) {
        if (!(arg.reg.payload() instanceof RegPayload.MapRef ref)) {
            throw env.reject(Errno.EINVAL, "pointer in %s isn't map pointer", arg.name);
        }
        boolean taskWork = ref.map().hasField(BtfField.Kind.BPF_TASK_WORK);
        boolean checked = taskWork || ref.map().hasField(BtfField.Kind.BPF_WORKQUEUE);
        if (meta.map != null && checked && (meta.map != ref.map() || meta.mapUid != ref.uid())) {
            throw env.reject(
                    Errno.EINVAL,
                    taskWork
                            ? "bpf_task_work pointer in R2 map_uid=%d doesn't match map pointer in R3 map_uid=%d"
                            : "workqueue pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d",
                    meta.mapUid,
                    ref.uid());
        }
        meta.map = ref.map();
        meta.mapUid = ref.uid();
    }

    private void checkKind(VerifierEnv env, Arg arg, KfuncMeta meta, Kind kind, int insnIndex) {
        switch (kind) {
            case CTX -> context(env, arg, meta);
            case ALLOC_BTF_ID -> KfuncObjects.allocated(env, arg.reg, arg.name, meta);
            case DYNPTR -> dynptr(env, arg, meta, insnIndex);
            case ITER -> {
                if (meta.kfunc.has(Trait.ITERATES_TASKS) && !mayIterateTasks(env)) {
                    throw env.reject(
                            Errno.EINVAL, "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs");
                }
                iterators.process(env, arg.reg, arg.name, insnIndex, meta, arg.param.type());
            }
            case LIST_HEAD -> KfuncObjects.root(env, arg.reg, arg.name, meta, BtfField.Kind.BPF_LIST_HEAD);
            case RB_ROOT -> KfuncObjects.root(env, arg.reg, arg.name, meta, BtfField.Kind.BPF_RB_ROOT);
            case LIST_NODE ->
                KfuncObjects.listNode(env, arg.reg, arg.name, meta, arg.param.hasSuffix("__nonown_allowed"));
            case RB_NODE -> KfuncObjects.rbNode(env, arg.reg, arg.name, meta);
            case MAP -> {
                // Checked before.
            }
            case BTF_ID -> KfuncObjects.object(env, arg.reg, arg.name, meta, arg.param.type());
            case MEM ->
                HelperMemory.checkFixed(
                        env, arg.reg, arg.name, Math.max(arg.param.type().sizeBytes(), 1));
            case MEM_SIZE -> sized(env, arg, meta);
            case CALLBACK -> {
                if (!arg.reg.is(RegType.PTR_TO_FUNC)) {
                    throw env.reject(Errno.EINVAL, "%s expected pointer to func", arg.name);
                }
                meta.subprog = ((RegPayload.SubprogRef) arg.reg.payload()).subprog();
            }
            case REFCOUNTED_KPTR -> KfuncObjects.refcounted(env, arg.reg, arg.name, meta);
            case CONST_STR -> {
                mapValue(env, arg, "%s doesn't point to a const string");
                ConstStrings.check(env, arg.reg, arg.name);
            }
            case WORKQUEUE -> field(env, arg, meta, BtfField.Kind.BPF_WORKQUEUE);
            case TIMER -> field(env, arg, meta, BtfField.Kind.BPF_TIMER);
            case TASK_WORK -> field(env, arg, meta, BtfField.Kind.BPF_TASK_WORK);
            case IRQ_FLAG -> irqFlag(env, arg, meta);
            case RES_SPIN_LOCK -> lock(env, arg, meta);
            case NULL -> throw new IllegalStateException(arg.name);
        }
    }

    private static void context(VerifierEnv env, Arg arg, KfuncMeta meta) {
        if (!arg.reg.is(RegType.PTR_TO_CTX, 0)) {
            throw env.reject(Errno.EINVAL, "%s expected pointer to ctx, but got %s", arg.name, arg.reg.typeText());
        }
        if (meta.kfunc.has(Trait.KERNEL_CONTEXT)) {
            String struct = env.kernel().programTypes().kernelContext(env.program().type());
            meta.kernelContext = struct == null ? null : StructMatch.kernel(env, struct);
            if (meta.kernelContext == null) {
                throw new UnsupportedFeature("kfunc bpf_cast_to_kern_ctx is not supported in programs of type "
                        + env.program().type().display());
            }
        }
    }

    private void dynptr(VerifierEnv env, Arg arg, KfuncMeta meta, int insnIndex) {
        int flags = arg.param.hasSuffix("__uninit") ? TypeFlags.MEM_UNINIT : 0;
        if (meta.kfunc.has(Trait.CLONES_DYNPTR) && flags != 0) {
            flags |= Objects.requireNonNull(meta.dynptr.type).flag();
        }
        flags |= meta.kfunc.traits().dynptrType() | (meta.kfunc.has(Kfunc.Flag.RELEASE) ? TypeFlags.OBJ_RELEASE : 0);
        dynptrs.process(env, arg.reg, arg.name, insnIndex, flags, meta.objectId, meta.dynptr);
    }

    private static void sized(VerifierEnv env, Arg arg, KfuncMeta meta) {
        RegState size = env.reg(arg.regno + 1);
        String sizeName = Registers.name(arg.regno + 1);
        if (!(arg.reg.isNull() && arg.param.hasSuffix("__nullable"))) {
            RegState memory = arg.reg.mayBeNull() ? arg.reg.notNull() : arg.reg;
            try {
                HelperMemory.checkSized(env, memory, arg.name, arg.regno + 1, AccessType.READ, true, null);
                HelperMemory.checkSized(env, memory, arg.name, arg.regno + 1, AccessType.WRITE, true, null);
            } catch (Rejection refused) {
                throw env.reject(
                        refused.errno(),
                        "%s and %s memory, len pair leads to invalid memory access",
                        arg.name,
                        sizeName);
            }
        }
        if (meta.kfunc.params().get(arg.index + 1).hasSuffix("__szk")) {
            if (!size.isConst()) {
                throw env.reject(Errno.EINVAL, "%s must be a known constant", sizeName);
            }
            meta.constantFound = true;
            meta.constant = size.constValue();
        }
    }

    private static boolean mayIterateTasks(VerifierEnv env) {
        return env.program().type() == ProgType.LSM
                || env.program().attachType() == AttachType.TRACE_ITER
                || env.state().inSleepable();
    }

    private static void mapValue(VerifierEnv env, Arg arg, String message) {
        if (!arg.reg.is(RegType.PTR_TO_MAP_VALUE, 0)) {
            throw env.reject(Errno.EINVAL, message, arg.name);
        }
    }

    private static void field(VerifierEnv env, Arg arg, KfuncMeta meta, BtfField.Kind kind) {
        mapValue(env, arg, "%s doesn't point to a map value");
        RegPayload.MapRef ref = MapFields.check(env, arg.reg, arg.name, kind);
        meta.map = ref.map();
        meta.mapUid = ref.uid();
    }

    private void irqFlag(VerifierEnv env, Arg arg, KfuncMeta meta) {
        if (!arg.reg.is(RegType.PTR_TO_STACK, 0)) {
            throw env.reject(Errno.EINVAL, "%s doesn't point to an irq flag on stack", arg.name);
        }
        boolean byLock = (meta.kfunc.has(Trait.TAKES_LOCK) || meta.kfunc.has(Trait.RELEASES_LOCK));
        if (meta.kfunc.has(Trait.SAVES_IRQ)) {
            irqFlags.save(env, arg.reg, arg.name, byLock);
        } else {
            irqFlags.restore(env, arg.reg, arg.name, byLock);
        }
    }

    private static void lock(VerifierEnv env, Arg arg, KfuncMeta meta) {
        if (KfuncCalls.inRbtreeCallback(env)) {
            throw env.reject(Errno.EACCES, "can't res_spin_{lock,unlock} in rbtree cb");
        }
        if (!arg.reg.is(RegType.PTR_TO_MAP_VALUE, 0) && !arg.reg.is(RegType.PTR_TO_BTF_ID, TypeFlags.MEM_ALLOC)) {
            throw env.reject(Errno.EINVAL, "%s doesn't point to map value or allocated object", arg.name);
        }
        boolean irq = meta.kfunc.has(Trait.SAVES_IRQ) || meta.kfunc.has(Trait.RESTORES_IRQ);
        Locks.process(env, arg.reg, arg.name, meta.kfunc.has(Trait.TAKES_LOCK), Locks.type(true, irq));
    }
}
