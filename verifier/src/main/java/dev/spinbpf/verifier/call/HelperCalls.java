package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.check.PacketAccess;
import dev.spinbpf.verifier.check.RawMemory;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.AllowedTargets;
import dev.spinbpf.verifier.kernel.HelperProto;
import dev.spinbpf.verifier.kernel.HelperTraits;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;
import java.util.Objects;

/** Calls of helpers: Linux's {@code check_helper_call}. */
final class HelperCalls {

    private final HelperArgs args;
    private final MemoryAccess memory;

    HelperCalls(MemoryAccess memory) {
        this.args = new HelperArgs(memory);
        this.memory = memory;
    }

    /** Name of the helper as messages show it. */
    static String name(int id) {
        String name = HelperIds.name(id);
        return name == null ? "unknown" : name;
    }

    void check(VerifierEnv env, Insn insn, int insnIndex) {
        int id = (int) insn.imm();
        String name = name(id);
        HelperTraits traits = env.kernel().helperSets().traits(name);
        if (env.state().activeLocks() > 0 && !traits.has(Trait.UNDER_LOCK)) {
            throw env.reject(Errno.EINVAL, "function calls are not allowed while holding a lock");
        }
        HelperMeta meta = new HelperMeta(id, name, prototype(env, id, name));
        for (int i = 0; i < KernelLimits.MAX_BPF_FUNC_REG_ARGS; i++) {
            args.check(env, i, meta, insnIndex);
        }
        recordMap(env, meta, env.aux(insnIndex));
        recordKey(env, meta, env.aux(insnIndex));
        fillRawMemory(env, meta, insnIndex);
        HelperEffects effects = new HelperEffects(env, meta, insn, insnIndex);
        effects.release();
        effects.apply();

        RegState r1 = env.reg(1);
        Registers.clearCallerSaved(env, env.func());
        HelperReturns.set(env, meta, insnIndex, r1);
        MapRules.checkHelper(env, meta.map, meta);
        if (meta.has(Trait.FUNCTION_ADDRESS)) {
            checkFuncIp(env, meta);
        }
        if (meta.has(Trait.TAIL_CALL)) {
            tailCall(env);
        } else if (meta.has(Trait.CHANGES_PACKETS) || effects.writtenThroughDynptr()) {
            PacketAccess.invalidateAll(env.state());
        }
    }

    private static HelperProto prototype(VerifierEnv env, int id, String name) {
        if (id < 0 || id >= HelperIds.BPF_FUNC_MAX_ID) {
            throw env.reject(Errno.EINVAL, "invalid func %s#%d", name, id);
        }
        HelperProto proto = env.kernel().helperSets().find(env.program(), name);
        if (proto == null) {
            throw env.reject(Errno.EINVAL, "program of this type cannot use helper %s#%d", name, id);
        }
        if (proto.gplOnly() && !env.object().isGplCompatible()) {
            throw env.reject(Errno.EINVAL, "cannot call GPL-restricted function from non-GPL compatible program");
        }
        String condition = proto.allowed();
        if (condition != null && !AllowedTargets.holds(env.kernel(), condition, env.program())) {
            throw env.reject(Errno.EINVAL, "helper call is not allowed in probe");
        }
        if (proto.mightSleep() && !CriticalSections.maySleep(env.state())) {
            throw env.reject(
                    Errno.EINVAL,
                    "sleepable helper %s#%d in %s",
                    name,
                    id,
                    CriticalSections.nonSleepableDescription(env.state()));
        }
        return proto;
    }

    private static void recordMap(VerifierEnv env, HelperMeta meta, InsnAux aux) {
        if (!meta.has(Trait.RECORDS_MAP)) {
            return;
        }
        MapInfo map = Objects.requireNonNull(meta.map);
        MapRules.checkWritable(env, map, meta);
        if (aux.map == null) {
            aux.map = map;
        } else if (aux.map != map) {
            aux.map = map;
            aux.mapPoisoned = true;
        }
    }

    private static void recordKey(VerifierEnv env, HelperMeta meta, InsnAux aux) {
        if (!meta.has(Trait.TAIL_CALL)) {
            return;
        }
        MapInfo map = meta.map;
        if (map == null || map.type() != MapType.PROG_ARRAY) {
            throw env.reject(Errno.EINVAL, "expected prog array map for tail call");
        }
        RegState key = env.reg(3);
        if (!key.isScalar()
                || !key.isConst()
                || Long.compareUnsigned(key.constValue(), map.def().maxEntries()) >= 0) {
            aux.mapKeySeen = true;
            aux.mapKeyPoisoned = true;
            return;
        }
        env.services().precision().markChain(env, 3);
        if (!aux.mapKeySeen) {
            aux.mapKeySeen = true;
            aux.mapKey = key.constValue();
        } else if (aux.mapKey != key.constValue()) {
            aux.mapKeyPoisoned = true;
        }
    }

    private void fillRawMemory(VerifierEnv env, HelperMeta meta, int insnIndex) {
        RawMemory raw = meta.filled;
        if (raw == null || !raw.isUsed()) {
            return;
        }
        for (int i = 0; i < raw.sizeBytes(); i++) {
            memory.checkAccess(env, insnIndex, env.reg(raw.regno()), Registers.name(raw.regno()), i, 1, true);
        }
    }

    private static void checkFuncIp(VerifierEnv env, HelperMeta meta) {
        switch (env.program().type()) {
            case KPROBE -> {
                // Fine.
            }
            case TRACING -> {
                switch (env.program().attachType()) {
                    case TRACE_FENTRY,
                            TRACE_FEXIT,
                            MODIFY_RETURN,
                            TRACE_FSESSION,
                            TRACE_FENTRY_MULTI,
                            TRACE_FEXIT_MULTI,
                            TRACE_FSESSION_MULTI -> {
                        // Fine.
                    }
                    default ->
                        throw env.reject(
                                Errno.ENOTSUPP,
                                "func %s#%d supported only for fentry/fexit/fsession/fmod_ret programs",
                                meta.name,
                                meta.id);
                }
            }
            default ->
                throw env.reject(
                        Errno.ENOTSUPP,
                        "func %s#%d not supported for program type %d",
                        meta.name,
                        meta.id,
                        env.program().type().number());
        }
    }

    /** A tail call that succeeds leaves the frame: in the main program nothing is left to do, else the caller goes on. */
    private static void tailCall(VerifierEnv env) {
        if (env.state().curframe() == 0) {
            return;
        }
        if (env.func().inCallback()) {
            throw env.reject(Errno.EINVAL, "cannot tail call within callback");
        }
        env.markRegScratched(0);
        env.pushStack(env.insnIndex() + 1, env.insnIndex());
        PacketAccess.invalidateAll(env.state());
        env.setReg(0, RegState.UNKNOWN);
        env.services().callbacks().returnFromFrame(env);
    }

    /** Flags of a possibly null pointer that a helper returns, without that possibility. */
    static int certain(int flags) {
        return flags & ~TypeFlags.PTR_MAYBE_NULL;
    }
}
