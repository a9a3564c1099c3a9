package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.attach.ReturnRules;
import dev.spinbpf.verifier.check.ResourceLeaks;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
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
    private final VerifierEnv env;
    private final HelperMeta meta;
    private final Insn insn;
    private final int insnIndex;

    HelperEffects(VerifierEnv env, HelperMeta meta, Insn insn, int insnIndex) {
        this.env = env;
        this.meta = meta;
        this.insn = insn;
        this.insnIndex = insnIndex;
    }

    /** Gives back the object that the helper takes over. */
    void release() {
        if (meta.releaseRegno == 0) {
            return;
        }
        RegState reg = env.reg(meta.releaseRegno);
        if (reg.isNull()) {
            return;
        }
        boolean percpu = reg.hasFlag(TypeFlags.MEM_ALLOC) && reg.hasFlag(TypeFlags.MEM_PERCPU);
        if (meta.dynptr.id != 0) {
            Dynptrs.release(env, reg);
        } else if (meta.has(Trait.EXCHANGES_KPTR) && percpu && CriticalSections.inRcuSection(env.state())) {
            releaseToRcu(env.state(), reg.id());
        } else if (env.state().hasReference(reg.id())) {
            References.release(env, reg.id());
        } else {
            throw env.reject(Errno.EINVAL);
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
            FormatStrings.checkSnprintf(env);
        }
        if (meta.has(Trait.TAIL_CALL)) {
            ResourceLeaks.check(env, false, true, "tail_call");
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
        if (meta.has(Trait.WANTS_MAP_VALUE) && !env.reg(1).is(RegType.PTR_TO_MAP_VALUE, 0)) {
            throw env.reject(
                    Errno.EACCES,
                    "Unsupported reg type %s for bpf_dynptr_from_mem data",
                    env.reg(1).typeText());
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
        if (!env.reg(2).isNull()) {
            throw env.reject(Errno.EINVAL, "get_local_storage() doesn't support non-zero flags");
        }
        env.services().precision().markChain(env, 2);
    }

    private void refuseForeignVariable() {
        RegState r1 = env.reg(1);
        if (!r1.hasFlag(TypeFlags.MEM_RCU)
                && r1.btfRef().btf() != env.btf()
                && r1.btfRef().btf() != env.kernelTypes()) {
            throw new UnsupportedFeature(
                    "helper " + meta.name + "#" + meta.id + " on kernel variables is not supported");
        }
    }

    private void setRetval() {
        if (!env.reg(1).isScalar()) {
            throw env.reject(Errno.EINVAL, "R1 is not a scalar");
        }
        if (env.program().attachType() == AttachType.CGROUP_GETSOCKOPT) {
            return;
        }
        RetvalRange range = ReturnRules.hookRange(env);
        if (range == null) {
            throw env.reject(Errno.EINVAL, "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!");
        }
        env.services().precision().markChain(env, 1);
        ReturnRules.checkRange(env, env.reg(1), range, "At bpf_set_retval", "R1");
    }

    private void loop(Callback callback) {
        env.services().precision().markChain(env, 1);
        loopFlags();
        FuncState func = env.func();
        if (Long.compareUnsigned(
                        Integer.toUnsignedLong(func.callbackDepth()), env.reg(1).umax())
                < 0) {
            push(callback);
        } else {
            func.setCallbackDepth(0);
        }
    }

    /** Linux inlines the loop if its flags are zero, and has to rely on that. */
    private void loopFlags() {
        var aux = env.aux(insnIndex);
        if (aux.loopSeen && !aux.loopFitsInline) {
            return;
        }
        boolean zero = env.reg(4).isNull();
        if (zero) {
            env.services().precision().markChain(env, 4);
        }
        aux.loopFitsInline = zero && (!aux.loopSeen || aux.loopSubprog == meta.subprog);
        if (!aux.loopSeen) {
            aux.loopSeen = true;
            aux.loopSubprog = meta.subprog;
        }
    }

    private void push(Callback callback) {
        var setup = new CallbackArgs(callback);
        env.services().callbacks().pushCallback(env, insn, insnIndex, meta.subprog, setup);
    }
}
