package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookRegistry;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The events of one kind on the CPUs of a stress run, and the programs that they run. A paced event is due on a CPU from
 * the moment when the clock makes it come until the CPU takes it; another one that comes meanwhile merges with it.
 */
final class EventSource implements Ticker.Event {
    private static final byte[] NO_PACKET = {};

    private final Key key;
    private final Interrupts interrupts;
    private final AtomicIntegerArray due;
    private final LongAdder planned = new LongAdder();
    private final LongAdder taken = new LongAdder();
    private volatile LoadedProgram[] programs = {};
    private volatile boolean over;

    /**
     * The kind of its events.
     *
     * @param target the entry hook; null for interrupts that run whatever is not paced at their level
     */
    record Key(@Nullable HookTarget target, ContextLevel level, Pacing pacing, CpuSet cpus) {}

    /** Makes interrupts come. */
    @FunctionalInterface
    interface Interrupts {
        /** An interrupt comes on a CPU; called on the clock's thread. */
        void come(Cpu cpu, ContextLevel level);
    }

    /**
     * Events of a kind.
     *
     * @param cpuCount the machine's number of CPUs
     */
    EventSource(Key key, int cpuCount, Interrupts interrupts) {
        this.key = key;
        this.interrupts = interrupts;
        due = new AtomicIntegerArray(cpuCount);
    }

    Key key() {
        return key;
    }

    boolean isOn(Cpu cpu) {
        return key.cpus.contains(cpu.id());
    }

    boolean isPaced() {
        return key.pacing.isPaced();
    }

    void add(LoadedProgram program) {
        List<LoadedProgram> copy = new ArrayList<>(List.of(programs));
        copy.add(program);
        programs = copy.toArray(LoadedProgram[]::new);
    }

    /** Returns true where no program is left. */
    boolean remove(LoadedProgram program) {
        List<LoadedProgram> copy = new ArrayList<>(List.of(programs));
        copy.removeIf(attached -> attached == program);
        programs = copy.toArray(LoadedProgram[]::new);
        over = copy.isEmpty();
        return over;
    }

    @Override
    public boolean isOver() {
        return over;
    }

    @Override
    public void come(Cpu cpu, long turns) {
        planned.add(turns);
        boolean isNew = due.getAndSet(cpu.id(), 1) == 0;
        if (key.level == ContextLevel.TASK) {
            return;
        }
        if (isNew) {
            interrupts.come(cpu, key.level);
        } else {
            // The one before has not landed: the CPU waits, or runs few instructions.
            cpu.raise(key.level);
        }
    }

    /** Returns true where a paced event is due on a CPU; it is no longer due then. */
    boolean take(Cpu cpu) {
        if (due.getOpaque(cpu.id()) == 0) {
            return false;
        }
        due.set(cpu.id(), 0);
        taken.increment();
        return true;
    }

    /** Runs its programs for an event, at the CPU's present level. */
    void fire(Cpu cpu, Supplier<byte[]> packets) {
        HookTarget target = key.target;
        if (target == null) {
            return;
        }
        byte[] packet = target.kind() == HookTarget.Kind.PACKET ? packets.get() : NO_PACKET;
        for (LoadedProgram program : programs) {
            HookRegistry.run(cpu, program, target, packet);
        }
    }

    /** Returns how many events were to come so far, and how many the CPUs took. */
    StressReport.EventRow row() {
        List<String> names = List.of(programs).stream().map(LoadedProgram::name).toList();
        long takenNow = taken.sum();
        return new StressReport.EventRow(
                key.target == null ? "" : key.target.name(),
                key.level,
                key.pacing,
                names,
                Math.max(takenNow, planned.sum()),
                takenNow);
    }
}
