package dev.spinbpf.vm.hook;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.KernelHook;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.ContextArgument;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All places that programs can attach to. Names and arguments are Linux's. */
public final class HookTable {
    private static final String STRUCT = "struct ";
    private static final Set<MapType> HASHES = Set.copyOf(EnumSet.of(
            MapType.HASH, MapType.LRU_HASH, MapType.HASH_OF_MAPS, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH));
    private static final Set<MapType> PERCPU_HASHES =
            Set.copyOf(EnumSet.of(MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH));
    private static final Set<MapType> LRU_HASHES = Set.copyOf(EnumSet.of(MapType.LRU_HASH, MapType.LRU_PERCPU_HASH));
    private static final Set<MapType> UNORDERED_HASHES =
            Set.copyOf(EnumSet.of(MapType.HASH, MapType.HASH_OF_MAPS, MapType.PERCPU_HASH));
    private static final Set<MapType> PLAIN_HASHES = Set.copyOf(EnumSet.of(MapType.HASH, MapType.HASH_OF_MAPS));
    private static final Set<MapType> TRIES = Set.of(MapType.LPM_TRIE);
    private static final Set<MapType> ARRAYS = Set.copyOf(EnumSet.of(MapType.ARRAY, MapType.PERCPU_ARRAY));
    private static final Set<MapType> QUEUES = Set.copyOf(EnumSet.of(MapType.QUEUE, MapType.STACK));
    private static final Set<MapType> ALL = Set.of();

    /** Runs under the lock of a hash bucket, at updates and deletions; its third argument is the key. */
    static final String LOOKUP_UNDER_LOCK = "lookup_elem_raw";

    static final HookTarget PACKET = entry("packet", HookTarget.Kind.PACKET, ContextLevel.SOFTIRQ);
    static final HookTarget SYSCALL = entry("syscall", HookTarget.Kind.SYSCALL, ContextLevel.TASK);
    static final HookTarget PERF_EVENT = entry("perf_event", HookTarget.Kind.PERF_EVENT, ContextLevel.NMI);

