package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.verifier.check.PacketAccess;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.object.Iterators;
import dev.spinbpf.verifier.object.ListsAndTrees;
import dev.spinbpf.verifier.object.SpecialFields;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Calls of kernel functions: Linux's {@code check_kfunc_call}. */
final class KfuncCalls {

    private final KfuncArgs args;

    KfuncCalls(MemoryAccess memory) {
        args = new KfuncArgs(memory);
    }

    /** The function that the instruction calls, or null if it is no such call or its rules are not known. */
    static @Nullable Kfunc known(Exploration path, Insn insn) {
        if (insn.op() != Op.CALL_KFUNC) {
            return null;
        }
        KfuncRef ref = ref(path, insn);
        return ref.absent() ? null : path.unit().kernel().kfuncs().find(ref.essentialName());
    }

    /** Returns whether the path runs in the comparison function of a tree. */
    static boolean inRbtreeCallback(Exploration path) {
        VerifierState state = path.state();
        for (int frame = state.curframe(); frame > 0; frame--) {
            if (!state.frame(frame).inCallback()) {
                continue;
            }
            var insn = path.unit().insn(state.frame(frame).callsite());
            Kfunc kfunc = known(path, insn);
            if (kfunc != null && kfunc.has(Trait.RBTREE_ADD)) {
                return true;
            }
        }
        return false;
    }

    private static KfuncRef ref(Exploration path, Insn insn) {
        return path.unit().object().kfuncs().get((int) insn.imm());
    }

    CallChecker.KfuncResult check(Exploration path, Insn insn, int insnIndex) {
        KfuncRef ref = ref(path, insn);
        Kfunc kfunc = ref.absent() ? null : path.unit().kernel().kfuncs().find(ref.essentialName());
        VerifierState state = path.state();
        if (state.activeLocks() > 0 && (kfunc == null || !kfunc.has(Trait.UNDER_LOCK))) {
            throw path.reject(Errno.EINVAL, Message.CALL_UNDER_LOCK);
        }
        if (ref.absent() || !path.unit().kernel().kfuncs().exists(ref.essentialName())) {
            throw path.reject(Errno.EINVAL, Message.KFUNC_UNRESOLVED, ref.name());
        }
        if (kfunc == null) {
            throw new UnsupportedFeature("kfunc " + ref.name() + " is not supported");
        }
        if (!path.unit().kernel().kfuncs().isAllowed(kfunc, path.unit().program())) {
            throw path.reject(Errno.EACCES, Message.KFUNC_NOT_ALLOWED, kfunc.name());
        }
        if (kfunc.has(Trait.TAKES_LOCK)) {
            forkFailedLock(path);
        } else if (kfunc.has(Trait.TRAPS)) {
            throw path.reject(Errno.EFAULT, Message.UNEXPECTED_BPF_TRAP);
        }
        boolean sleepable = kfunc.has(Kfunc.Flag.SLEEPABLE);
        if (sleepable && !state.inSleepable()) {
            throw path.reject(Errno.EACCES, Message.SLEEPABLE_KFUNC_NEEDS_SLEEPABLE_PROGRAM, kfunc.name());
        }
        KfuncMeta meta = new KfuncMeta(kfunc);
        args.check(path, meta, insnIndex);
        callbacks(path, meta, insn, insnIndex);
        regions(path, kfunc, sleepable);
        releases(path, meta);
        if (kfunc.has(Trait.THROWS)) {
            path.seenException = true;
            if (path.unit().exceptionCallbackSubprog == 0) {
                path.services().returnCodes().checkReturnCode(path, 1, "R1");
            }
        }
        Registers.clearCallerSaved(path, path.func());
        KfuncReturns.set(path, meta, insnIndex);
        if (kfunc.has(Trait.CHANGES_PACKETS)) {
            PacketAccess.invalidateAll(path.state());
        }
        if (kfunc.has(Kfunc.Flag.ITER_NEXT)) {
            Iterators.next(path, Objects.requireNonNull(meta.iterator), insnIndex);
        }
        return kfunc.has(Trait.THROWS) ? CallChecker.KfuncResult.THROWS : CallChecker.KfuncResult.CONTINUE;
    }

    /** The path on which the lock was not taken: r0 is a negative error number. */
    private static void forkFailedLock(Exploration path) {
        VerifierState branch =
                path.pushStack(path.insnIndex() + 1, path.insnIndex(), Message.NO_BRANCH_FOR_FAILED_LOCK);
        FuncState func = branch.func();
        for (int i = 0; i < Registers.CALLER_SAVED; i++) {
            func.setReg(i, RegState.NOT_INIT);
        }
        func.setReg(0, RegState.scalar(ScalarValue.signedRange(-KernelLimits.MAX_ERRNO, -1)));
    }

