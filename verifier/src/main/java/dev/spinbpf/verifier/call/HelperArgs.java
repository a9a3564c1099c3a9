package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.check.HelperMemory;
import dev.spinbpf.verifier.check.RawMemory;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.object.Locks;
import dev.spinbpf.verifier.object.MapFields;
import dev.spinbpf.verifier.object.SpecialFields;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.Objects;

/** Arguments of helpers: Linux's {@code check_func_arg}. */
final class HelperArgs {
    private static final RegPayload.BtfRef NO_TYPE = new RegPayload.BtfRef(dev.spinbpf.programs.btf.Btf.EMPTY, 0);

    private final MemoryAccess memory;
    private final Dynptrs dynptrs;

    HelperArgs(MemoryAccess memory) {
        this.memory = memory;
        this.dynptrs = new Dynptrs(memory);
    }

    /** Checks the argument in register {@code index + 1}. */
    void check(Exploration path, int index, HelperMeta meta, int insnIndex) {
        ArgType type = meta.proto.arg(index);
        if (type.kind() == ArgKind.DONTCARE) {
            return;
        }
        int regno = index + 1;
        RegState reg = Registers.checkSource(path, regno);
        String name = Registers.name(regno);
        if (type.kind() == ArgKind.ANYTHING) {
            // A privileged program may leak addresses.
            return;
        }
        if (reg.isPacketPointer()
                && !path.unit()
                        .kernel()
                        .programTypes()
                        .mayPassPackets(path.unit().program().type(), meta.proto)) {
            throw path.reject(Errno.EACCES, Message.HELPER_PACKET_ACCESS_NOT_ALLOWED);
        }
        if (type.kind() == ArgKind.PTR_TO_MAP_VALUE) {
            type = mapValueType(path, type, meta);
        }
        if (reg.isNull() && type.mayBeNull()) {
            path.services().precision().markChain(path, regno);
        } else {
            RegisterTypes.check(path, reg, regno, type, wantedType(path, type, reg), meta);
            ArgOffsets.check(path, reg, name, type, true);
        }
        boolean referenced = path.state().hasReference(reg.id());
        if (type.isRelease() && type.kind() != ArgKind.PTR_TO_DYNPTR && !referenced && !reg.isNull()) {
            throw path.reject(Errno.EINVAL, Message.RELEASE_HELPER_EXPECTS_REFERENCE, meta.name, name);
        }
        if (referenced) {
            meta.objectId = reg.id();
        }
        checkKind(path, new Arg(index, regno, name, type, reg), meta, insnIndex);
    }

    private record Arg(int index, int regno, String name, ArgType type, RegState reg) {}

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

    private void checkKind(Exploration path, Arg arg, HelperMeta meta, int insnIndex) {
        RegState reg = arg.reg;
        switch (arg.type.kind()) {
            case CONST_MAP_PTR -> map(path, reg, meta);
            case PTR_TO_MAP_KEY -> key(path, arg, meta);
            case PTR_TO_MAP_VALUE -> value(path, arg, meta);
            case PTR_TO_PERCPU_BTF_ID -> meta.objectType = reg.btfRef();
            case PTR_TO_SPIN_LOCK -> {
                if (KfuncCalls.inRbtreeCallback(path)) {
                    throw path.reject(Errno.EACCES, Message.SPIN_LOCK_IN_RBTREE_CB);
                }
                Locks.process(path, reg, arg.name, meta.has(Trait.TAKES_LOCK), Locks.type(false, false));
            }
            case PTR_TO_TIMER -> timer(path, reg, arg.name, meta);
            case PTR_TO_FUNC -> meta.subprog = ((RegPayload.SubprogRef) reg.payload()).subprog();
            case PTR_TO_MEM -> memoryArg(path, arg, meta);
            case CONST_SIZE -> size(path, arg, meta, false);
            case CONST_SIZE_OR_ZERO -> size(path, arg, meta, true);
            case PTR_TO_DYNPTR ->
                dynptrs.process(path, reg, arg.name, insnIndex, arg.type.flags(), meta.objectId, meta.dynptr);
            case CONST_ALLOC_SIZE_OR_ZERO -> {
                if (!reg.isConst()) {
                    throw path.reject(Errno.EACCES, Message.REG_NOT_KNOWN_CONSTANT, arg.regno);
                }
                meta.memSize = reg.constValue() & 0xffffffffL;
                path.services().precision().markChain(path, arg.regno);
            }
            case PTR_TO_CONST_STR -> ConstStrings.check(path, reg, arg.name);
            case KPTR_XCHG_DEST -> kptr(path, arg, meta);
            default -> {
                // The type says it all.
            }
        }
    }

    private static void map(Exploration path, RegState reg, HelperMeta meta) {
        RegPayload.MapRef ref = (RegPayload.MapRef) reg.payload();
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

    private static void timer(Exploration path, RegState reg, String name, HelperMeta meta) {
        RegPayload.MapRef ref = MapFields.check(path, reg, name, BtfField.Kind.BPF_TIMER);
        meta.map = ref.map();
        meta.mapUid = ref.uid();
    }

    private static void kptr(Exploration path, Arg arg, HelperMeta meta) {
        RegState reg = arg.reg;
        BtfRecord record;
        if (reg.isAllocatedObject()) {
            record = SpecialFields.of(path, reg);
        } else {
            if (!reg.map().hasBtf()) {
                throw path.reject(
                        Errno.EINVAL, Message.KPTR_XCHG_NEEDS_BTF, reg.map().name());
            }
            record = reg.map().record();
            meta.map = reg.map();
        }
        if (!reg.isConst()) {
            throw path.reject(Errno.EINVAL, Message.KPTR_OFFSET_NOT_CONSTANT, arg.regno);
        }
        if (!SpecialFields.has(record, BtfField.Kind.BPF_KPTR_UNREF)
                && !SpecialFields.has(record, BtfField.Kind.BPF_KPTR_REF)
                && !SpecialFields.has(record, BtfField.Kind.BPF_KPTR_PERCPU)) {
            throw path.reject(Errno.EINVAL, Message.KPTR_NOT_VALID, arg.regno);
        }
        int offset = (int) reg.constValue();
        BtfField field = SpecialFields.find(
                record,
                offset,
                BtfField.Kind.BPF_KPTR_UNREF,
                BtfField.Kind.BPF_KPTR_REF,
                BtfField.Kind.BPF_KPTR_PERCPU);
        if (field == null) {
            throw path.reject(Errno.EACCES, Message.KPTR_NOT_AT_OFFSET, offset);
        }
        if (field.kind() == BtfField.Kind.BPF_KPTR_UNREF) {
            throw path.reject(Errno.EACCES, Message.KPTR_NOT_REFERENCED, offset);
        }
        meta.kptrField = field;
    }
}
