package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ScalarStructs;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.ListsAndTrees;
import dev.spinbpf.verifier.object.SpecialFields;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The contents of r0 after a kernel function. */
final class KfuncReturns {
    private static final int MAX_PERCPU_OBJECT = 512;

    private KfuncReturns() {}

    static void set(Exploration path, KfuncMeta meta, int insnIndex) {
        KernelType type = meta.kfunc.ret();
        if (type.isVoid()) {
            return;
        }
        if (type.isScalar()) {
            path.setReg(0, meta.kfunc.has(Trait.TAKES_LOCK) ? RegState.ZERO : RegState.UNKNOWN);
            return;
        }
        RegState r0 = special(path, meta, type);
        if (r0 == null) {
            r0 = ordinary(path, meta, type);
        }
        if (meta.returnsNull()) {
            r0 = r0.withFlags(r0.flags() | TypeFlags.PTR_MAYBE_NULL).withId(path.newId());
        }
        if (meta.kfunc.has(Kfunc.Flag.ACQUIRE)) {
            r0 = r0.withId(References.acquire(path, insnIndex, 0));
        } else if (isNode(type)) {
            r0 = ListsAndTrees.nonOwning(path, r0);
        }
        if (r0.id() == 0 && mayHoldLock(path, r0)) {
            r0 = r0.withId(path.newId());
        }
        path.setReg(0, r0);
    }

    private static boolean isNode(KernelType type) {
        return type.pointsTo("bpf_list_node") || type.pointsTo("bpf_rb_node");
    }

    private static boolean mayHoldLock(Exploration path, RegState reg) {
        BtfRecord record = SpecialFields.of(path, reg);
        return SpecialFields.has(record, BtfField.Kind.BPF_SPIN_LOCK)
                || SpecialFields.has(record, BtfField.Kind.BPF_RES_SPIN_LOCK);
    }

    private static @Nullable RegState special(Exploration path, KfuncMeta meta, KernelType type) {
        Kfunc kfunc = meta.kfunc;
        if (kfunc.has(Trait.OBJ_NEW)) {
            return allocated(path, meta);
        }
        if (kfunc.has(Trait.REFCOUNT_ACQUIRE)) {
            RegPayload.BtfRef object = Objects.requireNonNull(meta.argType);
            return RegState.btfId(object.btf(), object.typeId(), TypeFlags.MEM_ALLOC);
        }
        if (isNode(type)) {
            return ListsAndTrees.node(path, Objects.requireNonNull(meta.root));
        }
        if (kfunc.has(Trait.KERNEL_CONTEXT)) {
            RegPayload.BtfRef context = Objects.requireNonNull(meta.kernelContext);
            return RegState.btfId(context.btf(), context.typeId(), TypeFlags.PTR_TRUSTED);
        }
        if (kfunc.has(Trait.RDONLY_CAST)) {
            return rdonlyCast(path, meta);
        }
        return kfunc.has(Trait.SLICE) ? slice(path, meta) : null;
    }

    private static RegState allocated(Exploration path, KfuncMeta meta) {
        boolean percpu = meta.kfunc.has(Trait.PERCPU);
        if (meta.constant >>> 32 != 0) {
            throw path.reject(Errno.EINVAL, Message.LOCAL_TYPE_ID_RANGE);
        }
        int id = (int) meta.constant;
        if (path.unit().btf().size() <= 1) {
            throw path.reject(Errno.EINVAL, Message.OBJ_NEW_NEEDS_BTF);
        }
        if (id <= 0
                || id >= path.unit().btf().size()
                || !(path.unit().btf().type(id) instanceof BtfType.Composite struct)
                || struct.isUnion()) {
            throw path.reject(Errno.EINVAL, Message.OBJ_NEW_NOT_A_STRUCT);
        }
        if (percpu) {
            checkPercpu(path, struct, id);
        }
        return RegState.btfId(path.unit().btf(), id, TypeFlags.MEM_ALLOC | (percpu ? TypeFlags.MEM_PERCPU : 0));
    }

