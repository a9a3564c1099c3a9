package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.SubprogArg;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.HelperProto;
import dev.spinbpf.verifier.kernel.HelperTraits;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits;
import dev.spinbpf.verifier.kernel.RetKind;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;

/** Calls into the kernel, by Linux 7.2's rules. */
public final class KernelCalls implements CallChecker {
    private final HelperCalls helpers;
    private final KfuncCalls kfuncs;
    private final Dynptrs dynptrs;

    /** @param memory how calls access memory */
    public KernelCalls(MemoryAccess memory) {
        helpers = new HelperCalls(memory);
        kfuncs = new KfuncCalls(memory);
        dynptrs = new Dynptrs(memory);
    }

    @Override
    public void checkHelperCall(VerifierEnv env, Insn insn, int insnIndex) {
        helpers.check(env, insn, insnIndex);
    }

    @Override
    public KfuncResult checkKfuncCall(VerifierEnv env, Insn insn, int insnIndex) {
        return kfuncs.check(env, insn, insnIndex);
    }

    @Override
    public void checkSubprogArgument(VerifierEnv env, SubprogArg arg, int regno) {
        RegState reg = env.reg(regno);
        String name = Registers.name(regno);
        if (arg.kind() == SubprogArg.Kind.DYNPTR) {
            ArgOffsets.check(env, reg, name, ArgType.of(ArgKind.PTR_TO_DYNPTR, 0), true);
            dynptrs.process(env, reg, name, -1, 0, 0, null);
            return;
        }
        ArgType type = ArgType.of(ArgKind.PTR_TO_BTF_ID, arg.flags() & ~TypeFlags.PTR_TRUSTED);
        var wanted = new RegPayload.BtfRef(env.kernelTypes(), arg.btfId());
        RegisterTypes.check(env, reg, regno, type, wanted, new HelperMeta(0, "bpf_unspec", HelperProto.NONE));
        ArgOffsets.check(env, reg, name, type, true);
    }

    @Override
    public void checkExterns(VerifierEnv env) {
        for (KfuncRef kfunc : env.object().kfuncs()) {
            if (!kfunc.weak() && !env.kernel().kfuncs().exists(kfunc.name())) {
                throw env.reject(
                        Errno.EINVAL, "extern (func ksym) '%s': not found in kernel or module BTFs", kfunc.name());
            }
        }
    }

    @Override
    public void prepareKfuncCall(VerifierEnv env, Insn insn) {
        String name = env.object().kfuncs().get((int) insn.imm()).name();
        if (env.kernel().kfuncs().exists(name) && !env.object().isGplCompatible()) {
            throw env.reject(Errno.EINVAL, "cannot call kernel function from non-GPL compatible program");
        }
        // Only user space can bind a program to a device, where it loads it.
        if (env.kernel().kfuncs().needsDevice(name)) {
            throw env.reject(Errno.EINVAL, "metadata kfuncs require device-bound program");
        }
    }

    @Override
    public CallSummary summary(VerifierEnv env, Insn insn) {
        if (insn.op() == Op.CALL_HELPER) {
            return helper(env, insn);
        }
        return insn.op() == Op.CALL_KFUNC ? kfunc(env, insn) : CallSummary.UNKNOWN;
    }

    @Override
    public long stackAccessBytes(VerifierEnv env, Insn insn, int insnIndex, int arg) {
        return StackUse.bytes(env, insn, insnIndex, arg);
    }

    private static CallSummary helper(VerifierEnv env, Insn insn) {
        String name = HelperCalls.name((int) insn.imm());
        HelperProto proto;
        try {
            proto = env.kernel().helperSets().find(env.program(), name);
        } catch (UnsupportedFeature unknown) {
            proto = null;
        }
        HelperTraits traits = env.kernel().helperSets().traits(name);
        Callback callback = traits.callback();
        return new CallSummary(
                proto == null ? 5 : proto.args().size(),
                proto != null && proto.ret() == RetKind.VOID,
                proto != null && proto.fastcall(),
                traits.has(HelperTraits.Trait.CHANGES_PACKETS) || traits.has(HelperTraits.Trait.TAIL_CALL),
                proto != null && proto.mightSleep(),
                callback != null && !callback.async(),
                callback != null && callback.async(),
                callback != null && callback.maySleep(),
                false,
                false);
    }

    private static CallSummary kfunc(VerifierEnv env, Insn insn) {
        Kfunc kfunc = KfuncCalls.known(env, insn);
        if (kfunc == null) {
            return CallSummary.UNKNOWN;
        }
        Callback callback = kfunc.traits().callback();
        return new CallSummary(
                kfunc.params().size(),
                kfunc.ret().isVoid(),
                kfunc.has(Kfunc.Flag.FASTCALL),
                kfunc.has(KfuncTraits.Trait.CHANGES_PACKETS),
                kfunc.has(Kfunc.Flag.SLEEPABLE),
                callback != null && !callback.async(),
                callback != null && callback.async(),
                callback != null && callback.maySleep(),
                kfunc.has(Kfunc.Flag.ITER_NEXT),
                kfunc.has(KfuncTraits.Trait.THROWS));
    }
}