    private static final List<HookTarget> NAMED = List.of(
            point("contention_begin", HookPoint.CONTENTION_BEGIN),
            point("contention_end", HookPoint.CONTENTION_END),
            tracepoint("sys_enter", ContextLevel.TASK),
            tracepoint("sys_exit", ContextLevel.TASK),
            tracepoint("sched_switch", ContextLevel.TASK),
            tracepoint("softirq_entry", ContextLevel.SOFTIRQ),
            tracepoint("softirq_exit", ContextLevel.SOFTIRQ),
            tracepoint("timer_expire_entry", ContextLevel.SOFTIRQ),
            tracepoint("irq_handler_entry", ContextLevel.HARDIRQ),
            tracepoint("irq_handler_exit", ContextLevel.HARDIRQ),
            tracepoint("hrtimer_expire_entry", ContextLevel.HARDIRQ),
            tracepoint("hrtimer_expire_exit", ContextLevel.HARDIRQ),
            function("__x64_sys_getpgid", ContextLevel.TASK),
            function("__x64_sys_nanosleep", ContextLevel.TASK),
            function("bpf_fentry_test1", ContextLevel.TASK),
            function("handle_softirqs", ContextLevel.SOFTIRQ),
            function("net_rx_action", ContextLevel.SOFTIRQ),
            function("hrtimer_interrupt", ContextLevel.HARDIRQ),
            exit("htab_map_update_elem", HookPoint.MAP_UPDATE_AFTER_LOCK, PLAIN_HASHES),
            exit("htab_map_delete_elem", HookPoint.MAP_DELETE_AFTER_LOCK, UNORDERED_HASHES),
            exit("trie_update_elem", HookPoint.MAP_UPDATE_AFTER_LOCK, TRIES),
            exit("trie_delete_elem", HookPoint.MAP_DELETE_AFTER_LOCK, TRIES),
            exit("queue_stack_map_push_elem", HookPoint.MAP_UPDATE_AFTER_LOCK, QUEUES),
            inside("bpf_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, ALL),
            inside("bpf_map_delete_elem", HookPoint.MAP_DELETE_BEFORE_LOCK, ALL),
            inside("htab_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, PLAIN_HASHES),
            inside("htab_percpu_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, PERCPU_HASHES),
            inside("htab_lru_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, Set.of(MapType.LRU_HASH)),
            inside("htab_map_delete_elem", HookPoint.MAP_DELETE_BEFORE_LOCK, UNORDERED_HASHES),
            inside("htab_lru_map_delete_elem", HookPoint.MAP_DELETE_BEFORE_LOCK, LRU_HASHES),
            inside("alloc_htab_elem", HookPoint.MAP_UPDATE_UNDER_LOCK, UNORDERED_HASHES),
            inside(LOOKUP_UNDER_LOCK, HookPoint.MAP_UPDATE_UNDER_LOCK, HASHES),
            inside(LOOKUP_UNDER_LOCK, HookPoint.MAP_DELETE_UNDER_LOCK, HASHES),
            inside("free_htab_elem", HookPoint.ELEMENT_FREE, HASHES),
            inside("trie_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, TRIES),
            inside("trie_delete_elem", HookPoint.MAP_DELETE_BEFORE_LOCK, TRIES),
            inside("array_map_update_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, ARRAYS),
            inside("queue_stack_map_push_elem", HookPoint.MAP_UPDATE_BEFORE_LOCK, QUEUES),
            inside("__pcpu_freelist_pop", HookPoint.FREELIST_POP_BEFORE_LOCK, ALL),
            inside("pcpu_freelist_pop", HookPoint.FREELIST_POP_BEFORE_LOCK, ALL),
            inside("__pcpu_freelist_push", HookPoint.FREELIST_PUSH_BEFORE_LOCK, ALL),
            inside("pcpu_freelist_push", HookPoint.FREELIST_PUSH_BEFORE_LOCK, ALL));

    private HookTable() {}

    private static HookTarget entry(String name, HookTarget.Kind kind, ContextLevel level) {
        return new HookTarget(name, kind, level, null, ALL, List.of(), false);
    }

    private static HookTarget tracepoint(String name, ContextLevel level) {
        return new HookTarget(name, HookTarget.Kind.TRACEPOINT, level, null, ALL, ofTracepoint(name), false);
    }

    private static HookTarget function(String name, ContextLevel level) {
        return new HookTarget(name, HookTarget.Kind.FUNCTION, level, null, ALL, ofFunction(name), false);
    }

    private static HookTarget point(String name, HookPoint point) {
        return new HookTarget(name, HookTarget.Kind.TRACEPOINT, null, point, ALL, ofTracepoint(name), false);
    }

    private static HookTarget inside(String name, HookPoint point, Set<MapType> mapTypes) {
        return new HookTarget(name, HookTarget.Kind.FUNCTION, null, point, mapTypes, ofFunction(name), false);
    }

    private static HookTarget exit(String name, HookPoint point, Set<MapType> mapTypes) {
        return new HookTarget(name, HookTarget.Kind.FUNCTION_EXIT, null, point, mapTypes, ofFunction(name), false);
    }

    private static List<ContextArgument> ofTracepoint(String name) {
        return arguments(KernelHook.Kind.TRACEPOINT, name);
    }

    private static List<ContextArgument> ofFunction(String name) {
        return arguments(KernelHook.Kind.FUNCTION, name);
    }

    private static List<ContextArgument> arguments(KernelHook.Kind kind, String name) {
        KernelHook hook = Objects.requireNonNull(KernelHook.find(kind, name), name);
        return hook.arguments().stream().map(HookTable::argument).toList();
    }

    /** The arguments of a place that is not inside the runtime; none where nothing is known of it. */
    private static List<ContextArgument> known(HookTarget.Kind kind, String name) {
        KernelHook.Kind of = kind == HookTarget.Kind.TRACEPOINT ? KernelHook.Kind.TRACEPOINT : KernelHook.Kind.FUNCTION;
        return KernelHook.find(of, name) == null ? List.of() : arguments(of, name);
    }

    private static ContextArgument argument(KernelHook.Argument argument) {
        String type = argument.type();
        if (!type.endsWith("*")) {
            boolean isByte = type.equals("bool") || type.equals("char");
            return new ContextArgument(argument.name(), false, "", isByte ? Byte.BYTES : Long.BYTES);
        }
        int struct = type.indexOf(STRUCT);
        String pointsTo = struct < 0
                ? ""
                : type.substring(struct + STRUCT.length(), type.length() - 1).strip();
        return new ContextArgument(argument.name(), true, pointsTo, Long.BYTES);
    }

    /** The tracepoints and functions that programs can name. */
    public static List<HookTarget> named() {
        return NAMED;
    }

    /** The place that a program attaches to; raises {@link UnsupportedProgramException} where there is none. */
    public static HookTarget of(Program program) {
        return of(program, "");
    }

    /**
     * The place that a program attaches to.
     *
     * @param hook its name, or an empty string for the one that the program's section names
     * @throws UnsupportedProgramException where there is no such place for the program; the message says which there are
     */
    public static HookTarget of(Program program, String hook) {
        HookTarget nested = hook.isEmpty() || isOwn(program, hook) ? null : NestedPlaces.find(program, hook);
        return nested == null ? own(program, hook) : nested;
    }

    /** Returns true where a hook is one that the program's section leaves open or names. */
    private static boolean isOwn(Program program, String hook) {
        return switch (program.type()) {
            case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE, TRACEPOINT -> isNamed(HookTarget.Kind.TRACEPOINT, hook);
            case KPROBE -> isNamed(kindOf(program), hook);
            default -> own(program, "").name().equals(hook);
        };
    }

    private static boolean isNamed(HookTarget.Kind kind, String hook) {
        return NAMED.stream()
                .anyMatch(target -> target.kind() == kind && target.name().equals(hook));
    }

    private static HookTarget own(Program program, String hook) {
        return switch (program.type()) {
            case SCHED_CLS, SCHED_ACT, XDP, SOCKET_FILTER, CGROUP_SKB -> only(PACKET, program, hook);
            case LWT_IN, LWT_OUT, LWT_XMIT, LWT_SEG6LOCAL, FLOW_DISSECTOR, SK_SKB -> only(PACKET, program, hook);
            case SYSCALL -> only(SYSCALL, program, hook);
            case PERF_EVENT -> only(PERF_EVENT, program, hook);
            case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE, TRACEPOINT -> find(program, HookTarget.Kind.TRACEPOINT, hook);
            case KPROBE -> find(program, kindOf(program), hook);
            case TRACING -> only(find(program, kindOf(program.attachType()), ""), program, hook);
            case UNSPEC, EXT ->
                throw new UnsupportedProgramException("there is no hook for programs of type "
                        + program.type().display() + " (section " + program.section() + ")");
            default -> only(event(program), program, hook);
        };
    }

    private static HookTarget.Kind kindOf(Program probe) {
        boolean exit = probe.section().startsWith("kret") || probe.section().startsWith("uret");
        return exit ? HookTarget.Kind.FUNCTION_EXIT : HookTarget.Kind.FUNCTION;
    }

    private static HookTarget.Kind kindOf(AttachType attachType) {
        return switch (attachType) {
            case TRACE_RAW_TP -> HookTarget.Kind.TRACEPOINT;
            case TRACE_FEXIT, MODIFY_RETURN -> HookTarget.Kind.FUNCTION_EXIT;
            case TRACE_ITER -> HookTarget.Kind.EVENT;
            default -> HookTarget.Kind.FUNCTION;
        };
    }

    /** The event that programs of a type run by, named by their section. */
    private static HookTarget event(Program program) {
        boolean isCalled = program.type() == ProgType.LSM || program.type() == ProgType.STRUCT_OPS;
        HookTarget.Kind kind = isCalled ? HookTarget.Kind.CALLED : HookTarget.Kind.EVENT;
        return entry(nameOf(program), kind, levelOf(program.type()));
    }

    private static String nameOf(Program program) {
        String section = program.section().startsWith("?") ? program.section().substring(1) : program.section();
        return section.isEmpty() ? program.type().display() : section;
    }

    /**
     * A place that the loader chooses, as the section names none: each program has its own, but for one for the entry and one
     * for the exit whose names differ in that alone.
     */
    private static String chosenByLoader(Program program) {
        String name = program.name().replaceFirst("_(?:entry|enter|exit|ret|return|start|end|begin)$", "");
        return program.type() == ProgType.KPROBE ? program.section() + ":" + name : nameOf(program);
    }

    private static ContextLevel levelOf(ProgType type) {
        return switch (type) {
            case SOCK_OPS, SK_LOOKUP, SK_REUSEPORT, NETFILTER -> ContextLevel.SOFTIRQ;
            case LIRC_MODE2 -> ContextLevel.HARDIRQ;
            default -> ContextLevel.TASK;
        };
    }

    private static HookTarget only(HookTarget target, Program program, String hook) {
        if (hook.isEmpty() || hook.equals(target.name())) {
            return target;
        }
        throw new UnsupportedProgramException(
                "section " + program.section() + ": its hook is '" + target.name() + "', and cannot be '" + hook
                        + "'; places to nest it into are " + String.join(", ", NestedPlaces.names()));
    }

    private static HookTarget find(Program program, HookTarget.Kind kind, String hook) {
        String name = hook.isEmpty() ? shortName(program.attachTarget()) : hook;
        for (HookTarget target : NAMED) {
            if (target.kind() == kind && target.name().equals(name)) {
                return target;
            }
        }
        if (hook.isEmpty()) {
            // A place in code that is not here: its events come from tasks, as those of no place inside the runtime.
            String known = name.isEmpty() ? chosenByLoader(program) : name;
            return new HookTarget(known, kind, ContextLevel.TASK, null, ALL, known(kind, known), false);
        }
        String word = kind == HookTarget.Kind.TRACEPOINT ? "tracepoint" : "function";
        String known = NAMED.stream()
                .filter(target -> target.kind() == kind)
                .map(HookTarget::name)
                .collect(Collectors.joining(", "));
        throw new UnsupportedProgramException("section " + program.section() + ": " + word + " '" + name
                + "' is not a hook here; there are: " + known + ", and to nest it into: "
                + String.join(", ", NestedPlaces.names()));
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
