package dev.spinbpf.vm.hook;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The programs attached to each place, and the events that run them. An event runs its programs one after the other, in
 * the order of attachment, nested on whatever the CPU does.
 */
public final class HookRegistry {
    private static final long SAMPLE_PERIOD = 1_000_000;

    private final Cpus cpus;
    private final MapTable maps;
    private final Map<HookTarget, Attached> attachedByTarget = new LinkedHashMap<>();
    private final EnumMap<HookPoint, List<Attached>> attachedByPoint = new EnumMap<>(HookPoint.class);

    public HookRegistry(Cpus cpus, MapTable maps) {
        this.cpus = cpus;
        this.maps = maps;
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

    /** Programs attached to one place. */
    private static final class Attached {
        private final HookTarget target;
        private volatile LoadedProgram[] programs = {};

        Attached(HookTarget target) {
            this.target = target;
        }

        void add(LoadedProgram program) {
            List<LoadedProgram> copy = new ArrayList<>(List.of(programs));
            copy.add(program);
            programs = copy.toArray(LoadedProgram[]::new);
        }
    }

    /**
     * Attaches a program to the place that its section names.
     *
     * @throws UnsupportedProgramException where there is no such place; the message lists those that there are
     */
    public synchronized HookTarget attach(LoadedProgram program) {
        HookTarget target = HookTable.of(program.program());
        for (Attached attached : attachedByTarget.values()) {
            boolean same = attached.target.kind() == target.kind()
                    && attached.target.name().equals(target.name());
            if (same) {
                add(attached, program);
            }
        }
        return target;
    }

    private void add(Attached attached, LoadedProgram program) {
        attached.add(program);
        HookPoint point = attached.target.point();
        if (point != null) {
            Attached[] here = Objects.requireNonNull(attachedByPoint.get(point), point.name())
                    .toArray(Attached[]::new);
            cpus.hooks().set(point, (cpu, at, first, second) -> fireInside(cpu, here, at, first, second));
        }
    }

    /** Detaches all programs. */
    public synchronized void detachAll() {
        for (Attached attached : attachedByTarget.values()) {
            attached.programs = new LoadedProgram[0];
        }
        for (HookPoint point : HookPoint.values()) {
            cpus.hooks().set(point, null);
        }
    }

    private Attached attached(HookTarget target) {
        return Objects.requireNonNull(attachedByTarget.get(target), target.name());
    }

    /** Returns true where a program is attached anywhere. */
    public boolean isAttached(LoadedProgram program) {
        return attachedByTarget.values().stream()
                .anyMatch(attached -> List.of(attached.programs).contains(program));
    }

    /** Returns true where any program is attached to an event at this level. */
    public boolean hasEventsAt(ContextLevel level) {
        for (Attached attached : attachedByTarget.values()) {
            if (attached.target.level() == level && attached.programs.length > 0) {
                return true;
            }
        }
        return false;
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

    /** A packet arrives: runs the packet programs at the CPU's present level. */
    public void packet(Cpu cpu, byte[] bytes) {
        CpuContext context = contextOf(cpu);
        for (LoadedProgram program : attached(HookTable.PACKET).programs) {
            if (context.hasRoom(program)) {
                context.run(program, context.area().packet(program.program().type(), bytes));
            }
        }
    }

    /** A task runs the syscall programs, with a context of zeros. */
    public void syscall(Cpu cpu) {
        CpuContext context = contextOf(cpu);
        for (LoadedProgram program : attached(HookTable.SYSCALL).programs) {
            if (context.hasRoom(program)) {
                context.run(program, context.area().raw(new byte[0]));
            }
        }
    }

    /** A counter overflows: runs the perf_event programs. */
    public void perfEvent(Cpu cpu) {
        CpuContext context = contextOf(cpu);
        for (LoadedProgram program : attached(HookTable.PERF_EVENT).programs) {
            if (context.hasRoom(program)) {
                context.run(program, context.area().perfEvent(SAMPLE_PERIOD));
            }
        }
    }

    /** Fires all named entry hooks of a level, with arguments of zero. */
    public void fireNamed(Cpu cpu, ContextLevel level) {
        for (Attached attached : attachedByTarget.values()) {
            HookTarget.Kind kind = attached.target.kind();
            boolean named = kind == HookTarget.Kind.TRACEPOINT || kind == HookTarget.Kind.FUNCTION;
            if (named && attached.target.level() == level) {
                runTracing(cpu, attached, 0, 0, 0, 0);
            }
        }
    }

    private static void runTracing(Cpu cpu, Attached attached, long a, long b, long c, long d) {
        CpuContext context = contextOf(cpu);
        for (LoadedProgram program : attached.programs) {
            if (context.hasRoom(program)) {
                ContextArea area = context.area();
                long address =
                        switch (program.program().type()) {
                            case KPROBE -> area.registers(a, b, c, d);
                            case TRACEPOINT -> area.record(a, b, c, d);
                            default ->
                                area.arguments(
                                        a, b, c, d, attached.target.arguments().size());
                        };
                context.run(program, address);
            }
        }
    }

    private static CpuContext contextOf(Cpu cpu) {
        if (cpu.extension() instanceof CpuContext context) {
            return context;
        }
        throw new IllegalStateException("CPU " + cpu.id() + " runs no programs");
    }
}
