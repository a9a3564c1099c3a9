package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.sync.SharedAccess;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds accesses that nothing orders, and updates that are lost, by vector clocks.
 *
 * <p>A context is a CPU at a level. What orders contexts: locks and other words of the runtime, and atomic operations
 * of programs that return a value, load-acquire and store-release: a write to a word hands on what its context did
 * before to the one that reads the word. An interrupt is ordered with what it interrupts by masking alone: what a
 * context did with interrupts disabled, and before, comes before an interrupt that lands later; and what an interrupt
 * did comes before what a context does once it has disabled interrupts. NMIs cannot be masked.
 *
 * <p>Object code does not show whether an access was READ_ONCE, WRITE_ONCE or an ordinary one. So two accesses that
 * nothing orders are a race where both write, but not the same value, or where they are of different sizes, so that one could
 * see half of the other; and an update is lost where another context wrote between a context's load and its store to the same word. A
 * load of a word that is written as a whole is only noted, and so are two stores of one value: they are right if they are
 * meant, which READ_ONCE and WRITE_ONCE would say.
 */
final class RaceDetector {
    private final int contexts;
    private final Finding.Sink sink;
    private final Set<String> notes;
    private final int[][] clocks;
    private final int[][] unmasked;
    private final int[][] interrupted;
    private final boolean[] masking;
    private final int[] activations;
    private final Signals signals;
    private @Nullable Word[] words = new @Nullable Word[64];
    private int run;

    RaceDetector(int contexts, Finding.Sink sink, Set<String> notes) {
        this.notes = notes;
        this.contexts = contexts;
        this.sink = sink;
        clocks = new int[contexts][contexts];
        int cpus = contexts / ContextLevel.count();
        unmasked = new int[cpus][contexts];
        interrupted = new int[cpus][contexts];
        masking = new boolean[contexts];
        activations = new int[contexts];
        signals = new Signals(contexts);
    }

    /** One access of each kind by each context to a word, the last of each. */
    private static final class Accesses {
        private final int[] clock;
        private final boolean[] plain;
        private final long[] range;
        private final @Nullable Code[] codes;
        private final int[] slots;
        private final long[] values;

        Accesses(int contexts) {
            clock = new int[contexts];
            plain = new boolean[contexts];
            range = new long[contexts];
            codes = new @Nullable Code[contexts];
            slots = new int[contexts];
            values = new long[contexts];
        }

        void set(int context, int now, boolean isPlain, long bytes, @Nullable Code code, int slot) {
            clock[context] = now;
            plain[context] = isPlain;
            range[context] = bytes;
            codes[context] = code;
            slots[context] = slot;
        }

        Place place(int context) {
            return Place.of(codes[context], slots[context]);
        }
    }

    private static final class Word {
        private final Accesses reads;
        private final Accesses writes;
        private final int[] released;
        private final Loads loads;
        private int version;
        private int lastWriter;
        private @Nullable Place lostByCopy;
        private int run;

        Word(int contexts) {
            reads = new Accesses(contexts);
            writes = new Accesses(contexts);
            released = new int[contexts];
            loads = new Loads(contexts);
        }

        void reset(int newRun) {
            Arrays.fill(reads.clock, 0);
            Arrays.fill(writes.clock, 0);
            Arrays.fill(released, 0);
            loads.reset();
            lostByCopy = null;
            version = 0;
            run = newRun;
        }
    }

    /** Begins a run. */
    void reset() {
        run++;
        for (int i = 0; i < contexts; i++) {
            Arrays.fill(clocks[i], 0);
            clocks[i][i] = 1;
        }
        for (int[] clock : unmasked) {
            Arrays.fill(clock, 0);
        }
        for (int[] clock : interrupted) {
            Arrays.fill(clock, 0);
        }
        Arrays.fill(masking, false);
        signals.reset();
    }

    private static void join(int[] into, int[] other) {
        for (int i = 0; i < into.length; i++) {
            into[i] = Math.max(into[i], other[i]);
        }
    }

    /** Returns true where an access orders contexts. */
    static boolean isOrdering(SharedAccess access) {
        return access == SharedAccess.READ || access == SharedAccess.WRITE || access == SharedAccess.READ_MODIFY_WRITE;
    }

