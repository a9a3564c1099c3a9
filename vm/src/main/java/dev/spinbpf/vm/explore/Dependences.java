package dev.spinbpf.vm.explore;

import java.util.Arrays;

/**
 * The order of the steps of a run that have to do with each other, by vector clocks: steps of one context, and accesses
 * to one word of which one writes.
 *
 * <p>Where a step meets an earlier one of another context directly, and not by way of a third step, the two could have
 * come in the other order: the choice before the earlier one is {@link Choices#reversible}.
 */
final class Dependences {
    /** Contexts that bits have room for; of others it is not known that they come before. */
    static final int MOST_MASKED = 30;

    private final int contexts;
    private final int[][] clocks;
    private final int[] merged;
    private Word[] words = new Word[0];
    private int run;

    /** Takes in what follows from the order of steps. */
    interface Choices {
        /** The step after a choice could come after one that it came before. */
        void reversible(int choice);

        /**
         * A word is used.
         *
         * @param clock of what comes before the use, by contexts
         */
        void used(int word, boolean writes, int context, int[] clock);

        /** The step that is made uses a word. */
        void stepped(int word, boolean writes, int context);
    }

    private static final class Word {
        private final int[] readTimes;
        private final int[] writeTimes;
        private final int[] readChoices;
        private final int[] writeChoices;
        private final int[] writeClock;
        private final int[] readClock;
        private int run;

        Word(int contexts) {
            readTimes = new int[contexts];
            writeTimes = new int[contexts];
            readChoices = new int[contexts];
            writeChoices = new int[contexts];
            writeClock = new int[contexts];
            readClock = new int[contexts];
        }

        void reset(int newRun) {
            run = newRun;
            Arrays.fill(readTimes, 0);
            Arrays.fill(writeTimes, 0);
            Arrays.fill(writeClock, 0);
            Arrays.fill(readClock, 0);
        }
    }

    Dependences(int contexts) {
        this.contexts = contexts;
        clocks = new int[contexts][contexts];
        merged = new int[contexts];
    }

    /** Begins a run. */
    void reset() {
        run++;
        for (int[] clock : clocks) {
            Arrays.fill(clock, 0);
        }
    }

    private Word word(int number) {
        if (number >= words.length) {
            int before = words.length;
            words = Arrays.copyOf(words, Math.max(2 * before, number + 1));
            for (int i = before; i < words.length; i++) {
                words[i] = new Word(contexts);
            }
        }
        Word word = words[number];
        if (word.run != run) {
            word.reset(run);
        }
        return word;
    }

    private static void join(int[] into, int[] other) {
        for (int i = 0; i < into.length; i++) {
            into[i] = Math.max(into[i], other[i]);
        }
    }

    /** Returns how many steps each context has made. */
    int[] times() {
        int[] times = new int[contexts];
        for (int i = 0; i < contexts; i++) {
            times[i] = clocks[i][i];
        }
        return times;
    }

    /** Returns the bits of the contexts that have made steps since a moment which a clock has seen. */
    static int since(int[] times, int[] clock, int but) {
        int bits = 0;
        for (int i = 0; i < Math.min(MOST_MASKED, times.length); i++) {
            bits |= i != but && clock[i] > times[i] ? 1 << i : 0;
        }
        return bits;
    }

    /** Returns for each context the bits of those whose steps since a moment come before its next one. */
    int[] since(int[] times) {
        int[] bits = new int[contexts];
        for (int i = 0; i < contexts; i++) {
            bits[i] = since(times, clocks[i], i);
        }
        return bits;
    }

    /** Begins a step of a context. */
    void begin(int context) {
        clocks[context][context]++;
    }

    /** Says with which earlier steps the step meets in a word. */
    void meet(int context, int number, boolean writes, Choices choices) {
        meet(word(number), context, writes, 0, clocks[context], choices);
    }

    private void meet(Word word, int context, boolean writes, int but, int[] clock, Choices choices) {
        for (int other = 0; other < contexts; other++) {
            if (other == context || other < MOST_MASKED && (but & 1 << other) != 0) {
                continue;
            }
            if (word.writeTimes[other] > clock[other]) {
                choices.reversible(word.writeChoices[other]);
            }
            if (writes && word.readTimes[other] > clock[other]) {
                choices.reversible(word.readChoices[other]);
            }
        }
    }

    /**
     * Notes the step's use of a word.
     *
     * @param choice the choice before the step, -1 for none
     */
    void use(int context, int number, boolean writes, int choice, Choices choices) {
        Word word = word(number);
        int[] clock = clocks[context];
        join(clock, word.writeClock);
        if (writes) {
            join(clock, word.readClock);
            word.writeTimes[context] = clock[context];
            word.writeChoices[context] = choice;
        } else {
            word.readTimes[context] = clock[context];
            word.readChoices[context] = choice;
        }
        choices.used(number, writes, context, clock);
        choices.stepped(number, writes, context);
        if (writes) {
            System.arraycopy(clock, 0, word.writeClock, 0, contexts);
            Arrays.fill(word.readClock, 0);
        } else {
            join(word.readClock, clock);
        }
    }

    /** All that was comes before all that will be. */
    void barrier() {
        Arrays.fill(merged, 0);
        for (int i = 0; i < contexts; i++) {
            clocks[i][i]++;
            join(merged, clocks[i]);
        }
        for (int[] clock : clocks) {
            System.arraycopy(merged, 0, clock, 0, contexts);
        }
    }

    /** Notes the uses of all schedules that go on from the state in which the run is now. */
    void foresee(Subtree subtree, Choices choices) {
        subtree.each((number, writes, context, before) -> foresee(number, writes, context, before, choices));
    }

    private void foresee(int number, boolean writes, int context, int before, Choices choices) {
        System.arraycopy(clocks[context], 0, merged, 0, contexts);
        for (int other = 0; other < Math.min(MOST_MASKED, contexts); other++) {
            if ((before & 1 << other) != 0) {
                join(merged, clocks[other]);
            }
        }
        Word word = word(number);
        meet(word, context, writes, before, merged, choices);
        for (int other = 0; other < Math.min(MOST_MASKED, contexts); other++) {
            merged[other] += (before & 1 << other) != 0 ? 1 : 0; // A later step of it comes before the use.
        }
        join(merged, word.writeClock);
        if (writes) {
            join(merged, word.readClock);
        }
        choices.used(number, writes, context, merged);
    }
}
