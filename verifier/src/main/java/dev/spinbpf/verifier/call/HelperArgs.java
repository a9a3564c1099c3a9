package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.check.HelperMemory;
import dev.spinbpf.verifier.check.RawMemory;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.object.Kptrs;
import dev.spinbpf.verifier.object.Locks;
import dev.spinbpf.verifier.object.MapFields;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * Arguments of helpers.
 *
 * <p>What must hold of an argument, in the order in which refusals show: its register has a value; a pointer into a packet
 * goes only to helpers that take them; the value's type, and where a pointer points, fit the prototype, or it is null
 * where that is allowed, and then that it is null matters to safety; what the helper is to release is something that the
 * path has a reference to. What else holds depends on the argument's kind: {@link #checks}. Some kinds refer to arguments
 * before them: a size to the memory that it is the size of, a key or value to the map. What a check learns for the call's
 * result and effects, it notes in {@link HelperMeta}.
 */
final class HelperArgs {
    private static final RegPayload.BtfRef NO_TYPE = new RegPayload.BtfRef(Btf.EMPTY, 0);

    /** The checks of arguments by their kind, for those of which the type does not say it all. */
    private final Map<ArgKind, Check> checks = new EnumMap<>(ArgKind.class);

    private final MemoryAccess memory;

    /** The check of one kind of argument. */
    private interface Check {
        void apply(Exploration path, Arg arg, HelperMeta meta);
    }

    /** An argument that is passed in a register. */
    private record Arg(int index, int regno, String name, ArgType type, RegState reg, int insnIndex) {}

    HelperArgs(MemoryAccess memory) {
        this.memory = memory;
        var dynptrs = new Dynptrs(memory);
        checks.put(ArgKind.CONST_MAP_PTR, HelperArgs::map);
        checks.put(ArgKind.PTR_TO_MAP_KEY, HelperArgs::key);
        checks.put(ArgKind.PTR_TO_MAP_VALUE, HelperArgs::value);
        checks.put(ArgKind.PTR_TO_MEM, this::memoryArg);
        checks.put(ArgKind.CONST_SIZE, (path, arg, meta) -> size(path, arg, meta, false));
        checks.put(ArgKind.CONST_SIZE_OR_ZERO, (path, arg, meta) -> size(path, arg, meta, true));
        checks.put(ArgKind.CONST_ALLOC_SIZE_OR_ZERO, HelperArgs::allocatedSize);
        checks.put(ArgKind.PTR_TO_CONST_STR, (path, arg, meta) -> ConstStrings.check(path, arg.reg, arg.name));
        checks.put(ArgKind.PTR_TO_PERCPU_BTF_ID, (path, arg, meta) -> meta.objectType = arg.reg.btfRef());
        checks.put(
                ArgKind.PTR_TO_FUNC,
                (path, arg, meta) -> meta.subprog = ((RegPayload.SubprogRef) arg.reg.payload()).subprog());
        checks.put(ArgKind.PTR_TO_SPIN_LOCK, HelperArgs::lock);
        checks.put(ArgKind.PTR_TO_TIMER, HelperArgs::timer);
        checks.put(
                ArgKind.PTR_TO_DYNPTR,
                (path, arg, meta) -> dynptrs.process(
                        path, arg.reg, arg.name, arg.insnIndex, arg.type.flags(), meta.objectId, meta.dynptr));
        checks.put(ArgKind.KPTR_XCHG_DEST, HelperArgs::kptr);
    }

    /** Checks the argument in register {@code index + 1}. */
    void check(Exploration path, int index, HelperMeta meta, int insnIndex) {
        ArgType declared = meta.proto.arg(index);
        if (declared.kind() == ArgKind.DONTCARE) {
            return;
        }
        int regno = index + 1;
        RegState reg = Registers.checkSource(path, regno);
        if (declared.kind() == ArgKind.ANYTHING) {
            // A privileged program may leak addresses.
            return;
        }
        if (reg.isPacketPointer() && !mayPassPackets(path.unit(), meta)) {
            throw path.reject(Errno.EACCES, Message.HELPER_PACKET_ACCESS_NOT_ALLOWED);
        }
        ArgType type = declared.kind() == ArgKind.PTR_TO_MAP_VALUE ? mapValueType(path, declared, meta) : declared;
        var arg = new Arg(index, regno, Registers.name(regno), type, reg, insnIndex);
        checkType(path, arg, meta);
        checkReference(path, arg, meta);
        Check check = checks.get(type.kind());
        if (check != null) {
            check.apply(path, arg, meta);
        }
    }

    private static boolean mayPassPackets(ProgramUnit unit, HelperMeta meta) {
        return unit.kernel().programTypes().mayPassPackets(unit.program().type(), meta.proto);
    }

    private static void checkType(Exploration path, Arg arg, HelperMeta meta) {
        if (arg.reg.isNull() && arg.type.mayBeNull()) {
            path.services().precision().markChain(path, arg.regno);
        } else {
            RegisterTypes.check(path, arg.reg, arg.regno, arg.type, wantedType(path, arg.type, arg.reg), meta);
            ArgOffsets.check(path, arg.reg, arg.name, arg.type, true);
        }
    }

    private static void checkReference(Exploration path, Arg arg, HelperMeta meta) {
        if (path.state().hasReference(arg.reg.id())) {
            meta.objectId = arg.reg.id();
        } else if (arg.type.isRelease() && arg.type.kind() != ArgKind.PTR_TO_DYNPTR && !arg.reg.isNull()) {
            throw path.reject(Errno.EINVAL, Message.RELEASE_HELPER_EXPECTS_REFERENCE, meta.name, arg.name);
        }
    }

