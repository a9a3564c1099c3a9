package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.call.KfuncArgs.Arg;
import dev.spinbpf.verifier.check.HelperMemory;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncArgKind;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ProgramRules.Property;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.object.IrqFlags;
import dev.spinbpf.verifier.object.Iterators;
import dev.spinbpf.verifier.object.Locks;
import dev.spinbpf.verifier.object.MapFields;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** The checks of pointers that kernel functions take, by their {@link KfuncArgKind kind}. */
final class KfuncPointers {
    private final Map<KfuncArgKind, Checker> checkers = new EnumMap<>(KfuncArgKind.class);
    private final Dynptrs dynptrs;
    private final Iterators iterators;
    private final IrqFlags irqFlags;

    /** The checks of one kind. */
    private interface Checker {
        void check(Exploration path, Arg arg, KfuncMeta meta, int insnIndex);
    }

    KfuncPointers(MemoryAccess memory) {
        dynptrs = new Dynptrs(memory);
        iterators = new Iterators(memory);
        irqFlags = new IrqFlags(memory);
        checkers.put(KfuncArgKind.CONTEXT, KfuncPointers::context);
        checkers.put(
                KfuncArgKind.ALLOCATED,
                (path, arg, meta, at) -> KfuncObjects.allocated(path, arg.reg(), arg.name(), meta));
        checkers.put(
                KfuncArgKind.REFCOUNTED,
                (path, arg, meta, at) -> KfuncObjects.refcounted(path, arg.reg(), arg.name(), meta));
        checkers.put(
                KfuncArgKind.OBJECT,
                (path, arg, meta, at) -> KfuncObjects.object(
                        path, arg.reg(), arg.name(), meta, arg.param().type()));
        checkers.put(KfuncArgKind.DYNPTR, this::dynptr);
        checkers.put(KfuncArgKind.ITERATOR, this::iterator);
        checkers.put(KfuncArgKind.LIST_HEAD, root(BtfField.Kind.BPF_LIST_HEAD));
        checkers.put(KfuncArgKind.RB_ROOT, root(BtfField.Kind.BPF_RB_ROOT));
        checkers.put(
                KfuncArgKind.LIST_NODE,
                (path, arg, meta, at) -> KfuncObjects.listNode(
                        path, arg.reg(), arg.name(), meta, arg.param().hasSuffix("__nonown_allowed")));
        checkers.put(
                KfuncArgKind.RB_NODE, (path, arg, meta, at) -> KfuncObjects.rbNode(path, arg.reg(), arg.name(), meta));
        checkers.put(KfuncArgKind.MEMORY, KfuncPointers::memory);
        checkers.put(KfuncArgKind.SIZED_MEMORY, KfuncPointers::sized);
        checkers.put(KfuncArgKind.CALLBACK, KfuncPointers::callback);
        checkers.put(KfuncArgKind.STRING, KfuncPointers::string);
        checkers.put(KfuncArgKind.TIMER, mapField(BtfField.Kind.BPF_TIMER));
        checkers.put(KfuncArgKind.WORK_QUEUE, mapField(BtfField.Kind.BPF_WORKQUEUE));
        checkers.put(KfuncArgKind.TASK_WORK, mapField(BtfField.Kind.BPF_TASK_WORK));
        checkers.put(KfuncArgKind.IRQ_FLAG, this::irqFlag);
        checkers.put(KfuncArgKind.RES_SPIN_LOCK, KfuncPointers::lock);
        checkers.put(KfuncArgKind.ARENA, KfuncPointers::arena);
    }

    /** Checks a pointer of the kind, and notes what it tells of the call. */
    void check(Exploration path, Arg arg, KfuncMeta meta, KfuncArgKind kind, int insnIndex) {
        Checker checker = checkers.get(kind);
        if (checker != null) {
            checker.check(path, arg, meta, insnIndex);
        }
    }

