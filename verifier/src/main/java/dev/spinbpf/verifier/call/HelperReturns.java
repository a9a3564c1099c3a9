package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.attach.ReturnCodeRules;
import dev.spinbpf.verifier.domain.Cnum32;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.RetKind;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Kptrs;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Objects;

/** The contents of r0 after a helper. */
final class HelperReturns {
    /** Linux takes the number of CPUs of the machine; here it is the most that Linux can have. */
    private HelperReturns() {}

    static void set(Exploration path, HelperMeta meta, int insnIndex, RegState r1) {
        RegState r0 = value(path, meta, r1);
        if (r0.mayBeNull() || needsId(meta, r0)) {
            r0 = r0.withId(path.newId());
        }
        if (path.unit().kernel().has(KernelRule.INNER_MAPS_HAVE_IDS)) {
            r0 = r0.lookedUp();
        }
        if (meta.has(Trait.CASTS_SOCKET) && path.state().hasReference(meta.objectId)) {
            VerifierState branch = path.pushStack(path.insnIndex() + 1, path.insnIndex());
            branch.func().setReg(0, RegState.ZERO);
            r0 = r0.withFlags(HelperCalls.certain(r0.flags())).withId(meta.objectId);
        } else if (acquires(path, meta)) {
            r0 = r0.withId(References.acquire(path, insnIndex, 0));
        }
        if (meta.has(Trait.SHOWS_DYNPTR)) {
            r0 = r0.withParentId(meta.dynptr.id);
        }
        path.setReg(0, refined(path, meta, r0));
    }

    private static RegState value(Exploration path, HelperMeta meta, RegState r1) {
        int flags = meta.proto.result().flags();
        return switch (meta.proto.result().kind()) {
            case INTEGER -> RegState.UNKNOWN;
            case VOID -> RegState.NOT_INIT;
            case PTR_TO_MAP_VALUE -> mapValue(meta, flags);
            case PTR_TO_SOCKET -> RegState.pointer(RegType.PTR_TO_SOCKET, flags, RegPayload.NONE);
            case PTR_TO_SOCK_COMMON -> RegState.pointer(RegType.PTR_TO_SOCK_COMMON, flags, RegPayload.NONE);
            case PTR_TO_TCP_SOCK -> RegState.pointer(RegType.PTR_TO_TCP_SOCK, flags, RegPayload.NONE);
            case PTR_TO_MEM -> RegState.mem(meta.memSize, flags);
            case PTR_TO_MEM_OR_BTF_ID -> percpu(meta, flags, r1);
            case PTR_TO_BTF_ID -> object(path, meta, flags);
        };
    }

    private static RegState mapValue(HelperMeta meta, int declaredFlags) {
        MapInfo map = Objects.requireNonNull(meta.map);
        int flags = declaredFlags;
        if (meta.has(Trait.LOOKS_UP)
                && MapRules.lookupOfConstantKeyIsNotNull(map)
                && meta.constMapKey >= 0
                && meta.constMapKey < map.def().maxEntries()) {
            flags = HelperCalls.certain(flags);
        }
        return RegState.pointer(RegType.PTR_TO_MAP_VALUE, flags, new RegPayload.MapRef(map, meta.mapUid));
    }

    private static boolean needsId(HelperMeta meta, RegState r0) {
        return r0.is(RegType.PTR_TO_MAP_VALUE)
                && (Objects.requireNonNull(meta.map).hasField(BtfField.Kind.BPF_SPIN_LOCK)
                        || meta.map.hasField(BtfField.Kind.BPF_RES_SPIN_LOCK));
    }

    private static RegState percpu(HelperMeta meta, int flags, RegState r1) {
        RegPayload.BtfRef type = Objects.requireNonNull(meta.objectType);
        if (!(type.btf().resolved(type.typeId()) instanceof BtfType.Composite)) {
            long size = type.btf().sizeOf(type.typeId());
            if (size < 0) {
                throw new UnsupportedFeature("a per-CPU variable of type " + StructMatch.name(type)
                        + ", which has no size, is not supported");
            }
            return RegState.mem(size, flags);
        }
        int objectFlags =
                r1.hasFlag(TypeFlags.MEM_RCU) ? TypeFlags.MEM_ALLOC | TypeFlags.MEM_RCU : flags & ~TypeFlags.MEM_RDONLY;
        return RegState.btfId(type.btf(), type.typeId(), objectFlags);
    }

    private static RegState object(Exploration path, HelperMeta meta, int flags) {
        if (meta.has(Trait.EXCHANGES_KPTR)) {
            BtfField field = Objects.requireNonNull(meta.kptrField);
            RegPayload.BtfRef type = Kptrs.typeOf(path, field, path.unit().btf());
            int own = 0;
            if (type.btf() == path.unit().btf()) {
                own = TypeFlags.MEM_ALLOC | (field.kind() == BtfField.Kind.BPF_KPTR_PERCPU ? TypeFlags.MEM_PERCPU : 0);
            }
            return RegState.btfId(type.btf(), type.typeId(), flags | own);
        }
        String name = Objects.requireNonNull(meta.proto.result().kernelType());
        RegPayload.BtfRef type = StructMatch.require(path, name);
        return RegState.btfId(type.btf(), type.typeId(), flags);
    }

    /** Returns whether the program has to release the result. */
    private static boolean acquires(Exploration path, HelperMeta meta) {
        MapInfo map = meta.map;
        return meta.has(Trait.ACQUIRES)
                || meta.has(Trait.LOOKS_UP)
                        && map != null
                        && path.unit().kernel().mapTypes().holdsSockets(map.type());
    }

    private static RegState refined(Exploration path, HelperMeta meta, RegState r0) {
        if (meta.proto.result().kind() != RetKind.INTEGER) {
            return r0;
        }
        if (meta.has(Trait.RETURNS_LENGTH)) {
            return bounded(-KernelLimits.MAX_ERRNO, meta.sizeMax);
        }
        if (meta.has(Trait.RETURNS_CPU)) {
            return bounded(0, path.unit().cpus - 1);
        }
        if (meta.has(Trait.RETURNS_RETVAL)) {
            RetvalRange range = ReturnCodeRules.hookRange(path);
            return range == null ? r0 : bounded(range.min(), range.max());
        }
        return r0;
    }

    private static RegState bounded(long min, long max) {
        ScalarValue value = ScalarValue.signedRange(min, max).withR32(Cnum32.ofSigned((int) min, (int) max));
        return RegState.scalar(value.synced());
    }
}
