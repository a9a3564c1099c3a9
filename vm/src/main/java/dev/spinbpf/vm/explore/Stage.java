package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.HoldDelay;
import dev.spinbpf.maps.lock.LockFailureListener;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.sched.Simulation;
import dev.spinbpf.vm.DeferredRuns;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.hook.HookRegistry;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A machine with the programs of a workload, set up afresh for each run: the maps are as they were filled at the start,
 * and all CPUs idle. Where the state of a map is not all in its memory, or too much to copy, a new machine is made.
 */
final class Stage implements AutoCloseable {
    private static final long MOST_SAVED_BYTES = 1 << 20;

    /** Times that a CPU whose program has ended runs what waits then: callbacks may put off further calls for ever. */
    private static final int MOST_ROUNDS = 2;

    private final ProgramWorkload workload;
    private final HoldDelay whenTaken;
    private final LockFailureListener whenFailed;
    private final Consumer<Fault> whenFaulted;
    private final Consumer<Execution> whenThrown;
    private final BiConsumer<Cpu, ContextLevel> whenRan;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<BpfMap, GuestArena.Image> images = new LinkedHashMap<>();
    private final @Nullable Entry[] forcedByCpu;
    private @Nullable WorkloadRun run;
    private @Nullable Simulation simulation;
    private boolean repeatable;
    private int[] nextPacketByCpu = new int[0];
    private boolean[] timerForcedByCpu = new boolean[0];
    private boolean hasTimers;

    Stage(
            ProgramWorkload workload,
            HoldDelay whenTaken,
            LockFailureListener whenFailed,
            Consumer<Fault> whenFaulted,
            Consumer<Execution> whenThrown,
            BiConsumer<Cpu, ContextLevel> whenRan)
            throws WorkloadException {
        this.workload = workload;
        this.whenTaken = whenTaken;
        this.whenFailed = whenFailed;
        this.whenFaulted = whenFaulted;
        this.whenThrown = whenThrown;
        this.whenRan = whenRan;
        forcedByCpu = new @Nullable Entry[workload.cpus()];
        open();
    }

    private void open() throws WorkloadException {
        Clock clock = () -> {
            Simulation current = simulation;
            return current == null ? 0 : current.clock().nanoTime();
        };
        WorkloadRun opened = WorkloadRun.prepareObserved(workload, clock);
        run = opened;
        Machine machine = opened.machine();
        entries.clear();
        images.clear();
        for (ProgramWorkload.Attachment attachment : opened.attachments()) {
            addEntry(opened, attachment);
        }
        machine.setHoldDelay(whenTaken);
        machine.lockStats().addListener(whenFailed);
        machine.addFaultListener(whenFaulted);
        machine.setThrowListener(whenThrown);
        for (Cpu cpu : machine.cpus().all()) {
            cpu.setInterruptHandler(this::interrupt);
            machine.context(cpu.id()).pollPoint(running -> {});
        }
        hasTimers = opened.objects().stream()
                .flatMap(object -> object.programs().values().stream())
                .anyMatch(program -> program.code().calls("bpf_timer_start"));
        repeatable = true;
        for (BpfMap map : machine.maps()) {
            GuestArena.Image image = map.save(MOST_SAVED_BYTES);
            if (image == null) {
                repeatable = false;
            } else {
                images.put(map, image);
            }
        }
    }

    private void addEntry(WorkloadRun opened, ProgramWorkload.Attachment attachment) {
        for (WorkloadRun.LoadedObject object : opened.objects()) {
            LoadedProgram program = object.programs().get(attachment.program());
            if (!object.name().equals(attachment.object()) || program == null) {
                continue;
            }
            var target = HookTable.of(program.program(), attachment.hook());
            ContextLevel level = attachment.level() == null ? target.level() : attachment.level();
            if (!target.isInside() && level != null) {
                entries.add(new Entry(program, target, level, attachment.cpus()));
            }
        }
    }

    WorkloadRun run() {
        WorkloadRun current = run;
        if (current == null) {
            throw new IllegalStateException("the stage is closed");
        }
        return current;
    }

    Machine machine() {
        return run().machine();
    }

