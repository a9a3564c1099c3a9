package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.vm.exec.Execution;
import org.jspecify.annotations.Nullable;

/**
 * Finds updates of maps that replace what a run has not seen: after its look-up found no element with the key, another
 * context put one; or after it had loaded from the value that it found, another context changed or replaced that.
 *
 * <p>An update writes a whole element, mostly a new one, so that a stale value does not show at its words. A look-up of
 * which nothing was loaded counts for nothing where there was an element, since no value can come from it. Deletions are
 * left alone: who looks an element up and deletes it mostly means to delete what is there.
 */
final class StaleElements {
    private final int contexts;
    private final WordTable table;
    private final RaceDetector races;
    private final Finding.Sink sink;
    private @Nullable Element[] elements = new @Nullable Element[16];
    private int run;

    StaleElements(int contexts, WordTable table, RaceDetector races, Finding.Sink sink) {
        this.contexts = contexts;
        this.table = table;
        this.races = races;
        this.sink = sink;
    }

    /** An element with some key, there or not. */
    private static final class Element {
        private final Loads loads;
        private final long[] values;
        private final int[] sizes;
        private final Place[] lookups;
        private Place lastPut = Place.NONE;
        private int version;
        private int lastWriter;
        private int run;

        Element(int contexts) {
            loads = new Loads(contexts);
            values = new long[contexts];
            sizes = new int[contexts];
            lookups = new Place[contexts];
        }
    }

    /** Begins a run. */
    void reset() {
        run++;
    }

    private Element element(int number) {
        elements = KeyNumbers.withRoom(elements, number);
        Element element = elements[number];
        if (element == null) {
            element = new Element(contexts);
            elements[number] = element;
        }
        if (element.run != run) {
            element.loads.reset();
            element.version = 0;
            element.run = run;
        }
        return element;
    }

    /** A program has looked an element up; its value is at an address, 0 where there is none. */
    void found(int context, int number, long value, int valueSize, @Nullable Execution by) {
        Element element = element(number);
        element.loads.note(context, element.version, races.activation(context), by);
        element.values[context] = value;
        element.sizes[context] = valueSize;
        element.lookups[context] = Place.of(by);
    }

    /** An update has put an element, perhaps in the place of another. */
    void put(int context, int number, boolean replaces, @Nullable Execution by) {
        Element element = element(number);
        int seen = element.loads.version(context, races.activation(context), by);
        if (replaces && seen != Loads.NONE) {
            check(context, element, seen, by);
        }
        element.version++;
        element.lastWriter = context;
        element.lastPut = Place.of(by);
        element.loads.forget(context);
    }

    private void check(int context, Element element, int seen, @Nullable Execution by) {
        Place store = Place.of(by);
        Place lookup = element.lookups[context];
        boolean isReplaced = seen != element.version && element.lastWriter != context;
        if (element.values[context] == 0) {
            if (isReplaced) {
                lost(
                        lookup,
                        store,
                        " replaces an element which was not there when " + lookup.place() + " looked it up; meanwhile "
                                + element.lastPut.shown() + " had put it in, and what it held is lost.");
            }
            return;
        }
        Place other = overwriter(context, element, by);
        if (other == null && isReplaced && hasLoaded(context, element, by)) {
            other = element.lastPut;
        }
        if (other != null) {
            lost(
                    lookup,
                    store,
                    " replaces an element that was looked up at " + lookup.place() + "; meanwhile " + other.shown()
                            + " stored another value in it, which is lost.");
        }
    }

    private int units(int context, Element element) {
        return WordTable.units(SchedulePoint.GUEST, element.values[context], element.sizes[context]);
    }

    private int word(int context, Element element, int index) {
        return table.number(SchedulePoint.GUEST, element.values[context], index);
    }

    private boolean hasLoaded(int context, Element element, @Nullable Execution by) {
        for (int i = 0; i < units(context, element); i++) {
            if (races.hasLoaded(context, word(context, element, i), by)) {
                return true;
            }
        }
        return false;
    }

    private @Nullable Place overwriter(int context, Element element, @Nullable Execution by) {
        for (int i = 0; i < units(context, element); i++) {
            Place other = races.overwriter(context, word(context, element, i), by);
            if (other != null) {
                return other;
            }
        }
        return null;
    }

    private void lost(Place lookup, Place store, String how) {
        sink.found(new Finding(
                Finding.Kind.LOST_UPDATE,
                "lost update: " + lookup + store,
                "lost update: " + store.shown(),
                store.shown() + how,
                0));
    }
}
