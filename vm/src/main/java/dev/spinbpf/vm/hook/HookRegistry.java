package dev.spinbpf.vm.hook;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapTable;
import dev.spinbpf.vm.context.ContextArea;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The programs attached to each place, and the events that run them. An event runs its programs one after the other, in
 * the order of attachment, nested on whatever the CPU does.
 */
public final class HookRegistry {
    private static final long SAMPLE_PERIOD = 1_000_000;
    private static final byte[] NO_PACKET = {};

    private final Cpus cpus;
    private final MapTable maps;
    private final Supplier<List<LoadedProgram>> programs;
    private final byte[] packet;
    private final Map<HookTarget, Attached> attachedByTarget = new ConcurrentHashMap<>();
    private final EnumMap<HookPoint, List<Attached>> attachedByPoint = new EnumMap<>(HookPoint.class);

    /**
     * Makes a registry without programs.
     *
     * @param programs gives those that are loaded, for places at other programs
     * @param packet the Ethernet frame that nested packet programs get
     */
    public HookRegistry(Cpus cpus, MapTable maps, Supplier<List<LoadedProgram>> programs, byte[] packet) {
        this.cpus = cpus;
        this.maps = maps;
        this.programs = programs;
        this.packet = packet;
        for (HookTarget target : HookTable.named()) {
            register(target);
        }
        register(HookTable.PACKET);
        register(HookTable.SYSCALL);
        register(HookTable.PERF_EVENT);
    }

    private void register(HookTarget target) {
        Attached attached = new Attached(target);
        attachedByTarget.put(target, attached);
        HookPoint point = target.point();
        if (point != null) {
            attachedByPoint.computeIfAbsent(point, key -> new ArrayList<>()).add(attached);
        }
    }

    /**
     * A program at a place.
     *
     * @param program the program
     * @param cpus the CPUs on which it runs
     * @param own the place that its section names, where it is nested into another one
     */
    private record Entry(
            LoadedProgram program, CpuSet cpus, @Nullable HookTarget own) {}

    /** Programs attached to one place. */
    private static final class Attached {
        private final HookTarget target;
        private volatile Entry[] entries = {};

        Attached(HookTarget target) {
            this.target = target;
        }

        void add(Entry entry) {
            List<Entry> copy = new ArrayList<>(List.of(entries));
            copy.add(entry);
            entries = copy.toArray(Entry[]::new);
        }

        void remove(LoadedProgram program) {
            entries =
                    Stream.of(entries).filter(entry -> entry.program != program).toArray(Entry[]::new);
        }
    }

    /**
     * Attaches a program to the place that its section names.
     *
     * @throws UnsupportedProgramException where there is no such place; the message lists those that there are
     */
    public HookTarget attach(LoadedProgram program) {
        HookTarget target = HookTable.of(program.program());
        attach(program, target, CpuSet.ALL);
        return target;
    }

    /** Attaches a program to a place, on some CPUs only. */
    public synchronized void attach(LoadedProgram program, HookTarget target, CpuSet on) {
        if (target.isNested()) {
            nest(new Entry(program, on, HookTable.of(program.program())), target);
            return;
        }
        attachedTo(target);
        for (Attached attached : attachedByTarget.values()) {
            boolean same = !attached.target.isNested()
                    && attached.target.kind() == target.kind()
                    && attached.target.name().equals(target.name());
            if (same) {
                add(attached, new Entry(program, on, null));
            }
        }
    }

    private void nest(Entry entry, HookTarget target) {
        String other = NestedPlaces.programAt(target.name());
        List<LoadedProgram> others = programs.get().stream()
                .filter(program -> program.name().equals(other))
                .toList();
        if (!other.isEmpty() && others.isEmpty()) {
            throw new UnsupportedProgramException("no program '" + other + "' is loaded to nest '"
                    + entry.program.name() + "' into; there are: "
                    + programs.get().stream().map(LoadedProgram::name).collect(Collectors.joining(", ")));
        }
        for (HookTarget variant : NestedPlaces.variants(target)) {
            add(attachedTo(variant), entry);
        }
        for (LoadedProgram program : others) {
            Attached atEntry = attachedTo(NestedPlaces.atProgram(NestedPlaces.ENTRY + other));
            Attached atExit = attachedTo(NestedPlaces.atProgram(NestedPlaces.EXIT + other));
            program.surround((cpu, entered) -> runTracing(cpu, entered ? atEntry : atExit, 0, 0, 0, 0));
        }
    }

    private Attached attachedTo(HookTarget target) {
        if (!attachedByTarget.containsKey(target)) {
            register(target);
        }
        return Objects.requireNonNull(attachedByTarget.get(target), target.name());
    }

    private void add(Attached attached, Entry entry) {
        attached.add(entry);
        HookPoint point = attached.target.point();
        if (point != null) {
            Attached[] here = Objects.requireNonNull(attachedByPoint.get(point), point.name())
                    .toArray(Attached[]::new);
            cpus.hooks().set(point, (cpu, at, first, second) -> fireInside(cpu, here, at, first, second));
        }
    }

