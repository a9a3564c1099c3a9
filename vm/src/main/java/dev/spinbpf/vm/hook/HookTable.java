package dev.spinbpf.vm.hook;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.programs.model.AttachType;
import dev.spinbpf.programs.model.MapType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All places that programs can attach to. Names and arguments are Linux's. */
public final class HookTable {
    private static final Set<MapType> HASHES = Set.copyOf(EnumSet.of(
            MapType.HASH, MapType.LRU_HASH, MapType.HASH_OF_MAPS, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH));
    private static final Set<MapType> PERCPU_HASHES =
            Set.copyOf(EnumSet.of(MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH));
    private static final Set<MapType> LRU_HASHES = Set.copyOf(EnumSet.of(MapType.LRU_HASH, MapType.LRU_PERCPU_HASH));
    private static final Set<MapType> UNORDERED_HASHES =
            Set.copyOf(EnumSet.of(MapType.HASH, MapType.HASH_OF_MAPS, MapType.PERCPU_HASH));
    private static final Set<MapType> PLAIN_HASHES = Set.copyOf(EnumSet.of(MapType.HASH, MapType.HASH_OF_MAPS));
    private static final Set<MapType> TRIES = Set.of(MapType.LPM_TRIE);
    private static final Set<MapType> ARRAYS = Set.of(MapType.ARRAY);
    private static final Set<MapType> QUEUES = Set.copyOf(EnumSet.of(MapType.QUEUE, MapType.STACK));
    private static final Set<MapType> ALL = Set.of();

    private static final String UPDATE = "struct bpf_map *map, void *key, void *value, u64 flags";
    private static final String ALLOC = "struct bpf_htab *htab, void *key";
    private static final String LOOKUP = "struct hlist_nulls_head *head, u32 hash, void *key, u32 key_size";
    private static final String DELETE = "struct bpf_map *map, void *key";

    /** Runs under the lock of a hash bucket, at updates and deletions; its third argument is the key. */
    static final String LOOKUP_UNDER_LOCK = "lookup_elem_raw";

    static final HookTarget PACKET = entry("packet", HookTarget.Kind.PACKET, ContextLevel.SOFTIRQ, "");
    static final HookTarget SYSCALL = entry("syscall", HookTarget.Kind.SYSCALL, ContextLevel.TASK, "");
    static final HookTarget PERF_EVENT = entry("perf_event", HookTarget.Kind.PERF_EVENT, ContextLevel.NMI, "");

