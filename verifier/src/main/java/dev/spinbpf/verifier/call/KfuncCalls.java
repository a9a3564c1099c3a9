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
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
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
    static @Nullable Kfunc known(VerifierEnv env, Insn insn) {
        if (insn.op() != Op.CALL_KFUNC) {
            return null;
        }
        return env.kernel().kfuncs().find(ref(env, insn).name());
    }

    /** Returns whether the path runs in the comparison function of a tree. */
    static boolean inRbtreeCallback(VerifierEnv env) {
        VerifierState state = env.state();
        for (int frame = state.curframe(); frame > 0; frame--) {
            if (!state.frame(frame).inCallback()) {
                continue;
            }
            var insn = env.insn(state.frame(frame).callsite());
            Kfunc kfunc = known(env, insn);
            if (kfunc != null && kfunc.has(Trait.RBTREE_ADD)) {
                return true;
            }
        }
        return false;
    }

    private static KfuncRef ref(VerifierEnv env, Insn insn) {
        return env.object().kfuncs().get((int) insn.imm());
    }

    CallChecker.KfuncResult check(VerifierEnv env, Insn insn, int insnIndex) {
        KfuncRef ref = ref(env, insn);
        Kfunc kfunc = env.kernel().kfuncs().find(ref.name());
        VerifierState state = env.state();
        if (state.activeLocks() > 0 && (kfunc == null || !kfunc.has(Trait.UNDER_LOCK))) {
            throw env.reject(Errno.EINVAL, "function calls are not allowed while holding a lock");
        }
        if (!env.kernel().kfuncs().exists(ref.name())) {
            throw env.reject(Errno.EINVAL, "kfunc '%s' is referenced but wasn't resolved", ref.name());
        }
        if (kfunc == null) {
            throw new UnsupportedFeature("kfunc " + ref.name() + " is not supported");
        }
        if (!env.kernel().kfuncs().isAllowed(kfunc, env.program())) {
            throw env.reject(Errno.EACCES, "calling kernel function %s is not allowed", kfunc.name());
        }
        if (kfunc.has(Trait.TAKES_LOCK)) {
            forkFailedLock(env);
        } else if (kfunc.has(Trait.TRAPS)) {
            throw env.reject(Errno.EFAULT, "unexpected __bpf_trap() due to uninitialized variable?");
        }
        boolean sleepable = kfunc.has(Kfunc.Flag.SLEEPABLE);
        if (sleepable && !state.inSleepable()) {
            throw env.reject(Errno.EACCES, "program must be sleepable to call sleepable kfunc %s", kfunc.name());
        }
        KfuncMeta meta = new KfuncMeta(kfunc);
        args.check(env, meta, insnIndex);
        callbacks(env, meta, insn, insnIndex);
        regions(env, kfunc, sleepable);
        releases(env, meta);
        if (kfunc.has(Trait.THROWS)) {
            env.seenException = true;
            if (env.exceptionCallbackSubprog == 0) {
                env.services().returnCodes().checkReturnCode(env, 1, "R1");
            }
        }
        Registers.clearCallerSaved(env, env.func());
        KfuncReturns.set(env, meta, insnIndex);
        if (kfunc.has(Trait.CHANGES_PACKETS)) {
            PacketAccess.invalidateAll(env.state());
        }
        if (kfunc.has(Kfunc.Flag.ITER_NEXT)) {
            Iterators.next(env, Objects.requireNonNull(meta.iterator), insnIndex);
        }
        return kfunc.has(Trait.THROWS) ? CallChecker.KfuncResult.THROWS : CallChecker.KfuncResult.CONTINUE;
    }

    /** The path on which the lock was not taken: r0 is a negative error number. */
    private static void forkFailedLock(VerifierEnv env) {
        VerifierState branch =
                env.pushStack(env.insnIndex() + 1, env.insnIndex(), "failed to push state for failed lock acquisition");
        FuncState func = branch.func();
        for (int i = 0; i < Registers.CALLER_SAVED; i++) {
            func.setReg(i, RegState.NOT_INIT);
        }
        func.setReg(0, RegState.scalar(ScalarValue.signedRange(-KernelLimits.MAX_ERRNO, -1)));
    }

    private static void callbacks(VerifierEnv env, KfuncMeta meta, Insn insn, int insnIndex) {
        Kfunc kfunc = meta.kfunc;
        if (kfunc.has(Trait.OBJ_DROP) && mayInterruptAnything(env)) {
            refuseUnsafeInNmi(env, meta);
        }
        Callback callback = kfunc.traits().callback();
        if (callback != null) {
            var setup = new CallbackArgs(callback);
            env.services().callbacks().pushCallback(env, insn, insnIndex, meta.subprog, setup);
        }
    }

    private static boolean mayInterruptAnything(VerifierEnv env) {
        ProgType type = env.program().type();
        return env.kernel().programTypes().isTracing(type)
                || type == ProgType.TRACING
                        && env.program().attachType() != AttachType.TRACE_ITER
                        && !env.program().sleepable();
    }

    private static void refuseUnsafeInNmi(VerifierEnv env, KfuncMeta meta) {
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
                throw env.reject(
                        Errno.EINVAL,
                        "%s cannot be used in tracing programs on types with NMI unsafe fields",
                        meta.kfunc.name());
            }
        }
    }

    private static void regions(VerifierEnv env, Kfunc kfunc, boolean sleepable) {
        VerifierState state = env.state();
        if (kfunc.has(Trait.RCU_LOCK)) {
            state.setActiveRcuLocks(state.activeRcuLocks() + 1);
        } else if (kfunc.has(Trait.RCU_UNLOCK)) {
            rcuUnlock(env, kfunc);
        } else if (kfunc.has(Trait.PREEMPT_DISABLE)) {
            state.setActivePreemptLocks(state.activePreemptLocks() + 1);
        } else if (kfunc.has(Trait.PREEMPT_ENABLE)) {
            if (state.activePreemptLocks() == 0) {
                throw env.reject(
                        Errno.EINVAL, "unmatched attempt to enable preemption (kernel function %s)", kfunc.name());
            }
            state.setActivePreemptLocks(state.activePreemptLocks() - 1);
        }
        if (sleepable && !CriticalSections.maySleep(state)) {
            throw env.reject(
                    Errno.EACCES,
                    "kernel func %s is sleepable within %s",
                    kfunc.name(),
                    CriticalSections.nonSleepableDescription(state));
        }
        if (kfunc.has(Kfunc.Flag.RCU_PROTECTED) && !CriticalSections.inRcuSection(state)) {
            throw env.reject(Errno.EACCES, "kernel func %s requires RCU critical section protection", kfunc.name());
        }
    }

    private static void rcuUnlock(VerifierEnv env, Kfunc kfunc) {
        VerifierState state = env.state();
        if (state.activeRcuLocks() == 0) {
            throw env.reject(Errno.EINVAL, "unmatched rcu read unlock (kernel function %s)", kfunc.name());
        }
        state.setActiveRcuLocks(state.activeRcuLocks() - 1);
        if (state.activeRcuLocks() == 0) {
            References.invalidateRcuProtected(state);
        }
    }

    private static void releases(VerifierEnv env, KfuncMeta meta) {
        int regno = meta.releaseRegno();
        if (regno != 0) {
            RegState reg = env.reg(regno);
            if (meta.dynptr.id != 0) {
                Dynptrs.release(env, reg);
            } else if (env.state().hasReference(reg.id())) {
                References.release(env, reg.id());
            } else if (!reg.isNull()) {
                throw env.reject(Errno.EINVAL);
            }
        }
        if (meta.kfunc.has(Trait.DISOWNS_NODE)) {
            ListsAndTrees.disown(env, env.reg(2).id());
        }
    }
}
