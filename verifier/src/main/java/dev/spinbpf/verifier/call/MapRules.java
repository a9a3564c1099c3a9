package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.MapTypes;
import dev.spinbpf.verifier.state.MapInfo;
import org.jspecify.annotations.Nullable;

/** Refuses maps that helpers or programs cannot use. */
public final class MapRules {

    private MapRules() {}

    /** Returns whether a lookup with a constant key within bounds cannot fail. */
    static boolean lookupOfConstantKeyIsNotNull(MapInfo map) {
        boolean array = map.type() == MapType.ARRAY || map.type() == MapType.PERCPU_ARRAY;
        return array && (map.def().flags() & MapFlags.BPF_F_INNER_MAP) == 0;
    }

    /** Refuses helpers that change a map that programs may only read. */
    static void checkWritable(VerifierEnv env, MapInfo map, HelperMeta meta) {
        if ((map.def().flags() & MapFlags.BPF_F_RDONLY_PROG) != 0 && meta.has(Trait.WRITES_MAP)) {
            throw env.reject(Errno.EACCES, "write into map forbidden");
        }
    }

    /** Refuses a map that the helper cannot work on: Linux's {@code check_map_func_compatibility}. */
    static void checkHelper(VerifierEnv env, @Nullable MapInfo map, HelperMeta meta) {
        if (map == null) {
            return;
        }
        if (!takes(env, map.type(), meta)) {
            throw env.reject(
                    Errno.EINVAL,
                    "cannot pass map_type %d into func %s#%d",
                    map.type().number(),
                    meta.name,
                    meta.id);
        }
    }

    private static boolean takes(VerifierEnv env, MapType type, HelperMeta meta) {
        MapTypes types = env.kernel().mapTypes();
        return types.takes(type, meta.name, meta.proto.traits())
                || types.holdsSockets(type) && mayUpdateSockmap(env, meta.name);
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
        if (env.kernel().programTypes().isTracing(type)
                && (map.hasField(BtfField.Kind.BPF_LIST_HEAD) || map.hasField(BtfField.Kind.BPF_RB_ROOT))) {
            throw env.reject(Errno.EINVAL, "tracing progs cannot use bpf_{list_head,rb_root} yet");
        }
        if (map.hasField(BtfField.Kind.BPF_SPIN_LOCK) || map.hasField(BtfField.Kind.BPF_RES_SPIN_LOCK)) {
            if (type == ProgType.SOCKET_FILTER) {
                throw env.reject(Errno.EINVAL, "socket filter progs cannot use bpf_spin_lock yet");
            }
            if (env.kernel().programTypes().isTracing(type)) {
                throw env.reject(Errno.EINVAL, "tracing progs cannot use bpf_spin_lock yet");
            }
        }
        if (map.type() == MapType.STRUCT_OPS) {
            throw env.reject(Errno.EINVAL, "bpf_struct_ops map cannot be used in prog");
        }
        if (map.type() == MapType.ARENA && map.def().mapExtra() == 0) {
            throw env.reject(Errno.EINVAL, "arena's user address must be set via map_extra or mmap()");
        }
        if (env.program().sleepable() && !env.kernel().mapTypes().isSleepable(map.type())) {
            throw env.reject(
                    Errno.EINVAL, "Sleepable programs can only use array, hash, ringbuf and local storage maps");
        }
    }
}
