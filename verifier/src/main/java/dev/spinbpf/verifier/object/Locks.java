package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;

/**
 * Taking and giving back locks: {@code bpf_spin_lock} and {@code bpf_res_spin_lock}.
 *
 * <p>A lock is known by the map (or the object's types) that holds it and by the id of the pointer that led to it: two
 * lookups of a map give two ids, all pointers to a section of global data give 0. Locks form a stack: only the one taken
 * last may be given back. A plain lock is the only one of its kind that may be held; resilient ones nest, but not in
 * themselves.
 */
public final class Locks {
    private Locks() {}

    /** Returns the type of reference that a lock function acquires or releases. */
    public static AcquiredReference.Type type(boolean resilient, boolean irq) {
        if (!resilient) {
            return AcquiredReference.Type.LOCK;
        }
        return irq ? AcquiredReference.Type.RES_LOCK_IRQ : AcquiredReference.Type.RES_LOCK;
    }

    /** Applies a lock or unlock function to the lock that the register points to. */
    public static void process(Exploration path, RegState reg, String name, boolean lock, AcquiredReference.Type type) {
        boolean resilient = type != AcquiredReference.Type.LOCK;
        String function = resilient ? "bpf_res_spin" : "bpf_spin";
        checkPointsToLock(path, reg, name, function, resilient);
        if (lock) {
            acquire(path, reg, type);
        } else {
            release(path, reg, type, function);
        }
    }

    private static void checkPointsToLock(
            Exploration path, RegState reg, String name, String function, boolean resilient) {
        if (!reg.isConst()) {
            throw path.reject(Errno.EINVAL, Message.LOCK_OFFSET_NOT_CONSTANT, name, function);
        }
        boolean inMap = reg.is(RegType.PTR_TO_MAP_VALUE);
        if (inMap && !reg.map().hasBtf()) {
            throw path.reject(Errno.EINVAL, Message.LOCK_NEEDS_BTF, reg.map().name(), function);
        }
        BtfRecord record = SpecialFields.of(path, reg);
        BtfField.Kind kind = resilient ? BtfField.Kind.BPF_RES_SPIN_LOCK : BtfField.Kind.BPF_SPIN_LOCK;
        if (!SpecialFields.has(record, kind)) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.LOCK_NOT_VALID,
                    inMap ? "map" : "local",
                    inMap ? reg.map().name() : "kptr",
                    function);
        }
        int offset = SpecialFields.offsetOf(record, kind);
        if (offset != reg.constValue()) {
            throw path.reject(Errno.EINVAL, Message.LOCK_NOT_AT_OFFSET, reg.constValue(), function, offset);
        }
    }

    private static void acquire(Exploration path, RegState reg, AcquiredReference.Type type) {
        VerifierState state = path.state();
        Object owner = SpecialFields.ownerOf(reg);
        // A second plain lock is no call that is allowed under a lock: it never gets here.
        if (type != AcquiredReference.Type.LOCK
                && state.findLock(reg.id(), owner, AcquiredReference.Type.RES_LOCK, AcquiredReference.Type.RES_LOCK_IRQ)
                        != null) {
            throw path.reject(Errno.EINVAL, Message.LOCK_AA_DEADLOCK);
        }
        state.acquireLock(new AcquiredReference(type, reg.id(), path.insnIndex(), 0, owner));
    }

    private static void release(Exploration path, RegState reg, AcquiredReference.Type type, String function) {
        VerifierState state = path.state();
        Object owner = SpecialFields.ownerOf(reg);
        if (state.activeLocks() == 0) {
            throw path.reject(Errno.EINVAL, Message.UNLOCK_WITHOUT_LOCK, function);
        }
        if (state.findLock(reg.id(), owner, type) == null) {
            throw path.reject(Errno.EINVAL, Message.UNLOCK_OF_DIFFERENT_LOCK, function);
        }
        if (reg.id() != state.activeLockId() || !VerifierState.sameOwner(owner, state.activeLockOwner())) {
            throw path.reject(Errno.EINVAL, Message.UNLOCK_OUT_OF_ORDER, function);
        }
        boolean wasProtected = CriticalSections.inRcuSection(state);
        if (!state.releaseLock(type, reg.id(), owner)) {
            throw path.reject(Errno.EINVAL, Message.UNLOCK_OF_DIFFERENT_LOCK, function);
        }
        if (wasProtected && !CriticalSections.inRcuSection(state)) {
            References.invalidateRcuProtected(state);
        }
        References.invalidateNonOwning(state);
    }
}
