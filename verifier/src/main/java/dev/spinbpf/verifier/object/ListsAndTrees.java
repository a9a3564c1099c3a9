package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/**
 * Lists and trees of allocated objects. The root and its lock lie in the same value, and the lock must be held. An object
 * that is put into one is not owned by the program any more; pointers to it are good until the lock is given back.
 */
public final class ListsAndTrees {
    private ListsAndTrees() {}

    /** Checks an argument that points to a root; returns the root. */
    public static BtfField root(VerifierEnv env, RegState reg, String name, BtfField.Kind kind) {
        String type = kind.typeName();
        if (!reg.isConst()) {
            throw env.reject(
                    Errno.EINVAL, "%s doesn't have constant offset. %s has to be at the constant offset", name, type);
        }
        BtfRecord record = SpecialFields.of(env, reg);
        BtfField field = SpecialFields.find(record, reg.constValue(), kind);
        if (field == null) {
            throw env.reject(Errno.EINVAL, "%s not found at offset=%d", type, (int) reg.constValue());
        }
        if (!isLocked(env, reg)) {
            throw env.reject(
                    Errno.EINVAL,
                    "bpf_spin_lock at off=%d must be held for %s",
                    SpecialFields.offsetOf(record, BtfField.Kind.BPF_SPIN_LOCK),
                    type);
        }
        return field;
    }

    private static boolean isLocked(VerifierEnv env, RegState reg) {
        if (env.state().activeLocks() == 0) {
            return false;
        }
        boolean held = env.state()
                        .findLock(
                                reg.id(),
                                SpecialFields.ownerOf(reg),
                                AcquiredReference.Type.LOCK,
                                AcquiredReference.Type.RES_LOCK,
                                AcquiredReference.Type.RES_LOCK_IRQ)
                != null;
        if (!held) {
            env.verbose("held lock and object are not in the same allocation\n");
        }
        return held;
    }

    /** Checks an argument that points to the node of an object, for the root that was passed before it. */
    public static void node(VerifierEnv env, RegState reg, String name, BtfField root, BtfField.Kind kind) {
        String type = kind.typeName();
        if (!reg.isConst()) {
            throw env.reject(
                    Errno.EINVAL, "%s doesn't have constant offset. %s has to be at the constant offset", name, type);
        }
        int offset = (int) reg.constValue();
        if (SpecialFields.find(SpecialFields.of(env, reg), offset, kind) == null) {
            throw env.reject(Errno.EINVAL, "%s not found at offset=%d", type, offset);
        }
        RegPayload.BtfRef wanted = new RegPayload.BtfRef(env.btf(), root.typeId());
        if (!reg.btfRef().equals(wanted)) {
            throw env.reject(
                    Errno.EINVAL,
                    "operation on %s expects arg#1 %s at offset=%d in struct %s, but arg is at offset=%d in struct %s",
                    root.kind().typeName(),
                    type,
                    root.nodeOffset(),
                    StructMatch.name(wanted),
                    offset,
                    StructMatch.name(reg.btfRef()));
        }
        if (offset != root.nodeOffset()) {
            throw env.reject(
                    Errno.EINVAL,
                    "arg#1 offset=%d, but expected %s at offset=%d in struct %s",
                    offset,
                    type,
                    root.nodeOffset(),
                    StructMatch.name(wanted));
        }
    }

    /** A pointer to the node of an object in a list or tree. */
    public static RegState node(VerifierEnv env, BtfField root) {
        return RegState.btfId(env.btf(), root.typeId(), TypeFlags.MEM_ALLOC)
                .withValue(ScalarValue.constant(root.nodeOffset()));
    }

    /** The pointer, to an object that is not the program's. */
    public static RegState nonOwning(VerifierEnv env, RegState reg) {
        int flags = reg.flags() | TypeFlags.NON_OWN_REF;
        if (SpecialFields.has(SpecialFields.of(env, reg), BtfField.Kind.BPF_REFCOUNT)) {
            flags |= TypeFlags.MEM_RCU;
        }
        return reg.withFlags(flags);
    }

    /** The object now belongs to a list or tree. */
    public static void disown(VerifierEnv env, int id) {
        References.releaseNoMark(env.state(), id);
        env.state()
                .mapRegs(reg -> reg.id() == id && reg.is(RegType.PTR_TO_BTF_ID) ? nonOwning(env, reg.withId(0)) : reg);
    }
}