    private static ArgType mapValueType(Exploration path, ArgType type, HelperMeta meta) {
        MapInfo map = Objects.requireNonNull(meta.map);
        if (map.type() == MapType.SOCKMAP || map.type() == MapType.SOCKHASH) {
            if (type.flags() != 0) {
                throw path.reject(Errno.EINVAL, Message.SOCKMAP_ARG_TYPE_INVALID);
            }
            return ArgType.of(ArgKind.PTR_TO_BTF_ID_SOCK_COMMON, 0);
        }
        if (map.type() == MapType.BLOOM_FILTER && meta.has(Trait.PEEKS)) {
            return ArgType.of(ArgKind.PTR_TO_MAP_VALUE, 0);
        }
        return type;
    }

    private static RegPayload.BtfRef wantedType(Exploration path, ArgType type, RegState reg) {
        String struct = type.kind() == ArgKind.PTR_TO_BTF_ID_SOCK_COMMON ? "sock_common" : type.kernelType();
        if (struct == null || struct.equals("*") || !reg.is(RegType.PTR_TO_BTF_ID)) {
            return NO_TYPE;
        }
        return StructMatch.require(path, struct);
    }

    private static void map(Exploration path, Arg arg, HelperMeta meta) {
        RegPayload.MapRef ref = (RegPayload.MapRef) arg.reg.payload();
        if (meta.map != null && (meta.map != ref.map() || meta.mapUid != ref.uid())) {
            throw path.reject(Errno.EINVAL, Message.TIMER_MAP_MISMATCH, meta.mapUid, ref.uid());
        }
        meta.map = ref.map();
        meta.mapUid = ref.uid();
    }

    private static void key(Exploration path, Arg arg, HelperMeta meta) {
        MapInfo map = Objects.requireNonNull(meta.map);
        HelperMemory.check(path, arg.reg, arg.name, map.keySize(), AccessType.READ, false, null);
        if (MapRules.lookupOfConstantKeyIsNotNull(map)) {
            meta.constMapKey = ConstantKeys.find(path, arg.reg, map.keySize());
        }
    }

    private static void value(Exploration path, Arg arg, HelperMeta meta) {
        if (arg.type.mayBeNull() && arg.reg.isNull()) {
            return;
        }
        MapInfo map = Objects.requireNonNull(meta.map);
        fills(arg, meta);
        HelperMemory.check(path, arg.reg, arg.name, map.valueSize(), access(arg.type), false, meta.raw);
    }

    private void memoryArg(Exploration path, Arg arg, HelperMeta meta) {
        fills(arg, meta);
        if (!arg.type.has(TypeFlags.MEM_FIXED_SIZE)) {
            return;
        }
        int size = arg.type.sizeBytes();
        HelperMemory.check(path, arg.reg, arg.name, size, access(arg.type), false, meta.raw);
        if (arg.type.has(TypeFlags.MEM_ALIGNED)) {
            memory.checkAlignment(path, arg.reg, 0, size, true);
        }
    }

    private static void size(Exploration path, Arg arg, HelperMeta meta, boolean zeroAllowed) {
        meta.sizeMax = arg.reg.umax();
        HelperMemory.checkSized(
                path,
                path.reg(arg.regno - 1),
                Registers.name(arg.regno - 1),
                arg.regno,
                access(meta.proto.arg(arg.index - 1)),
                zeroAllowed,
                meta.raw);
    }

    private static AccessType access(ArgType type) {
        return type.isWrite() ? AccessType.WRITE : AccessType.READ;
    }

    /** Notes whether the memory that the argument points to is filled without being read. */
    private static void fills(Arg arg, HelperMeta meta) {
        if (arg.type.has(TypeFlags.MEM_UNINIT)) {
            meta.raw = new RawMemory(arg.regno);
            meta.filled = meta.raw;
        } else {
            meta.raw = null;
        }
    }

    private static void allocatedSize(Exploration path, Arg arg, HelperMeta meta) {
        if (!arg.reg.isConst()) {
            int errno = path.unit().kernel().has(KernelRule.KFUNC_ARGS_BY_PROTOTYPE) ? Errno.EINVAL : Errno.EACCES;
            throw path.reject(errno, Message.REG_NOT_KNOWN_CONSTANT, arg.regno);
        }
        meta.memSize = arg.reg.constValue() & 0xffffffffL;
        path.services().precision().markChain(path, arg.regno);
    }

    private static void lock(Exploration path, Arg arg, HelperMeta meta) {
        if (KfuncCalls.inRbtreeCallback(path)) {
            throw path.reject(Errno.EACCES, Message.SPIN_LOCK_IN_RBTREE_CB);
        }
        Locks.process(path, arg.reg, arg.name, meta.has(Trait.TAKES_LOCK), Locks.type(false, false));
    }

    private static void timer(Exploration path, Arg arg, HelperMeta meta) {
        RegPayload.MapRef ref = MapFields.check(path, arg.reg, arg.name, BtfField.Kind.BPF_TIMER);
        meta.map = ref.map();
        meta.mapUid = ref.uid();
    }

    private static void kptr(Exploration path, Arg arg, HelperMeta meta) {
        if (arg.reg.is(RegType.PTR_TO_MAP_VALUE)) {
            meta.map = arg.reg.map();
        }
        meta.kptrField = Kptrs.exchanged(path, arg.reg, arg.regno);
    }
}