    List<Entry> entries() {
        return entries;
    }

    /** Returns true where each run takes place on the same machine. */
    boolean isRepeatable() {
        return repeatable;
    }

    /**
     * Prepares a run.
     *
     * @return true where the machine is another one than in the run before
     */
    boolean prepare(Simulation next, Situation situation) {
        boolean renewed = !repeatable && simulation != null;
        if (renewed) {
            run().close();
            try {
                open();
            } catch (WorkloadException e) {
                throw new IllegalStateException("a workload can be prepared as often as it is", e);
            }
        }
        simulation = next;
        nextPacketByCpu = new int[workload.cpus()];
        timerForcedByCpu = new boolean[workload.cpus()];
        Machine machine = machine();
        machine.rewind(workload.seed(), situation.start().sameNumbers());
        images.forEach(BpfMap::restore);
        for (Cpu cpu : machine.cpus().all()) {
            List<Integer> roots = situation.start().ofCpu(cpu.id(), workload.cpus());
            next.strand(cpu, () -> live(next, cpu, roots));
        }
        return renewed;
    }

    private void live(Simulation current, Cpu cpu, List<Integer> roots) {
        for (int number : roots) {
            if (number >= 0) {
                begin(cpu, entries.get(number));
            }
        }
        settle(cpu);
        current.idle();
    }

    private void begin(Cpu cpu, Entry root) {
        if (root.level() == ContextLevel.TASK) {
            fire(cpu, root);
        } else {
            forcedByCpu[cpu.id()] = root;
            cpu.raise(root.level());
            cpu.poll();
        }
        whenRan.accept(cpu, root.level());
    }

    /** Runs what the CPU's program put off: a CPU that has nothing else to do gets to it at last. */
    private void settle(Cpu cpu) {
        DeferredRuns deferred = machine().deferred();
        for (int round = 0; round < MOST_ROUNDS; round++) {
            if (deferred.hasTimer(cpu)) {
                timerForcedByCpu[cpu.id()] = true;
                cpu.raise(ContextLevel.SOFTIRQ);
                cpu.poll();
            }
            if (deferred.hasWork(cpu)) {
                deferred.runWork(machine().context(cpu.id()));
            }
        }
    }

    private void interrupt(Cpu cpu, ContextLevel level) {
        Entry forced = forcedByCpu[cpu.id()];
        if (forced != null) {
            forcedByCpu[cpu.id()] = null;
            fire(cpu, forced);
            return;
        }
        boolean timer = level == ContextLevel.SOFTIRQ && machine().deferred().hasTimer(cpu);
        if (timer && timerForcedByCpu[cpu.id()]) {
            timerForcedByCpu[cpu.id()] = false;
            machine().deferred().runNextTimer(machine().context(cpu.id()));
            return;
        }
        List<Entry> due = entries.stream()
                .filter(entry -> entry.level() == level && entry.cpus().contains(cpu.id()))
                .toList();
        Simulation current = simulation;
        int count = due.size() + (timer ? 1 : 0);
        if (count == 0 || current == null) {
            return;
        }
        int choice = count == 1 ? 0 : current.pick(count);
        if (choice < due.size()) {
            fire(cpu, due.get(choice));
        } else {
            machine().deferred().runNextTimer(machine().context(cpu.id()));
        }
    }

    private void fire(Cpu cpu, Entry entry) {
        var frames = workload.packets().frames();
        byte[] packet = frames.get(nextPacketByCpu[cpu.id()]++ % frames.size()).toArray();
        HookRegistry.run(cpu, entry.program(), entry.target(), packet);
    }

    /** Returns the levels at which interrupts come. */
    List<ContextLevel> interruptLevels() {
        Stream<ContextLevel> ofTimers = hasTimers ? Stream.of(ContextLevel.SOFTIRQ) : Stream.empty();
        return Stream.concat(entries.stream().map(Entry::level), ofTimers)
                .filter(level -> level != ContextLevel.TASK)
                .distinct()
                .sorted()
                .toList();
    }

    @Override
    public void close() {
        WorkloadRun current = run;
        if (current != null) {
            current.close();
            run = null;
        }
    }
}
