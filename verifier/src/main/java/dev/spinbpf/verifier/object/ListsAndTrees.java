package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/**
 * Lists and trees of allocated objects. The root and its lock lie in the same value, and the lock must be held. An object
 * that is put into one is not owned by the program any more; pointers to it are good until the lock is released.
 */
public final class ListsAndTrees {
    private ListsAndTrees() {}

    /** Checks an argument that points to a root; returns the root. */
    public static BtfField root(Exploration path, RegState reg, String name, BtfField.Kind kind) {
        String type = kind.typeName();
        if (!reg.isConst()) {
            throw path.reject(Errno.EINVAL, Message.GRAPH_OFFSET_NOT_CONSTANT, name, type);
        }
        BtfRecord record = SpecialFields.of(path, reg);
        BtfField field = SpecialFields.find(record, reg.constValue(), kind);
        if (field == null) {
            throw path.reject(Errno.EINVAL, Message.GRAPH_FIELD_NOT_FOUND, type, (int) reg.constValue());
        }
        if (!isLocked(path, reg)) {
            throw path.reject(Errno.EINVAL, Message.SPIN_LOCK_MUST_BE_HELD, plainLockOffset(record), type);
        }
        return field;
    }

    /** Returns the offset that messages name; beside a resilient lock there is none, and Linux prints an error in its place. */
    private static int plainLockOffset(@Nullable BtfRecord record) {
        BtfField lock = record == null ? null : record.first(BtfField.Kind.BPF_SPIN_LOCK);
        return lock == null ? -Errno.EINVAL : lock.offset();
    }

    private static boolean isLocked(Exploration path, RegState reg) {
        if (path.state().activeLocks() == 0) {
            return false;
        }
        boolean held = path.state()
                        .findLock(
                                reg.id(),
                                SpecialFields.ownerOf(reg),
                                AcquiredReference.Type.LOCK,
                                AcquiredReference.Type.RES_LOCK,
                                AcquiredReference.Type.RES_LOCK_IRQ)
                != null;
        if (!held) {
            path.log().note(Message.HELD_LOCK_OF_OTHER_ALLOCATION);
        }
        return held;
    }

    /** Checks an argument that points to the node of an object, for the root that was passed before it. */
    public static void node(Exploration path, RegState reg, String name, BtfField root, BtfField.Kind kind) {
        String type = kind.typeName();
        if (!reg.isConst()) {
            throw path.reject(Errno.EINVAL, Message.GRAPH_OFFSET_NOT_CONSTANT, name, type);
        }
        int offset = (int) reg.constValue();
        if (SpecialFields.find(SpecialFields.of(path, reg), offset, kind) == null) {
            throw path.reject(Errno.EINVAL, Message.GRAPH_FIELD_NOT_FOUND, type, offset);
        }
        RegPayload.BtfRef wanted = new RegPayload.BtfRef(path.unit().btf(), root.typeId());
        if (!reg.btfRef().equals(wanted)) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.GRAPH_NODE_WRONG_STRUCT,
                    root.kind().typeName(),
                    type,
                    root.nodeOffset(),
                    StructMatch.name(wanted),
                    offset,
                    StructMatch.name(reg.btfRef()));
        }
        if (offset != root.nodeOffset()) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.GRAPH_NODE_WRONG_OFFSET,
                    offset,
                    type,
                    root.nodeOffset(),
                    StructMatch.name(wanted));
        }
    }

    /** A pointer to the node of an object in a list or tree. */
    public static RegState node(Exploration path, BtfField root) {
        return RegState.btfId(path.unit().btf(), root.typeId(), TypeFlags.MEM_ALLOC)
                .withValue(ScalarValue.constant(root.nodeOffset()));
    }

    /** The pointer, to an object that is not the program's. */
    public static RegState nonOwning(Exploration path, RegState reg) {
        int flags = reg.flags() | TypeFlags.NON_OWN_REF;
        if (SpecialFields.has(SpecialFields.of(path, reg), BtfField.Kind.BPF_REFCOUNT)) {
            flags |= TypeFlags.MEM_RCU;
        }
        return reg.withFlags(flags);
    }

    /** The object now belongs to a list or tree. */
    public static void disown(Exploration path, int id) {
        References.releaseNoMark(path.state(), id);
        path.state()
                .mapRegs(reg -> reg.id() == id && reg.is(RegType.PTR_TO_BTF_ID) ? nonOwning(path, reg.withId(0)) : reg);
    }
}
