package dev.spinbpf.vm.explore;

import java.util.Arrays;

/**
 * A number for what has happened in a run up to here, the same for runs that differ only in the order of steps that
 * have nothing to do with each other.
 *
 * <p>Each step's number is made of the one of its context's step before, and, for each word that it touches, of the last
 * write to that word; a write's also of the reads since. So it stands for the step and everything that happened before
 * it and could bear on it (its past in the happens-before relation). The number of the run is the sum of those of its
 * steps, in no order. Runs with the same number are in the same state, as contexts are deterministic: Musuvathi,
 * Qadeer: "Partial-order reduction for context-bounded state exploration", 2007.
 */
final class TraceHash {
    private static final long READ = 0x5851F42D4C957F2DL;
    private static final long WRITE = 0x14057B7EF767814FL;

    private final long[] chainByContext;
    private long[] lastWrite = new long[64];
    private long[] readsSince = new long[64];
    private int words;
    private long sum;
    private long epoch;
    private long step;

    TraceHash(int contexts) {
        chainByContext = new long[contexts];
    }

    /** Mixes bits as SplitMix64 does, which helpers draw random numbers by; the two have nothing else in common. */
    static long mix(long value) {
        long mixed = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }

    /** Begins a run. */
    void reset() {
        for (int i = 0; i < chainByContext.length; i++) {
            chainByContext[i] = mix(i + 1L);
        }
        Arrays.fill(lastWrite, 0, words, 0);
        Arrays.fill(readsSince, 0, words, 0);
        sum = 0;
        epoch = 0;
    }

    /** Begins a step of a context. */
    void begin(int context, boolean writes) {
        step = mix(chainByContext[context] + (writes ? WRITE : READ) + epoch);
    }

    /** Adds a word to the step. */
    void touch(int word, boolean writes) {
        if (word >= words) {
            words = word + 1;
            lastWrite = KeyNumbers.withRoom(lastWrite, word);
            readsSince = KeyNumbers.withRoom(readsSince, word);
        }
        step = mix(step ^ lastWrite[word] + (writes ? mix(readsSince[word]) : 0));
    }

    /** Makes the step one of those that later ones see in a word. */
    void leave(int word, boolean writes) {
        if (writes) {
            lastWrite[word] = step;
            readsSince[word] = 0;
        } else {
            readsSince[word] += step;
        }
    }

    /** Ends the step. */
    void end(int context) {
        chainByContext[context] = step;
        sum += step;
    }

    /** A step of a context that touches nothing. */
    void local(int context, long what) {
        step = mix(chainByContext[context] + mix(what) + epoch);
        end(context);
    }

    /** A step that comes after everything before it, and before everything later. */
    void barrier() {
        epoch = mix(sum + epoch + 1);
        sum += epoch;
    }

    /** Returns the number of the run so far. */
    long value() {
        return sum;
    }
}
