package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.attach.ReturnCodeRules;
import dev.spinbpf.verifier.check.ResourceLeaks;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.state.DynptrType;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Objects;

/** The traits of a helper, applied to the state in which it is called. */
final class HelperEffects {
    private final Exploration path;
    private final HelperMeta meta;
    private final Insn insn;
    private final int insnIndex;

    HelperEffects(Exploration path, HelperMeta meta, Insn insn, int insnIndex) {
        this.path = path;
        this.meta = meta;
        this.insn = insn;
        this.insnIndex = insnIndex;
    }

    /** Gives back the object that the helper takes over. */
    void release() {
        if (meta.releaseRegno == 0) {
            return;
        }
        RegState reg = path.reg(meta.releaseRegno);
        if (reg.isNull()) {
            return;
        }
        boolean percpu = reg.hasFlag(TypeFlags.MEM_ALLOC) && reg.hasFlag(TypeFlags.MEM_PERCPU);
        if (meta.dynptr.id != 0) {
            Dynptrs.release(path, reg);
        } else if (meta.has(Trait.EXCHANGES_KPTR) && percpu && CriticalSections.inRcuSection(path)) {
            releaseToRcu(path.state(), reg.id());
        } else if (path.state().hasReference(reg.id())) {
            References.release(path, reg.id());
        } else {
            throw path.reject(Errno.EINVAL);
        }
    }

    private static void releaseToRcu(VerifierState state, int id) {
        References.releaseNoMark(state, id);
        state.mapRegs(reg -> {
            boolean percpu = reg.hasFlag(TypeFlags.MEM_ALLOC) && reg.hasFlag(TypeFlags.MEM_PERCPU);
            return reg.id() == id && percpu
                    ? reg.withId(0).withFlags(reg.flags() & ~TypeFlags.MEM_ALLOC | TypeFlags.MEM_RCU)
                    : reg;
        });
    }

    /** Applies them. */
    void apply() {
        if (meta.has(Trait.FORMATS)) {
            FormatStrings.checkSnprintf(path);
        }
        if (meta.has(Trait.TAIL_CALL)) {
            ResourceLeaks.check(path, false, true, "tail_call");
        }
        if (meta.has(Trait.NO_FLAGS)) {
            refuseFlags();
        }
        Callback callback = meta.proto.traits().callback();
        if (meta.has(Trait.LOOPS)) {
            loop(Objects.requireNonNull(callback));
        } else if (callback != null) {
            push(callback);
        }
        if (meta.has(Trait.WANTS_MAP_VALUE) && !path.reg(1).is(RegType.PTR_TO_MAP_VALUE, 0)) {
            throw path.reject(
                    Errno.EACCES, Message.DYNPTR_FROM_MEM_REG_TYPE, path.reg(1).typeText());
        }
        if (meta.has(Trait.SETS_RETVAL)) {
            setRetval();
        }
        if (meta.has(Trait.PERCPU_VARIABLE)) {
            refuseForeignVariable();
        }
    }

    /** Returns whether the helper has written to a packet through the dynptr that it was passed. */
    boolean writtenThroughDynptr() {
        DynptrType type = meta.dynptr.type;
        return meta.has(Trait.WRITES_DYNPTR) && (type == DynptrType.SKB || type == DynptrType.SKB_META);
    }

    private void refuseFlags() {
        if (!path.reg(2).isNull()) {
            throw path.reject(Errno.EINVAL, Message.LOCAL_STORAGE_FLAGS_NOT_ZERO);
        }
        path.services().precision().markChain(path, 2);
    }

    private void refuseForeignVariable() {
        RegState r1 = path.reg(1);
        if (!r1.hasFlag(TypeFlags.MEM_RCU)
                && r1.btfRef().btf() != path.unit().btf()
                && r1.btfRef().btf() != path.unit().kernelTypes()) {
            throw new UnsupportedFeature(
                    "helper " + meta.name + "#" + meta.id + " on kernel variables is not supported");
        }
    }

    private void setRetval() {
        boolean isBounded = path.unit().kernel().has(KernelRule.RESULTS_OF_HOOKS_ARE_BOUNDED);
        if (isBounded && !path.reg(1).isScalar()) {
            throw path.reject(Errno.EINVAL, Message.SET_RETVAL_R1_NOT_SCALAR);
        }
        if (path.unit().program().attachType() == AttachType.CGROUP_GETSOCKOPT) {
            return;
        }
        RetvalRange range = ReturnCodeRules.hookRange(path);
        if (range == null) {
            throw path.reject(Errno.EINVAL, Message.SET_RETVAL_AT_VOID_HOOK);
        }
        if (!isBounded) {
            return;
        }
        path.services().precision().markChain(path, 1);
        ReturnCodeRules.checkRange(path, path.reg(1), range, "At bpf_set_retval", "R1");
    }

    private void loop(Callback callback) {
        loopFlags();
        path.services().precision().markChain(path, 1);
        FuncState func = path.func();
        if (Long.compareUnsigned(
                        Integer.toUnsignedLong(func.callbackDepth()),
                        path.reg(1).umax())
                < 0) {
            push(callback);
        } else {
            func.setCallbackDepth(0);
            if (path.log().isDetailed()) {
                path.log()
                        .narrate(
                                "frame%d bpf_loop iteration limit reached\n",
                                path.state().curframe());
            }
        }
    }

    /** Linux inlines the loop if its flags are zero, and has to rely on that. */
    private void loopFlags() {
        var trace = path.trace(insnIndex);
        if (trace.loopSeen && !trace.loopFitsInline) {
            return;
        }
        boolean zero = path.reg(4).isNull();
        if (zero) {
            path.services().precision().markChain(path, 4);
        }
        trace.loopFitsInline = zero && (!trace.loopSeen || trace.loopSubprog == meta.subprog);
        if (!trace.loopSeen) {
            trace.loopSeen = true;
            trace.loopSubprog = meta.subprog;
        }
    }

    private void push(Callback callback) {
        var setup = new CallbackArgs(callback);
        path.services().callbacks().pushCallback(path, insn, insnIndex, meta.subprog, setup);
    }
}
