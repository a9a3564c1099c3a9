package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A schedule as the events in which it differs from "go on": at this point of this strand another one goes on, or an
 * interrupt lands. Each event belongs to a point of its strand rather than of the run, so that it keeps its meaning when
 * others are left out, and whatever other choices there are.
 *
 * <p>Used as a strategy once: it makes the events happen and notes which of them came to pass. As text an event is
 * {@code STRAND:POINT>STRAND}, with {@code !} in place of {@code >} where the strand could not go on, and a level after
 * it where an interrupt lands; a pick is {@code STRAND:POINT#NUMBER}.
 */
public final class Plan implements Strategy {
    private static final int MOST_EVENTS = 100_000;

    private final Map<Moment, Queue<Event>> planned = new HashMap<>();
    private final List<Event> happened = new ArrayList<>();

    /** A plan of events. */
    public Plan(List<Event> events) {
        for (Event event : events) {
            planned.computeIfAbsent(event.moment, moment -> new ArrayDeque<>()).add(event);
        }
    }

    /**
     * The time of an event: a schedule point of a strand, with the strand able to go on or not.
     *
     * @param strand the strand's number, -1 before the first
     * @param position see {@link Strategy.Options#position}
     * @param isPick see {@link Strategy.Options#isPick}
     */
    public record Moment(int strand, long position, boolean mayContinue, boolean isPick) {
        static Moment of(Options options) {
            return new Moment(options.running(), options.position(), options.mayContinue(), options.isPick());
        }
    }

    /**
     * Something else than the first option.
     *
     * @param target the strand that goes on or on whose CPU the interrupt lands; of a pick its number
     * @param landing the interrupt, or null
     */
    public record Event(Moment moment, int target, @Nullable ContextLevel landing) {
        /** Returns the event that is the choice of an option. */
        public static Event of(Options options, int choice) {
            int target = options.isPick() ? choice : options.strand(choice);
            return new Event(Moment.of(options), target, options.landing(choice));
        }

        Event at(Moment other) {
            return new Event(other, target, landing);
        }

        @Override
        public String toString() {
            char kind = moment.isPick ? '#' : moment.mayContinue ? '>' : '!';
            return "" + moment.strand + ':' + moment.position + kind + target + (landing == null ? "" : landing.word());
        }

        /**
         * Reads the text form.
         *
         * @throws IllegalArgumentException where it is none
         */
        public static Event parse(String text) {
            int colon = text.indexOf(':');
            int kind = colon + 1;
            while (kind < text.length() && Character.isDigit(text.charAt(kind))) {
                kind++;
            }
            int end = kind + 1;
            while (end < text.length() && Character.isDigit(text.charAt(end))) {
                end++;
            }
            if (colon < 1 || kind >= text.length() || "#>!".indexOf(text.charAt(kind)) < 0 || end == kind + 1) {
                throw new IllegalArgumentException("'" + text + "' is no event of a schedule");
            }
            char sign = text.charAt(kind);
            Moment moment = new Moment(
                    Integer.parseInt(text.substring(0, colon)),
                    Long.parseLong(text.substring(colon + 1, kind)),
                    sign != '!',
                    sign == '#');
            String level = text.substring(end);
            ContextLevel landing = level.isEmpty() ? null : ContextLevel.valueOf(level.toUpperCase(Locale.ROOT));
            return new Event(moment, Integer.parseInt(text.substring(kind + 1, end)), landing);
        }
    }

    /** Returns the text form of events. */
    public static String toString(List<Event> events) {
        return String.join(" ", events.stream().map(Event::toString).toList());
    }

    /**
     * Reads the text form of events.
     *
     * @throws IllegalArgumentException where it is none
     */
    public static List<Event> parse(String text) {
        List<Event> events = new ArrayList<>();
        for (String part : text.strip().split("\\s+", MOST_EVENTS)) {
            if (!part.isEmpty()) {
                events.add(Event.parse(part));
            }
        }
        return events;
    }

    /** Returns the events that came to pass, in order. */
    public List<Event> happened() {
        return List.copyOf(happened);
    }

    @Override
    public int choose(Options options) {
        Queue<Event> events = planned.get(Moment.of(options));
        Event event = events == null ? null : events.poll();
        if (event == null) {
            return 0;
        }
        if (options.isPick()) {
            happened.add(event);
            return Math.min(event.target, options.count() - 1);
        }
        for (int option = 0; option < options.count(); option++) {
            if (options.strand(option) == event.target && options.landing(option) == event.landing) {
                happened.add(event);
                return option;
            }
        }
        return 0;
    }
}