    private static void callbacks(Exploration path, KfuncMeta meta, Insn insn, int insnIndex) {
        Kfunc kfunc = meta.kfunc;
        if (kfunc.has(Trait.OBJ_DROP) && mayInterruptAnything(path)) {
            refuseUnsafeInNmi(path, meta);
        }
        Callback callback = kfunc.traits().callback();
        if (callback != null) {
            var setup = new CallbackArgs(callback);
            path.services().callbacks().pushCallback(path, insn, insnIndex, meta.subprog, setup);
        }
    }

    private static boolean mayInterruptAnything(Exploration path) {
        ProgType type = path.unit().program().type();
        return path.unit().kernel().programTypes().isTracing(type)
                || type == ProgType.TRACING
                        && path.unit().program().attachType() != AttachType.TRACE_ITER
                        && !path.unit().program().sleepable();
    }

    private static void refuseUnsafeInNmi(Exploration path, KfuncMeta meta) {
        if (meta.argType == null) {
            return;
        }
        BtfRecord record = SpecialFields.ofStruct(meta.argType.btf(), meta.argType.typeId());
        if (record == null) {
            return;
        }
        for (BtfField field : record.fields()) {
            boolean safe =
                    switch (field.kind()) {
                        case BPF_SPIN_LOCK,
                                BPF_RES_SPIN_LOCK,
                                BPF_TIMER,
                                BPF_WORKQUEUE,
                                BPF_TASK_WORK,
                                BPF_KPTR_UNREF,
                                BPF_REFCOUNT -> true;
                        default -> false;
                    };
            if (!safe) {
                throw path.reject(Errno.EINVAL, Message.NMI_UNSAFE_TYPES_IN_TRACING, meta.kfunc.name());
            }
        }
    }

    private static void regions(Exploration path, Kfunc kfunc, boolean sleepable) {
        VerifierState state = path.state();
        if (kfunc.has(Trait.RCU_LOCK)) {
            state.setActiveRcuLocks(state.activeRcuLocks() + 1);
        } else if (kfunc.has(Trait.RCU_UNLOCK)) {
            rcuUnlock(path, kfunc);
        } else if (kfunc.has(Trait.PREEMPT_DISABLE)) {
            state.setActivePreemptLocks(state.activePreemptLocks() + 1);
        } else if (kfunc.has(Trait.PREEMPT_ENABLE)) {
            if (state.activePreemptLocks() == 0) {
                throw path.reject(Errno.EINVAL, Message.UNMATCHED_PREEMPT_ENABLE, kfunc.name());
            }
            state.setActivePreemptLocks(state.activePreemptLocks() - 1);
        }
        if (sleepable && !CriticalSections.maySleep(state)) {
            throw path.reject(
                    Errno.EACCES,
                    Message.SLEEPABLE_KFUNC_CALLED,
                    kfunc.name(),
                    CriticalSections.nonSleepableDescription(state));
        }
        if (kfunc.has(Kfunc.Flag.RCU_PROTECTED) && !CriticalSections.inRcuSection(state)) {
            throw path.reject(Errno.EACCES, Message.KFUNC_NEEDS_RCU_SECTION, kfunc.name());
        }
    }

    private static void rcuUnlock(Exploration path, Kfunc kfunc) {
        VerifierState state = path.state();
        if (state.activeRcuLocks() == 0) {
            throw path.reject(Errno.EINVAL, Message.UNMATCHED_RCU_READ_UNLOCK, kfunc.name());
        }
        state.setActiveRcuLocks(state.activeRcuLocks() - 1);
        if (state.activeRcuLocks() == 0) {
            References.invalidateRcuProtected(state);
        }
    }

    private static void releases(Exploration path, KfuncMeta meta) {
        int regno = meta.releaseRegno();
        if (regno != 0) {
            RegState reg = path.reg(regno);
            if (meta.dynptr.id != 0) {
                Dynptrs.release(path, reg);
            } else if (path.state().hasReference(reg.id())) {
                References.release(path, reg.id());
            } else if (!reg.isNull()) {
                throw path.reject(Errno.EINVAL);
            }
        }
        if (meta.kfunc.has(Trait.DISOWNS_NODE)) {
            ListsAndTrees.disown(path, path.reg(2).id());
        }
    }
}
