package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.SubprogArg;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.HelperProto;
import dev.spinbpf.verifier.kernel.HelperTraits;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.RetKind;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Calls into the kernel, by Linux 7.2's rules. */
public final class KernelCallChecker implements CallChecker {
    /** Ends the names of functions with implicit arguments as the kernel's types have them; nothing has that address. */
    public static final String IMPLEMENTATION = "_impl";

    private final HelperCalls helpers;
    private final KfuncCalls kfuncs;
    private final Dynptrs dynptrs;

    /** @param memory how calls access memory */
    public KernelCallChecker(MemoryAccess memory) {
        helpers = new HelperCalls(memory);
        kfuncs = new KfuncCalls(memory);
        dynptrs = new Dynptrs(memory);
    }

    @Override
    public void checkHelperCall(Exploration path, Insn insn, int insnIndex) {
        helpers.check(path, insn, insnIndex);
    }

    @Override
    public KfuncResult checkKfuncCall(Exploration path, Insn insn, int insnIndex) {
        return kfuncs.check(path, insn, insnIndex);
    }

    @Override
    public void checkSubprogArgument(Exploration path, SubprogArg arg, int regno) {
        RegState reg = path.reg(regno);
        String name = Registers.name(regno);
        if (arg.kind() == SubprogArg.Kind.DYNPTR) {
            ArgOffsets.check(path, reg, name, ArgType.of(ArgKind.PTR_TO_DYNPTR, 0), true);
            dynptrs.process(path, reg, name, -1, 0, 0, null);
            return;
        }
        ArgType type = ArgType.of(ArgKind.PTR_TO_BTF_ID, arg.flags() & ~TypeFlags.PTR_TRUSTED);
        var wanted = new RegPayload.BtfRef(path.unit().kernelTypes(), arg.btfId());
        RegisterTypes.check(path, reg, regno, type, wanted, new HelperMeta(0, "bpf_unspec", HelperProto.NONE));
        ArgOffsets.check(path, reg, name, type, true);
    }

    @Override
    public void checkExterns(ProgramUnit unit, VerifierLog log) {
        for (KfuncRef kfunc : unit.object().kfuncs()) {
            if (!kfunc.weak() && !unit.kernel().kfuncs().exists(kfunc.essentialName())) {
                throw log.reject(Errno.EINVAL, Message.KFUNC_EXTERN_NOT_FOUND, kfunc.name());
            }
        }
    }

    @Override
    public void prepareFunctionAddress(ProgramUnit unit, VerifierLog log, Insn insn) {
        KsymRef symbol = unit.object().ksyms().get(insn.immLow());
        String name = symbol.essentialName();
        if (symbol.function() && !symbol.absent() && hasNoAddress(unit, name)) {
            throw log.reject(Errno.ENOENT, Message.KERNEL_SYMBOL_WITHOUT_ADDRESS, name);
        }
    }

    private static boolean hasNoAddress(ProgramUnit unit, String function) {
        return function.endsWith(IMPLEMENTATION)
                && !unit.kernel().kfuncs().exists(function)
                && unit.kernelTypes().find(function, BtfType.Func.class) != 0;
    }

    @Override
    public void prepareKfuncCall(ProgramUnit unit, VerifierLog log, Insn insn) {
        KfuncRef kfunc = unit.object().kfuncs().get((int) insn.imm());
        String name = kfunc.essentialName();
        if (kfunc.absent()) {
            return;
        }
        boolean isKnown = unit.kernel().kfuncs().exists(name);
        if (isKnown && !unit.object().isGplCompatible()) {
            throw log.reject(Errno.EINVAL, Message.KFUNC_NEEDS_GPL);
        }
        if (hasNoAddress(unit, name)) {
            throw log.reject(Errno.EINVAL, Message.KFUNC_WITHOUT_ADDRESS, name);
        }
        // Only user space can bind a program to a device, where it loads it.
        if (unit.kernel().kfuncs().needsDevice(name)) {
            throw log.reject(Errno.EINVAL, Message.KFUNC_NEEDS_DEVICE_BOUND_PROGRAM);
        }
    }

    @Override
    public CallSummary summary(ProgramUnit unit, Insn insn) {
        if (insn.op() == Op.CALL_HELPER) {
            return helper(unit, insn);
        }
        return insn.op() == Op.CALL_KFUNC ? kfunc(unit, insn) : CallSummary.UNKNOWN;
    }

    @Override
    public long stackAccessBytes(ProgramUnit unit, Insn insn, int insnIndex, int arg) {
        return StackUse.bytes(unit, insn, insnIndex, arg);
    }

    private static CallSummary helper(ProgramUnit unit, Insn insn) {
        String name = HelperCalls.name((int) insn.imm());
        HelperProto proto;
        try {
            proto = unit.kernel().helperSets().find(unit.program(), name);
        } catch (UnsupportedFeature unknown) {
            proto = null;
        }
        HelperTraits traits = unit.kernel().helperSets().traits(name);
        Set<CallTrait> found = ofCallback(traits.callback());
        boolean changesPackets =
                traits.has(HelperTraits.Trait.CHANGES_PACKETS) || traits.has(HelperTraits.Trait.TAIL_CALL);
        addIf(found, changesPackets, CallTrait.CHANGES_PACKETS);
        if (proto != null) {
            addIf(found, proto.result().kind() == RetKind.VOID, CallTrait.VOID);
            addIf(found, proto.has(HelperProto.Attribute.ALLOW_FASTCALL), CallTrait.FASTCALL);
            addIf(found, proto.has(HelperProto.Attribute.MIGHT_SLEEP), CallTrait.SLEEPABLE);
        }
        return proto == null
                ? new CallSummary(CallSummary.UNKNOWN.params(), found)
                : new CallSummary(proto.args().size(), found);
    }

    private static CallSummary kfunc(ProgramUnit unit, Insn insn) {
        Kfunc kfunc = KfuncCalls.known(unit, insn);
        if (kfunc == null) {
            return CallSummary.UNKNOWN;
        }
        Set<CallTrait> found = ofCallback(kfunc.traits().callback());
        addIf(found, kfunc.ret().isVoid(), CallTrait.VOID);
        addIf(found, kfunc.has(Kfunc.Flag.FASTCALL), CallTrait.FASTCALL);
        addIf(found, kfunc.has(KfuncTraits.Trait.CHANGES_PACKETS), CallTrait.CHANGES_PACKETS);
        addIf(found, kfunc.has(Kfunc.Flag.SLEEPABLE), CallTrait.SLEEPABLE);
        addIf(found, kfunc.has(Kfunc.Flag.ITER_NEXT), CallTrait.ITERATOR_NEXT);
        addIf(found, kfunc.has(KfuncTraits.Trait.THROWS), CallTrait.THROWS);
        return new CallSummary(kfunc.params().size(), found);
    }

    private static Set<CallTrait> ofCallback(@Nullable Callback callback) {
        Set<CallTrait> traits = EnumSet.noneOf(CallTrait.class);
        if (callback != null) {
            traits.add(callback.async() ? CallTrait.ASYNC_CALLBACK : CallTrait.SYNC_CALLBACK);
            addIf(traits, callback.maySleep(), CallTrait.ASYNC_CALLBACK_SLEEPS);
        }
        return traits;
    }

    private static void addIf(Set<CallTrait> traits, boolean holds, CallTrait trait) {
        if (holds) {
            traits.add(trait);
        }
    }
}