    private Word word(int number) {
        words = KeyNumbers.withRoom(words, number);
        Word word = words[number];
        if (word == null) {
            word = new Word(contexts);
            words[number] = word;
        }
        if (word.run != run) {
            word.reset(run);
        }
        return word;
    }

    /** Notes whether a context has interrupts disabled, before each of its accesses and before an interrupt lands. */
    void masks(int context, boolean disabled) {
        if (masking[context] == disabled) {
            return;
        }
        masking[context] = disabled;
        int cpu = context / ContextLevel.count();
        if (disabled) {
            join(clocks[context], interrupted[cpu]);
        } else {
            join(unmasked[cpu], clocks[context]);
            clocks[context][context]++;
        }
    }

    /** An interrupt that can be masked begins. */
    void landing(int context) {
        join(clocks[context], unmasked[context / ContextLevel.count()]);
    }

    /** An interrupt has ended. */
    void landed(int context, boolean maskable) {
        if (maskable) {
            join(interrupted[context / ContextLevel.count()], clocks[context]);
        }
        clocks[context][context]++;
        ran(context);
    }

    /** A run has ended; what it loaded is forgotten. */
    void ran(int context) {
        activations[context]++;
        signals.forget(context);
    }

    /**
     * An access to a word.
     *
     * @param range first and last byte of the whole access: its address, and its size in the upper 8 bits
     */
    void access(int context, SharedAccess access, int number, long range, @Nullable Execution by) {
        Word word = word(number);
        long value = access == SharedAccess.PLAIN_WRITE && by != null ? stored(by) : 0;
        boolean plain = access == SharedAccess.PLAIN_READ || access == SharedAccess.PLAIN_WRITE;
        boolean sync = isOrdering(access);
        int[] clock = clocks[context];
        if (sync && access.reads()) {
            join(clock, word.released);
        }
        Code code = by == null ? null : by.code();
        int slot = by == null ? 0 : by.slot();
        boolean ofProgram = plain || access == SharedAccess.RELAXED_READ_MODIFY_WRITE;
        if (ofProgram) {
            check(context, access, word, plain, range, code, slot, value);
        }
        if (access == SharedAccess.PLAIN_WRITE) {
            checkStale(context, word, by);
        }
        if (access.reads()) {
            follow(context, word, number, access, by);
            word.loads.note(context, word.version, activations[context], by);
            word.reads.set(context, ofProgram ? clock[context] : 0, plain, range, code, slot);
        }
        if (access.writes()) {
            boolean lost = access == SharedAccess.COPY_WRITE && isStale(context, word, by);
            word.lostByCopy = lost ? word.writes.place(word.lastWriter) : null;
            word.version++;
            word.lastWriter = context;
            signals.written(number, context, range);
            word.loads.forget(context);
            word.writes.set(context, ofProgram ? clock[context] : 0, plain, range, code, slot);
            word.writes.values[context] = value;
        }
        if (sync && access.writes()) {
            join(word.released, clock);
            clock[context]++;
        }
    }

    /** Returns what a run is about to store, in the width of the store. */
    private static long stored(Execution by) {
        Insn insn = by.code().insnAt(by.slot());
        long value = insn.op().kind() == Op.Kind.STX ? by.registers().get(insn.src()) : insn.imm();
        int above = Long.SIZE - insn.op().width();
        return value << above >>> above;
    }

    private void checkStale(int context, Word word, @Nullable Execution by) {
        if (!isStale(context, word, by)) {
            return;
        }
        Place store = Place.of(by);
        Place load = word.reads.place(context);
        Place other = word.writes.place(word.lastWriter);
        sink.found(new Finding(
                Finding.Kind.LOST_UPDATE,
                "lost update: " + load + store,
                "lost update: " + store.shown(),
                store.shown() + " stores a value that was loaded at " + load.place() + "; meanwhile " + other.shown()
                        + " stored another, which is lost.",
                0));
    }

    private boolean isStale(int context, Word word, @Nullable Execution by) {
        int loaded = word.loads.version(context, activations[context], by);
        return loaded != Loads.NONE && loaded != word.version && word.lastWriter != context;
    }

