package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.Rule;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The locks of programs: {@code bpf_spin_lock} and {@code bpf_res_spin_lock}.
 *
 * <p>What must hold:
 *
 * <ul>
 *   <li>A lock lies in a map value or an allocated object of which the types are known, at the one offset that these
 *       types give to a lock of its kind. A pointer to it is exact: {@link #POINTS_TO_LOCK}.
 *   <li>A lock is known by its owner (the map, or the types of the object) and by the id of the pointer that led to it.
 *       Two lookups in a map give two ids, all pointers to a section of global data give 0.
 *   <li>The locks that a path holds are a stack. Each may be on it once ({@link #MAY_TAKE}), and only the topmost may be
 *       released, by the function that belongs to the one that took it ({@link #MAY_RELEASE}). A plain lock has the stack
 *       to itself, as no call that takes one is allowed under a lock.
 *   <li>Objects that the lock protected may be freed as soon as it is released: pointers to nodes that the program does
 *       not own die then. If the lock was all that kept RCU from freeing, pointers that rely on RCU lose their trust.
 * </ul>
 */
public final class Locks {
    private static final List<Rule<Operand>> POINTS_TO_LOCK = List.of(
            Rule.of(
                    lock -> lock.pointer.isConst(),
                    Errno.EINVAL,
                    Message.LOCK_OFFSET_NOT_CONSTANT,
                    lock -> List.of(lock.name, lock.family())),
            Rule.of(
                    lock -> !lock.isInMap() || lock.pointer.map().hasBtf(),
                    Errno.EINVAL,
                    Message.LOCK_NEEDS_BTF,
                    lock -> List.of(lock.pointer.map().name(), lock.family())),
            Rule.of(
                    lock -> SpecialFields.has(lock.fields, lock.kind()),
                    Errno.EINVAL,
                    Message.LOCK_NOT_VALID,
                    lock -> List.of(lock.isInMap() ? "map" : "local", lock.ownerName(), lock.family())),
            Rule.of(
                    lock -> lock.declaredOffset() == lock.pointer.constValue(),
                    Errno.EINVAL,
                    Message.LOCK_NOT_AT_OFFSET,
                    lock -> List.of(lock.pointer.constValue(), lock.family(), lock.declaredOffset())));

    private static final List<Rule<Operand>> MAY_TAKE =
            List.of(Rule.of(lock -> !lock.isHeldResilient(), Errno.EINVAL, Message.LOCK_AA_DEADLOCK));

    private static final List<Rule<Operand>> MAY_RELEASE = List.of(
            Rule.of(
                    lock -> lock.path.state().activeLocks() > 0,
                    Errno.EINVAL,
                    Message.UNLOCK_WITHOUT_LOCK,
                    lock -> List.of(lock.family())),
            Rule.of(
                    lock -> lock.path.state().findLock(lock.pointer.id(), lock.owner(), lock.type) != null,
                    Errno.EINVAL,
                    Message.UNLOCK_OF_DIFFERENT_LOCK,
                    lock -> List.of(lock.family())),
            Rule.of(Operand::isTopmost, Errno.EINVAL, Message.UNLOCK_OUT_OF_ORDER, lock -> List.of(lock.family())));

    private Locks() {}

    /**
     * The lock that a function is passed.
     *
     * @param name the argument as messages call it
     * @param type the kind of lock that the function takes or releases
     * @param fields the special fields of what the pointer points to
     */
    private record Operand(
            Exploration path,
            RegState pointer,
            String name,
            AcquiredReference.Type type,
            @Nullable BtfRecord fields) {
        boolean isPlain() {
            return type == AcquiredReference.Type.LOCK;
        }

        /** The common beginning of the names of its functions and struct. */
        String family() {
            return isPlain() ? "bpf_spin" : "bpf_res_spin";
        }

        BtfField.Kind kind() {
            return isPlain() ? BtfField.Kind.BPF_SPIN_LOCK : BtfField.Kind.BPF_RES_SPIN_LOCK;
        }

        boolean isInMap() {
            return pointer.is(RegType.PTR_TO_MAP_VALUE);
        }

        Object owner() {
            return SpecialFields.ownerOf(pointer);
        }

        String ownerName() {
            return isInMap() ? pointer.map().name() : "kptr";
        }

        int declaredOffset() {
            return SpecialFields.offsetOf(fields, kind());
        }

        boolean isHeldResilient() {
            return path.state()
                            .findLock(
                                    pointer.id(),
                                    owner(),
                                    AcquiredReference.Type.RES_LOCK,
                                    AcquiredReference.Type.RES_LOCK_IRQ)
                    != null;
        }

        boolean isTopmost() {
            AcquiredReference top = path.state().lastLock();
            return top != null && top.id() == pointer.id() && VerifierState.sameOwner(top.lockOwner(), owner());
        }
    }

    /** Returns the type of reference that a lock function acquires or releases. */
    public static AcquiredReference.Type type(boolean resilient, boolean irq) {
        if (!resilient) {
            return AcquiredReference.Type.LOCK;
        }
        return irq ? AcquiredReference.Type.RES_LOCK_IRQ : AcquiredReference.Type.RES_LOCK;
    }

    /** Applies a lock or unlock function to the lock that the register points to. */
    public static void process(Exploration path, RegState reg, String name, boolean lock, AcquiredReference.Type type) {
        var operand = new Operand(path, reg, name, type, SpecialFields.of(path, reg));
        Rule.enforce(path.log(), POINTS_TO_LOCK, operand);
        if (lock) {
            Rule.enforce(path.log(), MAY_TAKE, operand);
            path.state().acquireLock(new AcquiredReference(type, reg.id(), path.insnIndex(), 0, operand.owner()));
        } else {
            Rule.enforce(path.log(), MAY_RELEASE, operand);
            release(path);
        }
    }

    private static void release(Exploration path) {
        VerifierState state = path.state();
        boolean wasProtected = CriticalSections.inRcuSection(path);
        state.releaseLastLock();
        if (path.unit().kernel().has(KernelRule.ATOMIC_SECTIONS_PROTECT_RCU)) {
            References.invalidateNonOwning(state);
            CriticalSections.ended(path);
            return;
        }
        if (wasProtected && !CriticalSections.inRcuSection(path)) {
            References.invalidateRcuProtected(state);
        }
        References.invalidateNonOwning(state);
    }
}