    private static Checker root(BtfField.Kind kind) {
        return (path, arg, meta, at) -> KfuncObjects.root(path, arg.reg(), arg.name(), meta, kind);
    }

    private static Checker mapField(BtfField.Kind kind) {
        return (path, arg, meta, at) -> {
            if (!arg.reg().is(RegType.PTR_TO_MAP_VALUE, 0)) {
                throw path.reject(Errno.EINVAL, Message.MAP_VALUE_EXPECTED, arg.name());
            }
            RegPayload.MapRef ref = MapFields.check(path, arg.reg(), arg.name(), kind);
            meta.map = ref.map();
            meta.mapUid = ref.uid();
        };
    }

    private void iterator(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        if (meta.kfunc.has(Trait.ITERATES_TASKS) && !mayIterateTasks(path)) {
            throw path.reject(Errno.EINVAL, Message.CSS_TASK_ITER_NOT_ALLOWED);
        }
        Iterators.Place place = iterators.process(
                path, arg.reg(), arg.name(), insnIndex, meta.kfunc, arg.param().type());
        if (place != null) {
            meta.iterator = place;
            meta.objectId = place.id();
        }
    }

    private static void memory(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        int size = Math.max(arg.param().type().sizeBytes(), 1);
        HelperMemory.checkFixed(path, arg.reg(), arg.name(), size);
    }

    private static void callback(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        if (!arg.reg().is(RegType.PTR_TO_FUNC)) {
            throw path.reject(Errno.EINVAL, Message.FUNC_POINTER_EXPECTED, arg.name());
        }
        meta.subprog = ((RegPayload.SubprogRef) arg.reg().payload()).subprog();
    }

    private static void string(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        if (!arg.reg().is(RegType.PTR_TO_MAP_VALUE, 0)) {
            throw path.reject(Errno.EINVAL, Message.CONST_STRING_EXPECTED, arg.name());
        }
        ConstStrings.check(path, arg.reg(), arg.name());
    }

