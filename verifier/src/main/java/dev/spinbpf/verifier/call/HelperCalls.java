package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.HelperIds;
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
import dev.spinbpf.verifier.kernel.HelperSets;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.DynptrType;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Calls of helpers: Linux's {@code check_helper_call}. */
final class HelperCalls {
    private static final int MAX_HELPER = 211;

    private static final Set<String> CHANGE_PACKETS = Set.of(
            "bpf_clone_redirect",
            "bpf_l3_csum_replace",
            "bpf_l4_csum_replace",
            "bpf_lwt_push_encap",
            "bpf_lwt_seg6_action",
            "bpf_lwt_seg6_adjust_srh",
            "bpf_lwt_seg6_store_bytes",
            "bpf_msg_pop_data",
            "bpf_msg_pull_data",
            "bpf_msg_push_data",
            "bpf_skb_adjust_room",
            "bpf_skb_change_head",
            "bpf_skb_change_proto",
            "bpf_skb_change_tail",
            "bpf_skb_pull_data",
            "bpf_skb_store_bytes",
            "bpf_skb_vlan_pop",
            "bpf_skb_vlan_push",
            "bpf_store_hdr_opt",
            "bpf_xdp_adjust_head",
            "bpf_xdp_adjust_meta",
            "bpf_xdp_adjust_tail",
            "bpf_tail_call");

    private static final Set<String> RECORD_MAP = Set.of(
            "bpf_tail_call",
            "bpf_map_lookup_elem",
            "bpf_map_update_elem",
            "bpf_map_delete_elem",
            "bpf_map_push_elem",
            "bpf_map_pop_elem",
            "bpf_map_peek_elem",
            "bpf_for_each_map_elem",
            "bpf_redirect_map",
            "bpf_map_lookup_percpu_elem");

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

    static boolean changesPackets(String helper) {
        return CHANGE_PACKETS.contains(helper);
    }

    void check(VerifierEnv env, Insn insn, int insnIndex) {
        int id = (int) insn.imm();
        String name = name(id);
        VerifierState state = env.state();
        if (state.activeLocks() > 0 && !name.equals("bpf_spin_unlock") && !name.equals("bpf_kptr_xchg")) {
            throw env.reject(Errno.EINVAL, "function calls are not allowed while holding a lock");
        }
        HelperMeta meta = new HelperMeta(id, name, prototype(env, id, name));
        for (int i = 0; i < 5; i++) {
            args.check(env, i, meta, insnIndex);
        }
        recordMap(env, meta, env.aux(insnIndex));
        recordKey(env, meta, env.aux(insnIndex));
        fillRawMemory(env, meta, insnIndex);
        HelperEffects.release(env, meta);
        if (name.equals("bpf_snprintf")) {
            FormatStrings.checkSnprintf(env);
        }
        boolean changesData = new HelperEffects(env, meta, insn, insnIndex).apply() || changesPackets(name);

        RegState r1 = env.reg(1);
        Registers.clearCallerSaved(env, env.func());
        HelperReturns.set(env, meta, insnIndex, r1);
        MapRules.checkHelper(env, meta.map, meta);
        if (name.equals("bpf_get_func_ip")) {
            checkFuncIp(env, meta);
        }
        if (name.equals("bpf_tail_call")) {
            changesData = tailCall(env);
        }
        if (changesData) {
            PacketAccess.invalidateAll(env.state());
        }
    }

    private static HelperProto prototype(VerifierEnv env, int id, String name) {
        if (id < 0 || id > MAX_HELPER) {
            throw env.reject(Errno.EINVAL, "invalid func %s#%d", name, id);
        }
        HelperProto proto = HelperSets.find(env.program(), name);
        if (proto == null) {
            throw env.reject(Errno.EINVAL, "program of this type cannot use helper %s#%d", name, id);
        }
        if (proto.gplOnly() && !env.object().isGplCompatible()) {
            throw env.reject(Errno.EINVAL, "cannot call GPL-restricted function from non-GPL compatible program");
        }
        String condition = proto.allowed();
        if (condition != null && !AllowedTargets.holds(condition, env.program())) {
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
        if (!RECORD_MAP.contains(meta.name)) {
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
        if (!meta.is("bpf_tail_call")) {
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
    private static boolean tailCall(VerifierEnv env) {
        if (env.state().curframe() == 0) {
            return false;
        }
        if (env.func().inCallback()) {
            throw env.reject(Errno.EINVAL, "cannot tail call within callback");
        }
        env.markRegScratched(0);
        env.pushStack(env.insnIndex() + 1, env.insnIndex());
        PacketAccess.invalidateAll(env.state());
        env.setReg(0, RegState.UNKNOWN);
        env.services().callbacks().returnFromFrame(env);
        return false;
    }

    static boolean writesPacket(@Nullable DynptrType type) {
        return type == DynptrType.SKB || type == DynptrType.SKB_META;
    }

    /** Flags of a possibly null pointer that a helper returns, without that possibility. */
    static int certain(int flags) {
        return flags & ~TypeFlags.PTR_MAYBE_NULL;
    }
}
