package dev.spinbpf.vm.explore;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The order, as contexts have seen it, in which others stored: a word that is loaded without being ordered with its
 * store may be a signal for what had been stored before, as a flag is for the data that it stands for.
 *
 * <p>A word that its writer stores both before and after the data is none, but a count by which readers check what they
 * read.
 */
final class Signals {
    private final int contexts;
    private final int[][] signalSeen;
    private final int[][] wordSeen;
    private final @Nullable Place[][] placeSeen;
    private int[] firstStore = new int[64];
    private int[] lastStore = new int[64];
    private int stores;
    private long lastRange;
    private int lastContext;

    Signals(int contexts) {
        this.contexts = contexts;
        signalSeen = new int[contexts][contexts];
        wordSeen = new int[contexts][contexts];
        placeSeen = new @Nullable Place[contexts][contexts];
    }

    /** Begins a run. */
    void reset() {
        for (int[] seen : signalSeen) {
            Arrays.fill(seen, 0);
        }
        Arrays.fill(firstStore, 0);
        Arrays.fill(lastStore, 0);
        stores = 0;
        lastRange = 0;
    }

    /** An interrupt has ended, and with it what it had seen. */
    void forget(int reader) {
        Arrays.fill(signalSeen[reader], 0);
    }

    private int index(int word, int context) {
        int index = word * contexts + context;
        firstStore = KeyNumbers.withRoom(firstStore, index);
        lastStore = KeyNumbers.withRoom(lastStore, index);
        return index;
    }

    /**
     * A context stores to a word.
     *
     * @param range the bytes of the whole store, which may be in more words than one
     */
    void written(int word, int context, long range) {
        int index = index(word, context);
        if (range != lastRange || context != lastContext) {
            stores++;
            lastRange = range;
            lastContext = context;
        }
        lastStore[index] = stores;
        if (firstStore[index] == 0) {
            firstStore[index] = stores;
        }
    }

    /** A context has loaded what another one had stored to a word at a place, and nothing orders the two. */
    void seen(int word, int writer, int reader, Place place) {
        int stored = lastStore[index(word, writer)];
        if (stored > signalSeen[reader][writer]) {
            signalSeen[reader][writer] = stored;
            wordSeen[reader][writer] = word;
            placeSeen[reader][writer] = place;
        }
    }

    /** Returns the place of the signal that a context has seen, where the last store to a word came before it; else null. */
    @Nullable
    Place followed(int word, int writer, int reader) {
        int stored = lastStore[index(word, writer)];
        int signal = wordSeen[reader][writer];
        boolean follows =
                stored < signalSeen[reader][writer] && signal != word && firstStore[index(signal, writer)] > stored;
        return follows ? placeSeen[reader][writer] : null;
    }
}