    private static void checkPercpu(Exploration path, BtfType.Composite struct, int id) {
        if (struct.sizeBytes() > MAX_PERCPU_OBJECT) {
            throw path.reject(Errno.EINVAL, Message.PERCPU_OBJ_TOO_LARGE, struct.sizeBytes(), MAX_PERCPU_OBJECT);
        }
        if (!ScalarStructs.isScalar(path.unit().btf(), id, 0)) {
            throw path.reject(Errno.EINVAL, Message.PERCPU_OBJ_NOT_SCALARS);
        }
        if (SpecialFields.ofStruct(path.unit().btf(), id) != null) {
            throw path.reject(Errno.EINVAL, Message.PERCPU_OBJ_SPECIAL_FIELDS);
        }
    }

    private static RegState rdonlyCast(Exploration path, KfuncMeta meta) {
        if (meta.constant == 0) {
            return RegState.mem(0, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED);
        }
        // Without the kernel's types, relocations named the object's own.
        boolean own = path.unit().kernelTypes().size() <= 1;
        Btf btf = own ? path.unit().btf() : path.unit().kernelTypes();
        long id = meta.constant;
        if (own && (id < 0 || id >= btf.size())) {
            throw new UnsupportedFeature("kfunc bpf_rdonly_cast is not supported without kernel types");
        }
        if (id < 0 || id >= btf.size()) {
            throw path.reject(Errno.EINVAL, Message.RDONLY_CAST_UNKNOWN_TYPE, id);
        }
        if (!(btf.type((int) id) instanceof BtfType.Composite)) {
            throw path.reject(Errno.EINVAL, Message.RDONLY_CAST_NOT_A_STRUCT);
        }
        return RegState.btfId(btf, (int) id, TypeFlags.PTR_UNTRUSTED);
    }

    private static RegState slice(Exploration path, KfuncMeta meta) {
        int flags = Objects.requireNonNull(meta.dynptr.type).flag();
        if (!meta.kfunc.has(Trait.WRITABLE_SLICE)) {
            flags |= TypeFlags.MEM_RDONLY;
        } else {
            ProgType type = path.unit().program().type();
            if (!path.unit().kernel().programTypes().writesPackets(type)) {
                throw path.reject(Errno.EINVAL, Message.PACKET_WRITES_NOT_ALLOWED);
            }
            path.seenDirectWrite = true;
        }
        return RegState.mem(meta.constant & 0xffffffffL, flags).withParentId(meta.dynptr.id);
    }

    private static RegState ordinary(Exploration path, KfuncMeta meta, KernelType type) {
        KernelType pointee = type.pointee();
        if (pointee.isVoid()) {
            return RegState.UNKNOWN;
        }
        if (pointee.pointers() > 0
                || pointee.shape() != KernelType.Shape.STRUCT && pointee.shape() != KernelType.Shape.UNION) {
            return memory(path, meta, pointee);
        }
        int flags;
        if (meta.kfunc.has(Trait.UNTRUSTED_RESULT)) {
            flags = TypeFlags.PTR_UNTRUSTED;
        } else if (meta.kfunc.has(Kfunc.Flag.RCU_PROTECTED)
                || meta.kfunc.has(Kfunc.Flag.ITER_NEXT)
                        && Objects.requireNonNull(meta.iterator)
                                .in(path.state())
                                .hasFlag(TypeFlags.MEM_RCU)) {
            flags = TypeFlags.MEM_RCU;
        } else {
            flags = path.unit().kernel().has(KernelRule.RESULTS_ARE_TRUSTED) ? TypeFlags.PTR_TRUSTED : 0;
        }
        RegPayload.BtfRef struct = StructMatch.require(path, pointee.name());
        return RegState.btfId(struct.btf(), struct.typeId(), flags);
    }

    private static RegState memory(Exploration path, KfuncMeta meta, KernelType pointee) {
        if (meta.returnSize == 0) {
            meta.returnSize = pointee.pointers() > 0 ? Long.BYTES : pointee.sizeBytes();
            meta.returnReadOnly = true;
        }
        if (meta.returnSize == 0) {
            throw path.reject(
                    Errno.EINVAL, Message.KFUNC_RETURN_TYPE_NOT_SUPPORTED, meta.kfunc.name(), pointee.display());
        }
        int flags = meta.returnReadOnly ? TypeFlags.MEM_RDONLY : 0;
        if (meta.kfunc.has(Kfunc.Flag.RCU_PROTECTED)) {
            flags |= TypeFlags.MEM_RCU;
        }
        return RegState.pointer(RegType.PTR_TO_MEM, flags, new RegPayload.MemSize(meta.returnSize))
                .withParentId(meta.objectId);
    }
}
