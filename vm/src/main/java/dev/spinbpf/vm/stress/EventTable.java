package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The events of a stress run, by level. CPUs read it while any thread changes it. */
final class EventTable {
    private final Cpus cpus;
    private final Ticker ticker;
    private final EventSource.Interrupts interrupts;
    private final EventSource[] general = new EventSource[ContextLevel.count()];
    private volatile List<StructEvents> structs = List.of();
    private volatile EventSource[][] byLevel = new EventSource[ContextLevel.count()][0];

    EventTable(Cpus cpus, Ticker ticker, EventSource.Interrupts interrupts) {
        this.cpus = cpus;
        this.interrupts = interrupts;
        this.ticker = ticker;
        for (ContextLevel level : ContextLevel.values()) {
            general[level.ordinal()] = source(new EventSource.Key(null, level, Pacing.Rate.NEVER, CpuSet.ALL));
        }
    }

    private EventSource source(EventSource.Key key) {
        EventSource source = new EventSource(key, cpus.count(), interrupts);
        List<Cpu> on = cpus.all().stream().filter(source::isOn).toList();
        ticker.add(source, key.pacing(), on);
        return source;
    }

    /** Lets interrupts of a level land on all CPUs, for what is not paced at that level. */
    void interrupts(ContextLevel level, Pacing pacing) {
        general[level.ordinal()] = source(new EventSource.Key(null, level, pacing, CpuSet.ALL));
    }

    /** Adds a program to the events of a kind. */
    synchronized void add(EventSource.Key key, LoadedProgram program) {
        for (EventSource source : at(key.level())) {
            if (source.key().equals(key)) {
                source.add(program);
                return;
            }
        }
        EventSource source = source(key);
        source.add(program);
        List<EventSource> sources = new ArrayList<>(List.of(at(key.level())));
        sources.add(placeOf(key.target(), sources), source);
        replace(key.level(), sources.stream());
    }

    /** The place of a source among the others: an exit comes right after the entry that it belongs to. */
    private static int placeOf(@Nullable HookTarget target, List<EventSource> sources) {
        for (int place = 0; target != null && place < sources.size(); place++) {
            HookTarget other = sources.get(place).key().target();
            if (other != null && other.activity().equals(target.activity())) {
                return target.isExit() ? place + 1 : place;
            }
        }
        return sources.size();
    }

    /** Adds structs of functions, which run from tasks in the order in which the kernel calls them. */
    synchronized void add(StructEvents events) {
        structs = Stream.concat(structs.stream(), Stream.of(events)).toList();
    }

    List<StructEvents> structs() {
        return structs;
    }

    /** Returns true where a struct decides which task a CPU runs. */
    boolean schedules() {
        for (StructEvents events : structs) {
            if (events.schedules()) {
                return true;
            }
        }
        return false;
    }

    /** Does the next thing of each struct on a CPU; false where there is nothing to do. */
    boolean stepStructs(Cpu cpu) {
        boolean worked = false;
        for (StructEvents events : structs) {
            worked |= events.step(cpu);
        }
        return worked;
    }

    /** Takes a program off all events. */
    synchronized void remove(LoadedProgram program) {
        structs.forEach(events -> events.remove(program));
        for (ContextLevel level : ContextLevel.values()) {
            replace(level, Stream.of(at(level)).filter(source -> !source.remove(program)));
        }
    }

    private void replace(ContextLevel level, Stream<EventSource> sources) {
        EventSource[][] copy = byLevel.clone();
        copy[level.ordinal()] = sources.toArray(EventSource[]::new);
        byLevel = copy;
    }

    /** Returns the events of a level. */
    EventSource[] at(ContextLevel level) {
        return byLevel[level.ordinal()];
    }

    /** Takes an interrupt that lands on a CPU for what is not paced at its level; false where none is due. */
    boolean takeInterrupt(Cpu cpu, ContextLevel level) {
        return general[level.ordinal()].take(cpu);
    }

    /** Returns true where anything that is not paced runs at a level of a CPU. */
    boolean hasUnpaced(Cpu cpu, ContextLevel level) {
        for (EventSource source : at(level)) {
            if (!source.isPaced() && source.isOn(cpu)) {
                return true;
            }
        }
        return false;
    }

    /** Returns a row for each kind of paced events that have programs. */
    List<StressReport.EventRow> rows() {
        List<StressReport.EventRow> rows = new ArrayList<>();
        for (ContextLevel level : ContextLevel.values()) {
            for (EventSource source : at(level)) {
                if (source.isPaced()) {
                    rows.add(source.row());
                }
            }
        }
        return rows;
    }
}
