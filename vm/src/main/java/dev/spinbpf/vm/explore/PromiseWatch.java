package dev.spinbpf.vm.explore;

import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.vm.stress.BoundPromise;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The user's promises, held against each run of a search. */
final class PromiseWatch {
    private final List<Promise> promises;
    private final Finding.Sink sink;
    private List<BoundPromise> bound = List.of();
    private List<BoundPromise> always = List.of();
    private @Nullable WorkloadRun run;

    PromiseWatch(List<Promise> promises, Finding.Sink sink) {
        this.promises = promises;
        this.sink = sink;
    }

    /** Returns true where a promise has to hold at each point. */
    boolean isAnyAlways() {
        return promises.stream().anyMatch(Promise::always);
    }

    /**
     * Begins a run.
     *
     * @throws WorkloadException where a promise does not fit the workload
     */
    void begin(WorkloadRun next) throws WorkloadException {
        if (run != next) {
            run = next;
            bound = BoundPromise.of(next.machine(), next.objects(), promises);
            always = bound.stream().filter(each -> each.promise().always()).toList();
        }
    }

    /** Checks what holds always. */
    void atPoint() {
        for (BoundPromise promise : always) {
            check(promise, "In the middle");
        }
    }

    /** Checks all at the end of a run. */
    void atEnd() {
        for (BoundPromise promise : bound) {
            check(promise, "At the end");
        }
    }

    private void check(BoundPromise promise, String when) {
        String values = promise.broken();
        if (values != null) {
            String text = promise.promise().text();
            sink.found(new Finding(
                    Finding.Kind.PROMISE,
                    "promise: " + text,
                    "broken promise: " + text,
                    when + ": " + (values.isEmpty() ? "it never holds." : values + "."),
                    0));
        }
    }
}
