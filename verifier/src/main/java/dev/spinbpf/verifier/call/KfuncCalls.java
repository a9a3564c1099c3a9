package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.check.PacketAccess;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.Rule;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ProgramRules.Property;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.object.Iterators;
import dev.spinbpf.verifier.object.ListsAndTrees;
import dev.spinbpf.verifier.object.SpecialFields;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Calls of kernel functions.
 *
 * <p>What must hold, in the order in which refusals show: under a lock only functions that say so may be called; the kernel
 * has the function and offers it to the program ({@link #MAY_CALL}); each argument is what the declaration says ({@link
 * KfuncArgs}); a region that the function ends has begun ({@link #beginOrEndRegion}); and where the call leads to, the function may
 * be called ({@link #HOLDS_HERE}).
 *
 * <p>A function that takes a resilient lock may fail, so the path forks: the other path, on which nothing was taken, goes
 * on from the state before the arguments were looked at. What is released is released while the arguments are still in
 * their registers. Then r1 to r5 are lost, and r0 is what the declaration says ({@link KfuncReturns}).
 */
final class KfuncCalls {
    private static final List<Rule<Call>> MAY_CALL = List.of(
            Rule.of(
                    call -> call.kernel()
                            .kfuncs()
                            .isAllowed(call.kfunc, call.path.unit().program()),
                    Errno.EACCES,
                    Message.KFUNC_NOT_ALLOWED,
                    call -> List.of(call.kfunc.name())),
            Rule.of(call -> !call.kfunc.has(Trait.TRAPS), Errno.EFAULT, Message.UNEXPECTED_BPF_TRAP),
            Rule.of(
                    call -> !call.isSleepable() || call.state().inSleepable(),
                    Errno.EACCES,
                    Message.SLEEPABLE_KFUNC_NEEDS_SLEEPABLE_PROGRAM,
                    call -> List.of(call.kfunc.name())));

    private static final List<Rule<Call>> HOLDS_HERE = List.of(
            Rule.of(
                    call -> !call.isSleepable() || CriticalSections.maySleep(call.state()),
                    Errno.EACCES,
                    Message.SLEEPABLE_KFUNC_CALLED,
                    call -> List.of(call.kfunc.name(), CriticalSections.nonSleepableDescription(call.state()))),
            Rule.of(
                    call -> !call.kfunc.has(Kfunc.Flag.RCU_PROTECTED) || CriticalSections.inRcuSection(call.path),
                    Errno.EACCES,
                    Message.KFUNC_NEEDS_RCU_SECTION,
                    call -> List.of(call.kfunc.name())));

    private final KfuncArgs args;

    KfuncCalls(MemoryAccess memory) {
        args = new KfuncArgs(memory);
    }

    private record Call(Exploration path, Kfunc kfunc) {
        Kernel kernel() {
            return path.unit().kernel();
        }

        VerifierState state() {
            return path.state();
        }

        boolean isSleepable() {
            return kfunc.has(Kfunc.Flag.SLEEPABLE);
        }
    }

    /** The function that the instruction calls, or null if it is no such call or its rules are not known. */
    static @Nullable Kfunc known(ProgramUnit unit, Insn insn) {
        if (insn.op() != Op.CALL_KFUNC) {
            return null;
        }
        KfuncRef ref = ref(unit, insn);
        return ref.absent() ? null : unit.kernel().kfuncs().find(ref.essentialName());
    }

    /** Returns whether the path runs in the comparison function of a tree. */
    static boolean inRbtreeCallback(Exploration path) {
        VerifierState state = path.state();
        for (int frame = state.curframe(); frame > 0; frame--) {
            if (!state.frame(frame).inCallback()) {
                continue;
            }
            var insn = path.unit().insn(state.frame(frame).callsite());
            Kfunc kfunc = known(path.unit(), insn);
            if (kfunc != null && kfunc.has(Trait.RBTREE_ADD)) {
                return true;
            }
        }
        return false;
    }

    private static KfuncRef ref(ProgramUnit unit, Insn insn) {
        return unit.object().kfuncs().get((int) insn.imm());
    }

    CallChecker.KfuncResult check(Exploration path, Insn insn, int insnIndex) {
        Call call = called(path, insn);
        Kfunc kfunc = call.kfunc;
        Rule.enforce(path.log(), MAY_CALL, call);
        if (kfunc.has(Trait.TAKES_LOCK)) {
            forkFailedLock(path);
        }
        KfuncMeta meta = new KfuncMeta(kfunc);
        args.check(path, meta, insnIndex);
        if (kfunc.has(Trait.OBJ_DROP) && mayInterruptAnything(path.unit())) {
            refuseUnsafeInNmi(path, meta);
        }
        Callback callback = kfunc.traits().callback();
        if (callback != null) {
            path.services().callbacks().pushCallback(path, insn, insnIndex, meta.subprog, new CallbackArgs(callback));
        }
        beginOrEndRegion(call);
        Rule.enforce(path.log(), HOLDS_HERE, call);
        release(path, meta);
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

    private static Call called(Exploration path, Insn insn) {
        KfuncRef ref = ref(path.unit(), insn);
        Kfunc kfunc = known(path.unit(), insn);
        if (path.state().activeLocks() > 0 && (kfunc == null || !kfunc.has(Trait.UNDER_LOCK))) {
            throw path.reject(Errno.EINVAL, Message.CALL_UNDER_LOCK);
        }
        if (kfunc != null) {
            return new Call(path, kfunc);
        }
        if (ref.absent() || !path.unit().kernel().kfuncs().exists(ref.essentialName())) {
            throw path.reject(Errno.EINVAL, Message.KFUNC_UNRESOLVED, ref.name());
        }
        throw new UnsupportedFeature("kfunc " + ref.name() + " is not supported");
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

    private static boolean mayInterruptAnything(ProgramUnit unit) {
        Program program = unit.program();
        return unit.kernel().programTypes().isTracing(program.type())
                || unit.has(Property.MAY_RUN_IN_NMI) && !program.sleepable();
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

    private static void preemptEnable(Call call) {
        int depth = call.state().activePreemptLocks();
        if (depth == 0) {
            throw call.path.reject(Errno.EINVAL, Message.UNMATCHED_PREEMPT_ENABLE, call.kfunc.name());
        }
        call.state().setActivePreemptLocks(depth - 1);
        CriticalSections.ended(call.path);
    }

    private static void beginOrEndRegion(Call call) {
        VerifierState state = call.state();
        if (call.kfunc.has(Trait.RCU_LOCK)) {
            state.setActiveRcuLocks(state.activeRcuLocks() + 1);
        } else if (call.kfunc.has(Trait.RCU_UNLOCK)) {
            rcuUnlock(call);
        } else if (call.kfunc.has(Trait.PREEMPT_DISABLE)) {
            state.setActivePreemptLocks(state.activePreemptLocks() + 1);
        } else if (call.kfunc.has(Trait.PREEMPT_ENABLE)) {
            preemptEnable(call);
        }
    }

    private static void rcuUnlock(Call call) {
        int depth = call.state().activeRcuLocks();
        if (depth == 0) {
            throw call.path.reject(Errno.EINVAL, Message.UNMATCHED_RCU_READ_UNLOCK, call.kfunc.name());
        }
        call.state().setActiveRcuLocks(depth - 1);
        boolean staysProtected =
                call.kernel().has(KernelRule.ATOMIC_SECTIONS_PROTECT_RCU) && CriticalSections.inRcuSection(call.path);
        if (depth == 1 && !staysProtected) {
            References.invalidateRcuProtected(call.state());
        }
    }

    private static void release(Exploration path, KfuncMeta meta) {
        int regno = meta.releaseRegno();
        if (regno != 0 && meta.dynptr.id != 0) {
            Dynptrs.release(path, path.reg(regno));
        } else if (regno != 0 && !path.reg(regno).isNull()) {
            References.release(path, path.reg(regno).id());
        }
        if (meta.kfunc.has(Trait.DISOWNS_NODE)) {
            ListsAndTrees.disown(path, path.reg(2).id());
        }
    }
}
