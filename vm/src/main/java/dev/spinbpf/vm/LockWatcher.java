package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.DeadlockListener;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.cpu.LockWaits;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.helper.EmulatedKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Puts into words which CPUs wait for which locks: those of a deadlock, while they stand still, and all others. */
final class LockWatcher {
    private final Cpus cpus;
    private final LockStats stats;
    private final EmulatedKernel kernel;
    private final CpuContext[] contexts;

    LockWatcher(Cpus cpus, LockStats stats, EmulatedKernel kernel, CpuContext[] contexts) {
        this.cpus = cpus;
        this.stats = stats;
        this.kernel = kernel;
        this.contexts = contexts;
    }

    /** Returns the waits that have gone on for a time; any thread may ask. */
    List<WaitRow> waits(long atLeastNanos) {
        return waits(atLeastNanos, cpus.clock().nanoTime());
    }

    private List<WaitRow> waits(long atLeastNanos, long now) {
        List<WaitRow> rows = new ArrayList<>();
        for (Cpu cpu : cpus.all()) {
            List<LockWaits.Wait> waits = cpu.lockWaits().all();
            for (LockWaits.Wait wait : waits) {
                if (now - wait.sinceNanos() >= atLeastNanos) {
                    rows.add(row(cpu, wait, now));
                }
            }
        }
        return rows;
    }

    private WaitRow row(Cpu cpu, LockWaits.Wait wait, long now) {
        List<Execution> runs = contexts[cpu.id()].nested();
        String program = "";
        for (Execution run : runs) {
            program = run.waitsBefore() <= wait.index() ? run.programName() : program;
        }
        int holder = -1;
        for (Cpu other : cpus.all()) {
            boolean holds = other.heldLocks().levelOfHolder(wait.lock()) != null || other.holdsSpinLock(wait.lock());
            holder = holds ? other.id() : holder;
        }
        boolean interrupted = cpu.lockWaits().depth() > wait.index() + 1;
        return new WaitRow(cpu.id(), wait.level(), program, name(wait), now - wait.sinceNanos(), holder, interrupted);
    }

    private String name(LockWaits.Wait wait) {
        return name(wait.classNumber(), wait.lock());
    }

    private String name(int classNumber, long lock) {
        LockClass lockClass = stats.byNumber(classNumber);
        return (lockClass == null ? stats.ofAddress(lock) : lockClass).name();
    }

