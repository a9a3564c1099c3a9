package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
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

    static void set(VerifierEnv env, KfuncMeta meta, int insnIndex) {
        KernelType type = meta.kfunc.ret();
        if (type.isVoid()) {
            return;
        }
        if (type.isScalar()) {
            env.setReg(0, meta.kfunc.has(Trait.TAKES_LOCK) ? RegState.ZERO : RegState.UNKNOWN);
            return;
        }
        RegState r0 = special(env, meta, type);
        if (r0 == null) {
            r0 = ordinary(env, meta, type);
        }
        if (meta.returnsNull()) {
            r0 = r0.withFlags(r0.flags() | TypeFlags.PTR_MAYBE_NULL).withId(env.newId());
        }
        if (meta.kfunc.has(Kfunc.Flag.ACQUIRE)) {
            r0 = r0.withId(References.acquire(env, insnIndex, 0));
        } else if (isNode(type)) {
            r0 = ListsAndTrees.nonOwning(env, r0);
        }
        if (r0.id() == 0 && mayHoldLock(env, r0)) {
            r0 = r0.withId(env.newId());
        }
        env.setReg(0, r0);
    }

    private static boolean isNode(KernelType type) {
        return type.pointsTo("bpf_list_node") || type.pointsTo("bpf_rb_node");
    }

    private static boolean mayHoldLock(VerifierEnv env, RegState reg) {
        BtfRecord record = SpecialFields.of(env, reg);
        return SpecialFields.has(record, BtfField.Kind.BPF_SPIN_LOCK)
                || SpecialFields.has(record, BtfField.Kind.BPF_RES_SPIN_LOCK);
    }

    private static @Nullable RegState special(VerifierEnv env, KfuncMeta meta, KernelType type) {
        Kfunc kfunc = meta.kfunc;
        if (kfunc.has(Trait.OBJ_NEW)) {
            return allocated(env, meta);
        }
        if (kfunc.has(Trait.REFCOUNT_ACQUIRE)) {
            RegPayload.BtfRef object = Objects.requireNonNull(meta.argType);
            return RegState.btfId(object.btf(), object.typeId(), TypeFlags.MEM_ALLOC);
        }
        if (isNode(type)) {
            return ListsAndTrees.node(env, Objects.requireNonNull(meta.root));
        }
        if (kfunc.has(Trait.KERNEL_CONTEXT)) {
            RegPayload.BtfRef context = Objects.requireNonNull(meta.kernelContext);
            return RegState.btfId(context.btf(), context.typeId(), TypeFlags.PTR_TRUSTED);
        }
        if (kfunc.has(Trait.RDONLY_CAST)) {
            return rdonlyCast(env, meta);
        }
        return kfunc.has(Trait.SLICE) ? slice(env, meta) : null;
    }

    private static RegState allocated(VerifierEnv env, KfuncMeta meta) {
        boolean percpu = meta.kfunc.has(Trait.PERCPU);
        if (meta.constant >>> 32 != 0) {
            throw env.reject(Errno.EINVAL, "local type ID argument must be in range [0, U32_MAX]");
        }
        int id = (int) meta.constant;
        if (env.btf().size() <= 1) {
            throw env.reject(Errno.EINVAL, "bpf_obj_new/bpf_percpu_obj_new requires prog BTF");
        }
        if (id <= 0
                || id >= env.btf().size()
                || !(env.btf().type(id) instanceof BtfType.Composite struct)
                || struct.isUnion()) {
            throw env.reject(Errno.EINVAL, "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct");
        }
        if (percpu) {
            checkPercpu(env, struct, id);
        }
        return RegState.btfId(env.btf(), id, TypeFlags.MEM_ALLOC | (percpu ? TypeFlags.MEM_PERCPU : 0));
    }

    private static void checkPercpu(VerifierEnv env, BtfType.Composite struct, int id) {
        if (struct.sizeBytes() > MAX_PERCPU_OBJECT) {
            throw env.reject(
                    Errno.EINVAL,
                    "bpf_percpu_obj_new type size (%d) is greater than %d",
                    struct.sizeBytes(),
                    MAX_PERCPU_OBJECT);
        }
        if (!ScalarStructs.isScalar(env.btf(), id, 0)) {
            throw env.reject(Errno.EINVAL, "bpf_percpu_obj_new type ID argument must be of a struct of scalars");
        }
        if (SpecialFields.ofStruct(env.btf(), id) != null) {
            throw env.reject(Errno.EINVAL, "bpf_percpu_obj_new type ID argument must not contain special fields");
        }
    }

    private static RegState rdonlyCast(VerifierEnv env, KfuncMeta meta) {
        if (meta.constant == 0) {
            return RegState.mem(0, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED);
        }
        // Without the kernel's types, relocations named the object's own.
        boolean own = env.kernelTypes().size() <= 1;
        Btf btf = own ? env.btf() : env.kernelTypes();
        long id = meta.constant;
        if (own && (id < 0 || id >= btf.size())) {
            throw new UnsupportedFeature("kfunc bpf_rdonly_cast is not supported without kernel types");
        }
        if (id < 0 || id >= btf.size()) {
            throw env.reject(Errno.EINVAL, "Unknown type ID %d passed to kfunc bpf_rdonly_cast", id);
        }
        if (!(btf.type((int) id) instanceof BtfType.Composite)) {
            throw env.reject(Errno.EINVAL, "kfunc bpf_rdonly_cast type ID argument must be of a struct or void");
        }
        return RegState.btfId(btf, (int) id, TypeFlags.PTR_UNTRUSTED);
    }

    private static RegState slice(VerifierEnv env, KfuncMeta meta) {
        int flags = Objects.requireNonNull(meta.dynptr.type).flag();
        if (!meta.kfunc.has(Trait.WRITABLE_SLICE)) {
            flags |= TypeFlags.MEM_RDONLY;
        } else {
            ProgType type = env.program().type();
            if (!env.kernel().programTypes().writesPackets(type)) {
                throw env.reject(Errno.EINVAL, "the prog does not allow writes to packet data");
            }
            env.seenDirectWrite = true;
        }
        return RegState.mem(meta.constant & 0xffffffffL, flags).withParentId(meta.dynptr.id);
    }

    private static RegState ordinary(VerifierEnv env, KfuncMeta meta, KernelType type) {
        KernelType pointee = type.pointee();
        if (pointee.isVoid()) {
            return RegState.UNKNOWN;
        }
        if (pointee.pointers() > 0
                || pointee.shape() != KernelType.Shape.STRUCT && pointee.shape() != KernelType.Shape.UNION) {
            return memory(env, meta, pointee);
        }
        int flags;
        if (meta.kfunc.has(Trait.UNTRUSTED_RESULT)) {
            flags = TypeFlags.PTR_UNTRUSTED;
        } else if (meta.kfunc.has(Kfunc.Flag.RCU_PROTECTED)
                || meta.kfunc.has(Kfunc.Flag.ITER_NEXT)
                        && Objects.requireNonNull(meta.iterator).in(env.state()).hasFlag(TypeFlags.MEM_RCU)) {
            flags = TypeFlags.MEM_RCU;
        } else {
            flags = TypeFlags.PTR_TRUSTED;
        }
        RegPayload.BtfRef struct = StructMatch.require(env, pointee.name());
        return RegState.btfId(struct.btf(), struct.typeId(), flags);
    }

    private static RegState memory(VerifierEnv env, KfuncMeta meta, KernelType pointee) {
        if (meta.returnSize == 0) {
            meta.returnSize = pointee.pointers() > 0 ? Long.BYTES : pointee.sizeBytes();
            meta.returnReadOnly = true;
        }
        if (meta.returnSize == 0) {
            throw env.reject(
                    Errno.EINVAL,
                    "kernel function %s returns pointer type %s is not supported",
                    meta.kfunc.name(),
                    pointee.display());
        }
        int flags = meta.returnReadOnly ? TypeFlags.MEM_RDONLY : 0;
        if (meta.kfunc.has(Kfunc.Flag.RCU_PROTECTED)) {
            flags |= TypeFlags.MEM_RCU;
        }
        return RegState.pointer(RegType.PTR_TO_MEM, flags, new RegPayload.MemSize(meta.returnSize))
                .withParentId(meta.objectId);
    }
}
