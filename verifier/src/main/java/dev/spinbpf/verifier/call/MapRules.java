package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.MapInfo;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which maps go with which helpers and programs. */
public final class MapRules {
    private static final long INNER_MAP = 1L << 12;
    private static final long RDONLY_PROG = 1L << 7;

    private static final Set<MapType> CGROUP_STORAGES = Set.of(MapType.CGROUP_STORAGE, MapType.PERCPU_CGROUP_STORAGE);
    private static final Set<String> RINGBUF_HELPERS = Set.of(
            "bpf_ringbuf_output",
            "bpf_ringbuf_reserve",
            "bpf_ringbuf_query",
            "bpf_ringbuf_reserve_dynptr",
            "bpf_ringbuf_submit_dynptr",
            "bpf_ringbuf_discard_dynptr");
    private static final Set<String> PERF_HELPERS = Set.of(
            "bpf_perf_event_read",
            "bpf_perf_event_output",
            "bpf_skb_output",
            "bpf_perf_event_read_value",
            "bpf_xdp_output");
    private static final Set<String> QUEUE_HELPERS =
            Set.of("bpf_map_peek_elem", "bpf_map_pop_elem", "bpf_map_push_elem");

    /** Helpers that take one of a few kinds of map only. */
    private static final Map<String, Set<MapType>> MAPS_OF_HELPER = Map.ofEntries(
            Map.entry("bpf_tail_call", Set.of(MapType.PROG_ARRAY)),
            Map.entry("bpf_user_ringbuf_drain", Set.of(MapType.USER_RINGBUF)),
            Map.entry("bpf_get_stackid", Set.of(MapType.STACK_TRACE)),
            Map.entry("bpf_current_task_under_cgroup", Set.of(MapType.CGROUP_ARRAY)),
            Map.entry("bpf_skb_under_cgroup", Set.of(MapType.CGROUP_ARRAY)),
            Map.entry("bpf_redirect_map", Set.of(MapType.DEVMAP, MapType.DEVMAP_HASH, MapType.CPUMAP, MapType.XSKMAP)),
            Map.entry("bpf_sk_redirect_map", Set.of(MapType.SOCKMAP)),
            Map.entry("bpf_msg_redirect_map", Set.of(MapType.SOCKMAP)),
            Map.entry("bpf_sock_map_update", Set.of(MapType.SOCKMAP)),
            Map.entry("bpf_sk_redirect_hash", Set.of(MapType.SOCKHASH)),
            Map.entry("bpf_msg_redirect_hash", Set.of(MapType.SOCKHASH)),
            Map.entry("bpf_sock_hash_update", Set.of(MapType.SOCKHASH)),
            Map.entry("bpf_get_local_storage", CGROUP_STORAGES),
            Map.entry(
                    "bpf_sk_select_reuseport", Set.of(MapType.REUSEPORT_SOCKARRAY, MapType.SOCKMAP, MapType.SOCKHASH)),
            Map.entry("bpf_map_pop_elem", Set.of(MapType.QUEUE, MapType.STACK)),
            Map.entry("bpf_map_peek_elem", Set.of(MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER)),
            Map.entry("bpf_map_push_elem", Set.of(MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER)),
            Map.entry(
                    "bpf_map_lookup_percpu_elem",
                    Set.of(MapType.PERCPU_ARRAY, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH)),
            Map.entry("bpf_sk_storage_get", Set.of(MapType.SK_STORAGE)),
            Map.entry("bpf_sk_storage_delete", Set.of(MapType.SK_STORAGE)),
            Map.entry("bpf_inode_storage_get", Set.of(MapType.INODE_STORAGE)),
            Map.entry("bpf_inode_storage_delete", Set.of(MapType.INODE_STORAGE)),
            Map.entry("bpf_task_storage_get", Set.of(MapType.TASK_STORAGE)),
            Map.entry("bpf_task_storage_delete", Set.of(MapType.TASK_STORAGE)),
            Map.entry("bpf_cgrp_storage_get", Set.of(MapType.CGRP_STORAGE)),
            Map.entry("bpf_cgrp_storage_delete", Set.of(MapType.CGRP_STORAGE)));

    private MapRules() {}

    /** Whether a lookup with a constant key within bounds cannot fail. */
    static boolean lookupOfConstantKeyIsNotNull(MapInfo map) {
        boolean array = map.type() == MapType.ARRAY || map.type() == MapType.PERCPU_ARRAY;
        return array && (map.def().flags() & INNER_MAP) == 0;
    }

    /** Refuses helpers that change a map that programs may only read. */
    static void checkWritable(VerifierEnv env, MapInfo map, HelperMeta meta) {
        if ((map.def().flags() & RDONLY_PROG) != 0
                && meta.is("bpf_map_delete_elem", "bpf_map_update_elem", "bpf_map_push_elem", "bpf_map_pop_elem")) {
            throw env.reject(Errno.EACCES, "write into map forbidden");
        }
    }

    /** Refuses a map that the helper cannot work on: Linux's {@code check_map_func_compatibility}. */
    static void checkHelper(VerifierEnv env, @Nullable MapInfo map, HelperMeta meta) {
        if (map == null) {
            return;
        }
        if (!mapTakes(env, map, meta.name) || !helperTakes(map, meta.name)) {
            throw env.reject(
                    Errno.EINVAL,
                    "cannot pass map_type %d into func %s#%d",
                    map.type().number(),
                    meta.name,
                    meta.id);
        }
    }

