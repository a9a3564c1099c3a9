package dev.spinbpf.vm.explore;

import dev.spinbpf.vm.exec.Execution;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The version of one thing that each context has loaded last, and the run that did. */
final class Loads {
    /** No version. */
    static final int NONE = -1;

    private final int[] versions;
    private final int[] activations;
    private final @Nullable Execution[] runs;
    private final long[] runContexts;

    Loads(int contexts) {
        versions = new int[contexts];
        activations = new int[contexts];
        runs = new @Nullable Execution[contexts];
        runContexts = new long[contexts];
        reset();
    }

    /** Forgets what all contexts have loaded. */
    void reset() {
        Arrays.fill(versions, NONE);
    }

    /** Notes a load by a run. */
    void note(int context, int version, int activation, @Nullable Execution by) {
        versions[context] = version;
        activations[context] = activation;
        runs[context] = by;
        runContexts[context] = by == null ? 0 : by.context();
    }

    /** Forgets what a context has loaded. */
    void forget(int context) {
        versions[context] = NONE;
    }

    /** Returns the version that a run has loaded, perhaps before it tail-called; {@link #NONE} where it has not. */
    @SuppressWarnings("ReferenceEquality") // executions are told apart by identity
    int version(int context, int activation, @Nullable Execution by) {
        boolean same = activations[context] == activation
                && runs[context] == by
                && runContexts[context] == (by == null ? 0 : by.context());
        return same ? versions[context] : NONE;
    }
}