    /** Describes CPUs that wait for each other, while they stand still. */
    Deadlock describe(List<DeadlockListener.StuckCpu> found) {
        long now = cpus.clock().nanoTime();
        List<List<Layer>> layers =
                found.stream().map(each -> layers(each.cpu(), now)).toList();
        long waitedNanos = Long.MAX_VALUE;
        List<Deadlock.StuckCpu> ring = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            LockWaits.Wait wait = found.get(i).waiting();
            waitedNanos = Math.min(waitedNanos, now - wait.sinceNanos());
            List<Layer> own = layers.get(i);
            List<Layer> next = layers.get((i + 1) % found.size());
            int holder = wait.kind() == LockWaits.Kind.BEHIND ? -1 : holderOf(next, wait.lock());
            int target = holder >= 0 ? holder : waiterBefore(next, wait);
            ring.add(new Deadlock.StuckCpu(
                    found.get(i).cpu().id(),
                    own.stream().map(Layer::words).toList(),
                    waiterOf(own, wait),
                    name(wait),
                    holder < 0,
                    target));
        }
        return new Deadlock(waitedNanos, List.copyOf(ring), waits(0, now));
    }

    private static int holderOf(List<Layer> layers, long lock) {
        for (int i = 0; i < layers.size(); i++) {
            Execution run = layers.get(i).run;
            if (run != null && run.spinLock() == lock || layers.get(i).inner.contains(lock)) {
                return i;
            }
        }
        return -1;
    }

    private static int waiterOf(List<Layer> layers, LockWaits.Wait wait) {
        for (int i = 0; i < layers.size(); i++) {
            if (layers.get(i).waits.contains(wait)) {
                return i;
            }
        }
        return 0;
    }

    /** Returns the outermost context that waits for the same lock. */
    private static int waiterBefore(List<Layer> layers, LockWaits.Wait wait) {
        for (int i = layers.size() - 1; i >= 0; i--) {
            if (layers.get(i).waits.stream().anyMatch(each -> each.lock() == wait.lock() && !each.equals(wait))) {
                return i;
            }
        }
        return 0;
    }

    /** A context of a CPU, the waits that it is in, and the ordinary locks that it holds inside maps. */
    private record Layer(
            @Nullable Execution run, List<LockWaits.Wait> waits, List<Long> inner, Deadlock.Nested words) {}

    /** Returns the contexts of a CPU that stands still, innermost first. */
    private List<Layer> layers(Cpu cpu, long now) {
        CpuContext context = contexts[cpu.id()];
        List<Execution> runs = context.nested();
        List<LoadedProgram.Running> running = context.running();
        List<LockWaits.Wait> waits = cpu.lockWaits().all();
        List<Layer> layers = new ArrayList<>();
        int waitsEnd = Integer.MAX_VALUE;
        int heldEnd = Math.min(cpu.heldLocks().count(), HeldLocks.SLOTS);
        int innerEnd = cpu.innerLocks().count();
        for (int i = Math.min(runs.size(), running.size()) - 1; i >= 0; i--) {
            Execution run = runs.get(i);
            List<LockWaits.Wait> own = between(waits, run.waitsBefore(), waitsEnd);
            List<Integer> inner =
                    IntStream.range(run.innerBefore(), innerEnd).boxed().toList();
            layers.add(new Layer(
                    run,
                    own,
                    inner.stream().map(cpu.innerLocks()::lockAt).toList(),
                    words(cpu, run, running.get(i).level(), own, inner, heldEnd, now)));
            waitsEnd = run.waitsBefore();
            innerEnd = Math.min(innerEnd, run.innerBefore());
            heldEnd = Math.min(heldEnd, run.heldBefore());
        }
        List<LockWaits.Wait> outside = between(waits, 0, waitsEnd);
        if (!outside.isEmpty() || layers.isEmpty()) {
            layers.add(new Layer(
                    null,
                    outside,
                    List.of(),
                    new Deadlock.Nested(ContextLevel.TASK, "", List.of(), "", List.of(), waiting(outside, now))));
        }
        return layers;
    }

    private static List<LockWaits.Wait> between(List<LockWaits.Wait> waits, int from, int to) {
        return waits.stream()
                .filter(wait -> wait.index() >= from && wait.index() < to)
                .toList();
    }

    private Deadlock.Nested words(
            Cpu cpu,
            Execution run,
            ContextLevel level,
            List<LockWaits.Wait> waits,
            List<Integer> inner,
            int heldEnd,
            long now) {
        List<Execution.Position> positions = run.stack();
        List<String> stack = positions.stream()
                .map(position -> EmulatedKernel.place(position.code().program(), position.slot()))
                .toList();
        Execution.Position top = positions.getFirst();
        LineInfo line = top.code().program().lineAt(top.slot());
        return new Deadlock.Nested(
                level,
                run.programName(),
                stack,
                line == null ? "" : line.place(),
                held(cpu, run, inner, heldEnd),
                waiting(waits, now));
    }

    private List<Deadlock.Held> held(Cpu cpu, Execution run, List<Integer> inner, int heldEnd) {
        List<Deadlock.Held> held = new ArrayList<>();
        long spinLock = run.spinLock();
        if (spinLock != 0) {
            String place = EmulatedKernel.place(run.code().program(), run.spinLockSlot());
            held.add(new Deadlock.Held(name(0, spinLock), place));
        }
        for (int i = run.heldBefore(); i < heldEnd; i++) {
            long lock = cpu.heldLocks().heldAt(i);
            if (lock != 0) {
                String name = name(cpu.heldLocks().heldClassAt(i), lock);
                held.add(new Deadlock.Held(name, kernel.placeOfHeld(cpu, i)));
            }
        }
        for (int i : inner) {
            String name = name(cpu.innerLocks().classAt(i), cpu.innerLocks().lockAt(i));
            held.add(new Deadlock.Held(name, ""));
        }
        return held;
    }

    private List<Deadlock.Waiting> waiting(List<LockWaits.Wait> waits, long now) {
        return waits.stream()
                .map(wait -> new Deadlock.Waiting(name(wait), now - wait.sinceNanos()))
                .toList();
    }
}
