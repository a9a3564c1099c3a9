package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.attach.ReturnRules;
import dev.spinbpf.verifier.check.ResourceLeaks;
import dev.spinbpf.verifier.flow.CallbackPusher;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;

/** What single helpers demand or do beyond their prototypes. */
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
    static void release(VerifierEnv env, HelperMeta meta) {
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
        } else if (meta.is("bpf_kptr_xchg") && percpu && CriticalSections.inRcuSection(env.state())) {
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

    /** Applies the effects; tells whether packets may have changed beyond what the helper always does. */
    boolean apply() {
        switch (meta.name) {
            case "bpf_tail_call" -> ResourceLeaks.check(env, false, true, "tail_call");
            case "bpf_get_local_storage" -> {
                if (!env.reg(2).isNull()) {
                    throw env.reject(Errno.EINVAL, "get_local_storage() doesn't support non-zero flags");
                }
                env.services().precision().markChain(env, 2);
            }
            case "bpf_for_each_map_elem" -> callback(Callbacks::mapElement);
            case "bpf_timer_set_callback" -> callback(Callbacks::timer);
            case "bpf_find_vma" -> callback(Callbacks::findVma);
            case "bpf_user_ringbuf_drain" -> callback(Callbacks::userRingbuf);
            case "bpf_loop" -> loop();
            case "bpf_dynptr_from_mem" -> {
                if (!env.reg(1).is(RegType.PTR_TO_MAP_VALUE, 0)) {
                    throw env.reject(
                            Errno.EACCES,
                            "Unsupported reg type %s for bpf_dynptr_from_mem data",
                            env.reg(1).typeText());
                }
            }
            case "bpf_set_retval" -> setRetval();
            case "bpf_dynptr_write" -> {
                return HelperCalls.writesPacket(meta.dynptr.type);
            }
            case "bpf_per_cpu_ptr", "bpf_this_cpu_ptr" -> {
                if (!env.reg(1).hasFlag(TypeFlags.MEM_RCU)
                        && env.reg(1).btfRef().btf() != env.btf()
                        && env.reg(1).btfRef().btf() != env.kernelTypes()) {
                    throw new UnsupportedFeature(
                            "helper " + meta.name + "#" + meta.id + " on kernel variables is not supported");
                }
            }
            default -> {
                // Nothing beyond the prototype.
            }
        }
        return false;
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

    private void loop() {
        env.services().precision().markChain(env, 1);
        loopFlags();
        FuncState func = env.func();
        if (Long.compareUnsigned(
                        Integer.toUnsignedLong(func.callbackDepth()), env.reg(1).umax())
                < 0) {
            callback(Callbacks::loop);
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

    private void callback(CallbackPusher.CalleeSetup setup) {
        env.services().callbacks().pushCallback(env, insn, insnIndex, meta.subprog, setup);
    }
}