    /** Detaches a program from all places. A run of it that has begun goes on to its end. */
    public synchronized void detach(LoadedProgram program) {
        for (Attached attached : attachedByTarget.values()) {
            attached.remove(program);
        }
        for (Map.Entry<HookPoint, List<Attached>> point : attachedByPoint.entrySet()) {
            if (point.getValue().stream().allMatch(attached -> attached.entries.length == 0)) {
                cpus.hooks().set(point.getKey(), null);
            }
        }
    }

    /** Detaches all programs. */
    public synchronized void detachAll() {
        for (Attached attached : attachedByTarget.values()) {
            attached.entries = new Entry[0];
        }
        for (HookPoint point : HookPoint.values()) {
            cpus.hooks().set(point, null);
        }
    }

    /** Returns true where a program is attached anywhere. */
    public boolean isAttached(LoadedProgram program) {
        return !targetsOf(program).isEmpty();
    }

    /** Returns the places that a program is attached to. */
    public List<HookTarget> targetsOf(LoadedProgram program) {
        return attachedByTarget.values().stream()
                .filter(attached -> Stream.of(attached.entries).anyMatch(entry -> entry.program == program))
                .map(attached -> attached.target)
                .toList();
    }

    /** Runs what is attached to an internal point: programs on the points' functions that fit the map. */
    private void fireInside(Cpu cpu, Attached[] here, HookPoint point, long first, long second) {
        boolean contention = point == HookPoint.CONTENTION_BEGIN || point == HookPoint.CONTENTION_END;
        BpfMap map = contention ? null : maps.byId((int) first);
        for (Attached attached : here) {
            HookTarget target = attached.target;
            if (map == null) {
                runTracing(cpu, attached, first, second, 0, 0);
            } else if (target.mapTypes().isEmpty() || target.mapTypes().contains(map.type())) {
                boolean keyed = target.name().equals(HookTable.LOOKUP_UNDER_LOCK);
                long size = map.def().keySize();
                runTracing(cpu, attached, map.address(), keyed ? 0 : second, keyed ? second : 0, keyed ? size : 0);
            }
        }
    }

    /**
     * Runs a program for one event at an entry hook, on top of what the CPU does and at its present level.
     *
     * @param target the hook, which is not one inside the runtime
     * @param packet the Ethernet frame, for packet programs
     */
    public static void run(Cpu cpu, LoadedProgram program, HookTarget target, byte[] packet) {
        CpuContext context = contextOf(cpu);
        if (!context.hasRoom(program)) {
            return;
        }
        ContextArea area = context.area();
        long address =
                switch (target.kind()) {
                    case PACKET -> context.packet(program, packet);
                    case SYSCALL -> area.raw(NO_PACKET);
                    case PERF_EVENT -> area.perfEvent(SAMPLE_PERIOD);
                    case TRACEPOINT, FUNCTION, EVENT, CALLED, PROGRAM_ENTRY, PROGRAM_EXIT ->
                        context.event(program, target.arguments(), target.name(), false);
                    case FUNCTION_EXIT -> context.event(program, target.arguments(), target.name(), true);
                };
        context.run(program, address);
    }

    private void runTracing(Cpu cpu, Attached attached, long a, long b, long c, long d) {
        CpuContext context = contextOf(cpu);
        for (Entry entry : attached.entries) {
            LoadedProgram program = entry.program;
            HookTarget own = entry.own;
            if (!entry.cpus.contains(cpu.id())) {
                continue;
            }
            if (own != null) {
                runNested(cpu, program, own);
            } else if (context.hasRoom(program)) {
                context.run(program, arguments(context.area(), program, attached.target, a, b, c, d));
            }
        }
    }

    /** Runs a program as if its event came right now, at its level or the present one, whichever is higher. */
    private void runNested(Cpu cpu, LoadedProgram program, HookTarget own) {
        ContextLevel present = cpu.level();
        ContextLevel least = Objects.requireNonNullElse(own.level(), present);
        ContextLevel level = present.compareTo(least) < 0 ? least : present;
        if (!own.isInside() && !own.levels().contains(level)) {
            contextOf(cpu).miss(program);
            return;
        }
        boolean masks = level != present && level != ContextLevel.SOFTIRQ;
        long flags = masks ? cpu.irqSave() : 0;
        ContextLevel previous = cpu.enter(level);
        try {
            run(cpu, program, own, packet);
        } finally {
            cpu.leave(previous);
            if (masks) {
                cpu.irqRestore(flags);
            }
        }
    }

    /** Makes the context of a program at a tracepoint or function with up to four arguments. */
    private static long arguments(
            ContextArea area, LoadedProgram program, HookTarget target, long a, long b, long c, long d) {
        return switch (program.program().type()) {
            case KPROBE -> area.registers(a, b, c, d);
            case TRACEPOINT -> area.record(a, b, c, d);
            default -> area.arguments(a, b, c, d, target.arguments().size());
        };
    }

    private static CpuContext contextOf(Cpu cpu) {
        if (cpu.extension() instanceof CpuContext context) {
            return context;
        }
        throw new IllegalStateException("CPU " + cpu.id() + " runs no programs");
    }
}
