package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.MapTypes;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ProgramRules.Property;
import dev.spinbpf.verifier.state.MapInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Refuses maps that helpers or programs cannot use. */
public final class MapRules {

    private static final List<BtfField.Kind> LOCKS =
            List.of(BtfField.Kind.BPF_SPIN_LOCK, BtfField.Kind.BPF_RES_SPIN_LOCK);

    private MapRules() {}

    /** Returns whether a lookup with a constant key within bounds cannot fail. */
    static boolean lookupOfConstantKeyIsNotNull(MapInfo map) {
        boolean array = map.type() == MapType.ARRAY || map.type() == MapType.PERCPU_ARRAY;
        return array && (map.def().flags() & MapFlags.BPF_F_INNER_MAP) == 0;
    }

    /** Refuses helpers that change a map that programs may only read. */
    static void checkWritable(Exploration path, MapInfo map, HelperMeta meta) {
        if ((map.def().flags() & MapFlags.BPF_F_RDONLY_PROG) != 0 && meta.has(Trait.WRITES_MAP)) {
            throw path.reject(Errno.EACCES, Message.MAP_WRITE_FORBIDDEN);
        }
    }

    /** Refuses a map that the helper cannot work on: Linux's {@code check_map_func_compatibility}. */
    static void checkHelper(Exploration path, @Nullable MapInfo map, HelperMeta meta) {
        if (map == null) {
            return;
        }
        if (!takes(path, map.type(), meta)) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.MAP_TYPE_NOT_ALLOWED_FOR_HELPER,
                    map.type().number(),
                    meta.name,
                    meta.id);
        }
    }

    private static boolean takes(Exploration path, MapType type, HelperMeta meta) {
        MapTypes types = path.unit().kernel().mapTypes();
        return types.takes(type, meta.name, meta.proto.traits())
                || types.holdsSockets(type) && mayChangeSockets(path, meta);
    }

    /** Returns true if the helper changes maps and the program may use it on maps of sockets. */
    private static boolean mayChangeSockets(Exploration path, HelperMeta meta) {
        Property needed = meta.proto.traits().changesSockets();
        if (needed == null) {
            return false;
        }
        boolean allowed = path.unit().has(needed);
        if (!allowed) {
            path.log().note(Message.SOCKMAP_UPDATE_NOT_ALLOWED);
        }
        return allowed;
    }

    /** Returns whether programs of a type may use maps that hold a lock of that kind. */
    public static boolean mayLock(Kernel kernel, ProgType type, BtfField.Kind lock) {
        boolean mayInterrupt = kernel.programTypes().isTracing(type)
                && (lock == BtfField.Kind.BPF_SPIN_LOCK || !kernel.has(KernelRule.RES_LOCKS_IN_TRACING));
        return type != ProgType.SOCKET_FILTER && !mayInterrupt;
    }

    /** Refuses a map that the program cannot use: Linux's {@code check_map_prog_compatibility}. */
    public static void checkProgram(ProgramUnit unit, VerifierLog log, MapInfo map) {
        boolean asReplaced = unit.kernel().has(KernelRule.REPLACEMENTS_LOCK_AS_REPLACED);
        ProgType type = (asReplaced ? unit.program() : unit.declared()).type();
        if (unit.kernel().programTypes().isTracing(type)
                && (map.hasField(BtfField.Kind.BPF_LIST_HEAD) || map.hasField(BtfField.Kind.BPF_RB_ROOT))) {
            throw log.reject(Errno.EINVAL, Message.GRAPH_ROOTS_IN_TRACING);
        }
        for (BtfField.Kind lock : LOCKS) {
            if (map.hasField(lock) && !mayLock(unit.kernel(), type, lock)) {
                boolean isSocketFilter = type == ProgType.SOCKET_FILTER;
                throw log.reject(
                        Errno.EINVAL,
                        isSocketFilter ? Message.SPIN_LOCK_IN_SOCKET_FILTER : Message.SPIN_LOCK_IN_TRACING);
            }
        }
        if (unit.kernel().programTypes().isTracing(type) && !unit.kernel().has(KernelRule.TIMERS_IN_TRACING)) {
            if (map.hasField(BtfField.Kind.BPF_TIMER)) {
                throw log.reject(Errno.EINVAL, Message.TIMER_IN_TRACING);
            }
            if (map.hasField(BtfField.Kind.BPF_WORKQUEUE)) {
                throw log.reject(Errno.EINVAL, Message.WORKQUEUE_IN_TRACING);
            }
        }
        if (map.type() == MapType.STRUCT_OPS) {
            throw log.reject(Errno.EINVAL, Message.STRUCT_OPS_MAP_IN_PROGRAM);
        }
        if (unit.program().sleepable() && !unit.kernel().mapTypes().isSleepable(map.type())) {
            throw log.reject(Errno.EINVAL, Message.MAP_TYPE_NOT_ALLOWED_WHEN_SLEEPABLE);
        }
    }
}