    /** Returns how many interrupts have ended in a context. */
    int activation(int context) {
        return activations[context];
    }

    /** Returns true where a run has loaded a word and not stored to it since. */
    boolean hasLoaded(int context, int number, @Nullable Execution by) {
        return word(number).loads.version(context, activations[context], by) != Loads.NONE;
    }

    /**
     * Returns the place of another context's store to a word after a run had loaded it, also where the run has just
     * copied a value of its own over what was stored; null for none.
     */
    @Nullable
    Place overwriter(int context, int number, @Nullable Execution by) {
        Word word = word(number);
        if (isStale(context, word, by)) {
            return word.writes.place(word.lastWriter);
        }
        return word.lastWriter == context ? word.lostByCopy : null;
    }

    /** Looks whether a load is of what another CPU had stored before it stored a word that this context has seen. */
    private void follow(int context, Word word, int number, SharedAccess access, @Nullable Execution by) {
        int writer = word.lastWriter;
        boolean otherCpu = writer / ContextLevel.count() != context / ContextLevel.count();
        boolean ignored = access == SharedAccess.RELAXED_READ_MODIFY_WRITE;
        if (!otherCpu || ignored || by == null || word.writes.clock[writer] <= clocks[context][writer]) {
            return;
        }
        boolean plain = access == SharedAccess.PLAIN_READ && word.writes.plain[writer];
        Place signal = plain ? signals.followed(number, writer, context) : null;
        if (signal != null) {
            Place load = Place.of(by);
            Place store = word.writes.place(writer);
            sink.found(new Finding(
                    Finding.Kind.RACE,
                    "race: " + load.shown() + " behind " + signal.shown() + " and " + store.shown(),
                    "race: " + load.shown() + " and " + store.shown(),
                    "The load of " + load.shown() + " comes after one that has seen what " + signal.shown()
                            + " stores, but nothing orders it with the store of " + store.shown()
                            + ", which came before that: it may see what was there before.",
                    0));
        }
        signals.seen(number, writer, context, word.writes.place(writer));
    }

    private void check(
            int context,
            SharedAccess access,
            Word word,
            boolean plain,
            long range,
            @Nullable Code code,
            int slot,
            long value) {
        int[] clock = clocks[context];
        for (int other = 0; other < contexts; other++) {
            if (other == context) {
                continue;
            }
            if (word.writes.clock[other] > clock[other] && overlap(range, word.writes.range[other])) {
                boolean same = plain
                        && word.writes.plain[other]
                        && range == word.writes.range[other]
                        && value == word.writes.values[other];
                unordered(Place.of(code, slot), access.writes() && !same, range, word.writes, other, true, plain);
            }
            if (access.writes() && word.reads.clock[other] > clock[other] && overlap(range, word.reads.range[other])) {
                unordered(Place.of(code, slot), true, range, word.reads, other, false, plain);
            }
        }
    }

    private static boolean overlap(long one, long other) {
        return start(one) < start(other) + size(other) && start(other) < start(one) + size(one);
    }

    private static long start(long range) {
        return range & 0xff_ffff_ffff_ffffL;
    }

    private static long size(long range) {
        return range >>> 56;
    }

    private void unordered(
            Place here, boolean writes, long range, Accesses others, int other, boolean othersWrite, boolean plain) {
        if (!plain && !others.plain[other]) {
            return;
        }
        Place there = others.place(other);
        boolean swap = there.toString().compareTo(here.toString()) < 0;
        Place first = swap ? there : here;
        Place second = swap ? here : there;
        String pair = first.shown() + " and " + second.shown();
        boolean torn = range != others.range[other];
        if (writes && othersWrite || torn) {
            sink.found(new Finding(
                    Finding.Kind.RACE,
                    "race: " + pair,
                    "race: " + pair,
                    "Nothing orders the " + (othersWrite ? "store" : "load") + " of " + there.shown() + " and the "
                            + (writes ? "store" : "load") + " of " + here.shown()
                            + (torn ? ", which are of different sizes." : "."),
                    0));
        } else {
            notes.add(pair);
        }
    }
}