    private static void context(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        if (!arg.reg().is(RegType.PTR_TO_CTX, 0)) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.CTX_POINTER_EXPECTED,
                    arg.name(),
                    arg.reg().typeText());
        }
        if (meta.kfunc.has(Trait.KERNEL_CONTEXT)) {
            String struct = path.unit()
                    .kernel()
                    .programTypes()
                    .kernelContext(path.unit().program().type());
            meta.kernelContext = struct == null ? null : StructMatch.kernel(path, struct);
            if (meta.kernelContext == null) {
                throw new UnsupportedFeature("kfunc bpf_cast_to_kern_ctx is not supported in programs of type "
                        + path.unit().program().type().display());
            }
        }
    }

    private void dynptr(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        int flags = arg.param().hasSuffix("__uninit") ? TypeFlags.MEM_UNINIT : 0;
        if (meta.kfunc.has(Trait.CLONES_DYNPTR) && flags != 0) {
            flags |= Objects.requireNonNull(meta.dynptr.type).flag();
        }
        flags |= meta.kfunc.traits().dynptrType() | (meta.kfunc.has(Kfunc.Flag.RELEASE) ? TypeFlags.OBJ_RELEASE : 0);
        int parent = path.unit().kernel().has(KernelRule.DYNPTRS_DIE_WITH_OBJECTS) ? meta.objectId : 0;
        dynptrs.process(path, arg.reg(), arg.name(), insnIndex, flags, parent, meta.dynptr);
    }

    /** The size of the memory that the argument before it points to, where prototypes decide. */
    static void sizeOfMemory(Exploration path, Arg arg, KfuncMeta meta) {
        if (arg.param().hasSuffix("__szk")) {
            if (!arg.reg().isConst()) {
                throw path.reject(Errno.EINVAL, Message.KNOWN_CONSTANT_REQUIRED, arg.name());
            }
            path.services().precision().markChain(path, arg.regno());
            meta.constantFound = true;
            meta.constant = arg.reg().constValue();
        }
        if (!arg.reg().isScalar()) {
            throw path.reject(Errno.EINVAL, Message.SCALAR_EXPECTED, arg.name());
        }
        RegState memory = path.reg(arg.regno() - 1);
        if (!memory.isNull()) {
            checkSized(path, memory, arg.regno() - 1);
        }
    }

    private static void checkSized(Exploration path, RegState memory, int regno) {
        String name = Registers.name(regno);
        try {
            HelperMemory.checkSized(path, memory, name, regno + 1, AccessType.READ, true, null);
            HelperMemory.checkSized(path, memory, name, regno + 1, AccessType.WRITE, true, null);
        } catch (Rejection refused) {
            throw path.reject(refused.errno(), Message.INVALID_MEM_LEN_PAIR, name, Registers.name(regno + 1));
        }
    }

    private static void sized(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        if (path.unit().kernel().has(KernelRule.KFUNC_ARGS_BY_PROTOTYPE)) {
            return; // comes with the size
        }
        RegState size = path.reg(arg.regno() + 1);
        String sizeName = Registers.name(arg.regno() + 1);
        if (!(arg.reg().isNull() && arg.param().hasSuffix("__nullable"))) {
            RegState memory = arg.reg().mayBeNull() ? arg.reg().notNull() : arg.reg();
            checkSized(path, memory, arg.regno());
        }
        if (meta.kfunc.params().get(arg.index() + 1).hasSuffix("__szk")) {
            if (!size.isConst()) {
                throw path.reject(Errno.EINVAL, Message.KNOWN_CONSTANT_REQUIRED, sizeName);
            }
            meta.constantFound = true;
            meta.constant = size.constValue();
        }
    }

    private static boolean mayIterateTasks(Exploration path) {
        return path.state().inSleepable() || path.unit().has(Property.ITERATES_TASKS);
    }

    private void irqFlag(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        if (!arg.reg().is(RegType.PTR_TO_STACK, 0)) {
            throw path.reject(Errno.EINVAL, Message.NOT_AN_IRQ_FLAG_ON_STACK, arg.name());
        }
        boolean byLock = meta.kfunc.has(Trait.TAKES_LOCK) || meta.kfunc.has(Trait.RELEASES_LOCK);
        if (meta.kfunc.has(Trait.SAVES_IRQ)) {
            irqFlags.save(path, arg.reg(), arg.name(), byLock);
        } else {
            irqFlags.restore(path, arg.reg(), arg.name(), byLock);
        }
    }

    private static void arena(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        if (!path.unit().usesArena()) {
            throw path.reject(Errno.EINVAL, Message.KFUNC_ARG_NEEDS_ARENA, arg.name());
        }
        if (!arg.reg().is(RegType.PTR_TO_ARENA) && !arg.reg().isScalar()) {
            throw path.reject(Errno.EINVAL, Message.KFUNC_ARENA_OR_SCALAR_EXPECTED, arg.name());
        }
    }

    private static void lock(Exploration path, Arg arg, KfuncMeta meta, int insnIndex) {
        if (KfuncCalls.inRbtreeCallback(path)) {
            throw path.reject(Errno.EACCES, Message.RES_SPIN_LOCK_IN_RBTREE_CB);
        }
        if (!arg.reg().is(RegType.PTR_TO_MAP_VALUE, 0) && !arg.reg().is(RegType.PTR_TO_BTF_ID, TypeFlags.MEM_ALLOC)) {
            throw path.reject(Errno.EINVAL, Message.LOCK_NOT_IN_MAP_VALUE_OR_OBJECT, arg.name());
        }
        boolean irq = meta.kfunc.has(Trait.SAVES_IRQ) || meta.kfunc.has(Trait.RESTORES_IRQ);
        Locks.process(path, arg.reg(), arg.name(), meta.kfunc.has(Trait.TAKES_LOCK), Locks.type(true, irq));
    }
}
