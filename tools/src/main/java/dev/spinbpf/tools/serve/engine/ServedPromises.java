package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.stress.BoundPromise;
import dev.spinbpf.vm.stress.PromiseRow;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun.LoadedObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The promises of a workload on a machine whose programs come and go. They are checked when the run has ended, while
 * nothing changes: under the engine's lock, or while the one who has it waits for the check.
 */
final class ServedPromises {
    private static final long LOOK_MILLIS = 20;

    private final ReentrantLock lock;
    private final Supplier<List<ServedObject>> objects;
    private volatile boolean awaited;
    private volatile List<PromiseRow> rows = List.of();

    /**
     * @param lock the engine's lock
     * @param objects all objects of the engine
     */
    ServedPromises(ReentrantLock lock, Supplier<List<ServedObject>> objects) {
        this.lock = lock;
        this.objects = objects;
    }

    /** Returns the promises and what came of them. */
    List<PromiseRow> rows() {
        return rows;
    }

    /** Sets what is known of promises without a look at the machine. */
    void set(List<PromiseRow> known) {
        rows = known;
    }

    /** Says whether whoever has the engine's lock waits for the end of the run. */
    void setAwaited(boolean value) {
        awaited = value;
    }

    /**
     * Does something while nothing changes.
     *
     * @throws InterruptedException where the thread is interrupted before
     */
    void quietly(Runnable work) throws InterruptedException {
        while (!awaited) {
            if (lock.tryLock(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                try {
                    work.run();
                    return;
                } finally {
                    lock.unlock();
                }
            }
        }
        work.run();
    }

    /** Checks promises on a machine none of whose CPUs runs; returns true where none was broken. */
    boolean check(Machine machine, List<Promise> promises) {
        List<LoadedObject> loaded = objects.get().stream()
                .filter(ServedObject::isLoaded)
                .map(ServedPromises::loaded)
                .toList();
        List<PromiseRow> checked = new ArrayList<>();
        for (Promise promise : promises) {
            try {
                checked.addAll(PromiseRow.check(BoundPromise.of(machine, loaded, List.of(promise))));
            } catch (WorkloadException e) {
                checked.addAll(PromiseRow.unchecked(List.of(promise), String.valueOf(e.getMessage())));
            }
        }
        rows = List.copyOf(checked);
        return checked.stream().noneMatch(PromiseRow::isBroken);
    }

    private static LoadedObject loaded(ServedObject object) {
        Map<String, LoadedProgram> programs = new LinkedHashMap<>();
        for (ServedProgram program : object.programs()) {
            LoadedProgram inMachine = program.inMachine();
            if (program.isLoaded() && inMachine != null) {
                programs.put(program.name(), inMachine);
            }
        }
        return new LoadedObject(object.name(), object.contents(), programs);
    }
}
