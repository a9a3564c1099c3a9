package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.VerifierEnv;
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

    /** Gives the type of reference that a lock function takes or gives back. */
    public static AcquiredReference.Type type(boolean resilient, boolean irq) {
        if (!resilient) {
            return AcquiredReference.Type.LOCK;
        }
        return irq ? AcquiredReference.Type.RES_LOCK_IRQ : AcquiredReference.Type.RES_LOCK;
    }

    /** Applies a lock or unlock function to the lock that the register points to. */
    public static void process(VerifierEnv env, RegState reg, String name, boolean lock, AcquiredReference.Type type) {
        boolean resilient = type != AcquiredReference.Type.LOCK;
        String function = resilient ? "bpf_res_spin" : "bpf_spin";
        checkPointsToLock(env, reg, name, function, resilient);
        if (lock) {
            acquire(env, reg, type);
        } else {
            release(env, reg, type, function);
        }
    }

    private static void checkPointsToLock(
            VerifierEnv env, RegState reg, String name, String function, boolean resilient) {
        if (!reg.isConst()) {
            throw env.reject(
                    Errno.EINVAL,
                    "%s doesn't have constant offset. %s_lock has to be at the constant offset",
                    name,
                    function);
        }
        boolean inMap = reg.is(RegType.PTR_TO_MAP_VALUE);
        if (inMap && !reg.map().hasBtf()) {
            throw env.reject(
                    Errno.EINVAL,
                    "map '%s' has to have BTF in order to use %s_lock",
                    reg.map().name(),
                    function);
        }
        BtfRecord record = SpecialFields.of(env, reg);
        BtfField.Kind kind = resilient ? BtfField.Kind.BPF_RES_SPIN_LOCK : BtfField.Kind.BPF_SPIN_LOCK;
        if (!SpecialFields.has(record, kind)) {
            throw env.reject(
                    Errno.EINVAL,
                    "%s '%s' has no valid %s_lock",
                    inMap ? "map" : "local",
                    inMap ? reg.map().name() : "kptr",
                    function);
        }
        int offset = SpecialFields.offsetOf(record, kind);
        if (offset != reg.constValue()) {
            throw env.reject(
                    Errno.EINVAL,
                    "off %d doesn't point to 'struct %s_lock' that is at %d",
                    reg.constValue(),
                    function,
                    offset);
        }
    }

    private static void acquire(VerifierEnv env, RegState reg, AcquiredReference.Type type) {
        VerifierState state = env.state();
        Object owner = SpecialFields.ownerOf(reg);
        // A second plain lock is no call that is allowed under a lock: it never gets here.
        if (type != AcquiredReference.Type.LOCK
                && state.findLock(reg.id(), owner, AcquiredReference.Type.RES_LOCK, AcquiredReference.Type.RES_LOCK_IRQ)
                        != null) {
            throw env.reject(Errno.EINVAL, "Acquiring the same lock again, AA deadlock detected");
        }
        state.acquireLock(new AcquiredReference(type, reg.id(), env.insnIndex(), 0, owner));
    }

    private static void release(VerifierEnv env, RegState reg, AcquiredReference.Type type, String function) {
        VerifierState state = env.state();
        Object owner = SpecialFields.ownerOf(reg);
        if (state.activeLocks() == 0) {
            throw env.reject(Errno.EINVAL, "%s_unlock without taking a lock", function);
        }
        if (state.findLock(reg.id(), owner, type) == null) {
            throw env.reject(Errno.EINVAL, "%s_unlock of different lock", function);
        }
        if (reg.id() != state.activeLockId() || !VerifierState.sameOwner(owner, state.activeLockOwner())) {
            throw env.reject(Errno.EINVAL, "%s_unlock cannot be out of order", function);
        }
        boolean wasProtected = CriticalSections.inRcuSection(state);
        if (!state.releaseLock(type, reg.id(), owner)) {
            throw env.reject(Errno.EINVAL, "%s_unlock of different lock", function);
        }
        if (wasProtected && !CriticalSections.inRcuSection(state)) {
            References.invalidateRcuProtected(state);
        }
        References.invalidateNonOwning(state);
    }
}