    private static final List<HookTarget> NAMED = List.of(
            point("contention_begin", HookPoint.CONTENTION_BEGIN, "void *lock, unsigned int flags"),
            point("contention_end", HookPoint.CONTENTION_END, "void *lock, int ret"),
            tracepoint("sys_enter", ContextLevel.TASK, "struct pt_regs *regs, long id"),
            tracepoint("sys_exit", ContextLevel.TASK, "struct pt_regs *regs, long ret"),
            tracepoint(
                    "sched_switch",
                    ContextLevel.TASK,
                    "bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state"),
            tracepoint("softirq_entry", ContextLevel.SOFTIRQ, "unsigned int vec_nr"),
            tracepoint("softirq_exit", ContextLevel.SOFTIRQ, "unsigned int vec_nr"),
            tracepoint("timer_expire_entry", ContextLevel.SOFTIRQ, "struct timer_list *timer, unsigned long baseclk"),
            tracepoint("irq_handler_entry", ContextLevel.HARDIRQ, "int irq, struct irqaction *action"),
            tracepoint("irq_handler_exit", ContextLevel.HARDIRQ, "int irq, struct irqaction *action, int ret"),
            tracepoint("hrtimer_expire_entry", ContextLevel.HARDIRQ, "struct hrtimer *hrtimer, ktime_t *now"),
            tracepoint("hrtimer_expire_exit", ContextLevel.HARDIRQ, "struct hrtimer *hrtimer"),
            function("__x64_sys_getpgid", ContextLevel.TASK, "const struct pt_regs *regs"),
            function("__x64_sys_nanosleep", ContextLevel.TASK, "const struct pt_regs *regs"),
            function("bpf_fentry_test1", ContextLevel.TASK, "int a"),
            function("handle_softirqs", ContextLevel.SOFTIRQ, "bool ksirqd"),
            function("net_rx_action", ContextLevel.SOFTIRQ, ""),
            function("hrtimer_interrupt", ContextLevel.HARDIRQ, "struct clock_event_device *dev"),
            inside("bpf_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, ALL, UPDATE),
            inside("bpf_map_delete_elem", HookPoint.MAP_DELETE_BEFORE_LOCK, ALL, DELETE),
            inside("htab_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, PLAIN_HASHES, UPDATE),
            inside("htab_percpu_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, PERCPU_HASHES, UPDATE),
            inside("htab_lru_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, Set.of(MapType.LRU_HASH), UPDATE),
            inside("htab_map_delete_elem", HookPoint.MAP_DELETE_BEFORE_LOCK, UNORDERED_HASHES, DELETE),
            inside("htab_lru_map_delete_elem", HookPoint.MAP_DELETE_BEFORE_LOCK, LRU_HASHES, DELETE),
            inside("alloc_htab_elem", HookPoint.MAP_UPDATE_UNDER_LOCK, UNORDERED_HASHES, ALLOC),
            inside(LOOKUP_UNDER_LOCK, HookPoint.MAP_UPDATE_UNDER_LOCK, HASHES, LOOKUP),
            inside(LOOKUP_UNDER_LOCK, HookPoint.MAP_DELETE_UNDER_LOCK, HASHES, LOOKUP),
            inside("free_htab_elem", HookPoint.ELEMENT_FREE, HASHES, "struct bpf_htab *htab, struct htab_elem *l"),
            inside("trie_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, TRIES, UPDATE),
            inside("trie_delete_elem", HookPoint.MAP_DELETE_BEFORE_LOCK, TRIES, DELETE),
            inside("array_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, ARRAYS, UPDATE),
            inside("queue_stack_map_push_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, QUEUES, "struct bpf_map *map"),
            inside("__pcpu_freelist_pop", HookPoint.FREELIST_POP, ALL, "struct pcpu_freelist *s"),
            inside("pcpu_freelist_pop", HookPoint.FREELIST_POP, ALL, "struct pcpu_freelist *s"),
            inside(
                    "__pcpu_freelist_push",
                    HookPoint.FREELIST_PUSH,
                    ALL,
                    "struct pcpu_freelist *s, struct pcpu_freelist_node *node"),
            inside(
                    "pcpu_freelist_push",
                    HookPoint.FREELIST_PUSH,
                    ALL,
                    "struct pcpu_freelist *s, struct pcpu_freelist_node *node"));

    private HookTable() {}

    private static HookTarget entry(String name, HookTarget.Kind kind, ContextLevel level, String arguments) {
        return new HookTarget(name, kind, level, null, ALL, arguments);
    }

    private static HookTarget tracepoint(String name, ContextLevel level, String arguments) {
        return entry(name, HookTarget.Kind.TRACEPOINT, level, arguments);
    }

    private static HookTarget function(String name, ContextLevel level, String arguments) {
        return entry(name, HookTarget.Kind.FUNCTION, level, arguments);
    }

    private static HookTarget point(String name, HookPoint point, String arguments) {
        return new HookTarget(name, HookTarget.Kind.TRACEPOINT, null, point, ALL, arguments);
    }

    private static HookTarget inside(String name, HookPoint point, Set<MapType> mapTypes, String arguments) {
        return new HookTarget(name, HookTarget.Kind.FUNCTION, null, point, mapTypes, arguments);
    }

    /** The tracepoints and functions that programs can name. */
    public static List<HookTarget> named() {
        return NAMED;
    }

    /** The place that a program attaches to; raises {@link UnsupportedProgramException} where there is none. */
    public static HookTarget of(Program program) {
        return switch (program.type()) {
            case SCHED_CLS, SCHED_ACT, XDP, SOCKET_FILTER, CGROUP_SKB -> PACKET;
            case SYSCALL -> SYSCALL;
            case PERF_EVENT -> PERF_EVENT;
            case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE, TRACEPOINT -> find(program, HookTarget.Kind.TRACEPOINT);
            case KPROBE -> {
                requireEntry(program, !program.section().startsWith("kret"));
                yield find(program, HookTarget.Kind.FUNCTION);
            }
            case TRACING -> {
                AttachType attachType = program.attachType();
                boolean tracepoint = attachType == AttachType.TRACE_RAW_TP;
                requireEntry(program, tracepoint || attachType == AttachType.TRACE_FENTRY);
                yield find(program, tracepoint ? HookTarget.Kind.TRACEPOINT : HookTarget.Kind.FUNCTION);
            }
            default ->
                throw new UnsupportedProgramException("there is no hook for programs of type "
                        + program.type().display() + " (section " + program.section() + ")");
        };
    }

    private static void requireEntry(Program program, boolean entry) {
        if (!entry) {
            throw new UnsupportedProgramException(
                    "section " + program.section() + ": only the entries of functions are hooks here");
        }
    }

    private static HookTarget find(Program program, HookTarget.Kind kind) {
        String name = shortName(program.attachTarget());
        for (HookTarget target : NAMED) {
            if (target.kind() == kind && target.name().equals(name)) {
                return target;
            }
        }
        String word = kind == HookTarget.Kind.TRACEPOINT ? "tracepoint" : "function";
        String known = NAMED.stream()
                .filter(target -> target.kind() == kind)
                .map(HookTarget::name)
                .collect(Collectors.joining(", "));
        throw new UnsupportedProgramException("section " + program.section() + ": " + word + " '" + name
                + "' is not a hook here; there are: " + known);
    }

    /** Without the group of a tracepoint and the offset of a probe. */
    private static String shortName(@Nullable String target) {
        if (target == null) {
            return "";
        }
        String name = target.substring(target.lastIndexOf('/') + 1);
        int plus = name.indexOf('+');
        return plus < 0 ? name : name.substring(0, plus);
    }
}