    private static boolean helperTakes(MapInfo map, String helper) {
        if (PERF_HELPERS.contains(helper)) {
            return map.type() == MapType.PERF_EVENT_ARRAY;
        }
        if (RINGBUF_HELPERS.contains(helper)) {
            return map.type() == MapType.RINGBUF;
        }
        Set<MapType> types = MAPS_OF_HELPER.get(helper);
        return types == null || types.contains(map.type());
    }

    private static boolean mapTakes(VerifierEnv env, MapInfo map, String helper) {
        boolean lookup = helper.equals("bpf_map_lookup_elem");
        boolean xchg = helper.equals("bpf_kptr_xchg");
        return switch (map.type()) {
            case PROG_ARRAY,
                    USER_RINGBUF,
                    STACK_TRACE,
                    CGROUP_ARRAY,
                    CGROUP_STORAGE,
                    PERCPU_CGROUP_STORAGE,
                    CPUMAP,
                    REUSEPORT_SOCKARRAY -> hasHelper(map.type(), helper);
            case PERF_EVENT_ARRAY -> PERF_HELPERS.contains(helper);
            case RINGBUF -> RINGBUF_HELPERS.contains(helper);
            case DEVMAP, DEVMAP_HASH, XSKMAP -> lookup || hasHelper(map.type(), helper);
            case ARRAY_OF_MAPS, HASH_OF_MAPS -> lookup;
            case SOCKMAP, SOCKHASH -> lookup || hasHelper(map.type(), helper) || mayUpdateSockmap(env, helper);
            case QUEUE, STACK -> QUEUE_HELPERS.contains(helper);
            case SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE -> xchg || hasHelper(map.type(), helper);
            case BLOOM_FILTER -> helper.equals("bpf_map_peek_elem") || helper.equals("bpf_map_push_elem");
            case INSN_ARRAY -> false;
            default -> true;
        };
    }

    private static boolean hasHelper(MapType type, String helper) {
        Set<MapType> types = MAPS_OF_HELPER.get(helper);
        return types != null && types.contains(type);
    }

    private static boolean mayUpdateSockmap(VerifierEnv env, String helper) {
        boolean delete = helper.equals("bpf_map_delete_elem");
        if (!delete && !helper.equals("bpf_map_update_elem")) {
            return false;
        }
        boolean allowed =
                switch (env.program().type()) {
                    case TRACING -> env.program().attachType() == AttachType.TRACE_ITER;
                    case SOCK_OPS -> delete;
                    case SOCKET_FILTER, SCHED_CLS, SCHED_ACT, XDP, SK_REUSEPORT, FLOW_DISSECTOR, SK_LOOKUP -> true;
                    default -> false;
                };
        if (!allowed) {
            env.verbose("cannot update sockmap in this context\n");
        }
        return allowed;
    }

    /** Refuses a map that the program cannot use: Linux's {@code check_map_prog_compatibility}. */
    public static void checkProgram(VerifierEnv env, MapInfo map) {
        ProgType type = env.program().type();
        if (CriticalSections.isTracing(type)
                && (map.hasField(BtfField.Kind.BPF_LIST_HEAD) || map.hasField(BtfField.Kind.BPF_RB_ROOT))) {
            throw env.reject(Errno.EINVAL, "tracing progs cannot use bpf_{list_head,rb_root} yet");
        }
        if (map.hasField(BtfField.Kind.BPF_SPIN_LOCK) || map.hasField(BtfField.Kind.BPF_RES_SPIN_LOCK)) {
            if (type == ProgType.SOCKET_FILTER) {
                throw env.reject(Errno.EINVAL, "socket filter progs cannot use bpf_spin_lock yet");
            }
            if (CriticalSections.isTracing(type)) {
                throw env.reject(Errno.EINVAL, "tracing progs cannot use bpf_spin_lock yet");
            }
        }
        if (map.type() == MapType.STRUCT_OPS) {
            throw env.reject(Errno.EINVAL, "bpf_struct_ops map cannot be used in prog");
        }
        if (map.type() == MapType.ARENA && map.def().mapExtra() == 0) {
            throw env.reject(Errno.EINVAL, "arena's user address must be set via map_extra or mmap()");
        }
        if (env.program().sleepable() && !sleepable(map.type())) {
            throw env.reject(
                    Errno.EINVAL, "Sleepable programs can only use array, hash, ringbuf and local storage maps");
        }
    }

    private static boolean sleepable(MapType type) {
        return switch (type) {
            case HASH,
                    RHASH,
                    LRU_HASH,
                    ARRAY,
                    PERCPU_HASH,
                    PERCPU_ARRAY,
                    LRU_PERCPU_HASH,
                    LPM_TRIE,
                    ARRAY_OF_MAPS,
                    HASH_OF_MAPS,
                    RINGBUF,
                    USER_RINGBUF,
                    INODE_STORAGE,
                    SK_STORAGE,
                    TASK_STORAGE,
                    CGRP_STORAGE,
                    QUEUE,
                    STACK,
                    ARENA,
                    INSN_ARRAY,
                    PROG_ARRAY -> true;
            default -> false;
        };
    }

    /** Whether programs may walk the map's elements with a callback. */
    static boolean supportsForEach(MapType type) {
        return switch (type) {
            case ARRAY, PERCPU_ARRAY, HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH, RHASH -> true;
            default -> false;
        };
    }
}
