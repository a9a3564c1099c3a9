package dev.spinbpf.maps.sched;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The choices of a run, in order: what is needed to repeat it. As text, runs of equal choices are written
 * {@code count*choice}.
 *
 * @param choices what {@link Strategy#choose} returned
 */
public record Schedule(List<Integer> choices) {
    public Schedule {
        choices = List.copyOf(choices);
    }

    /** Reads the text form. */
    public static Schedule parse(String text) {
        List<Integer> choices = new ArrayList<>();
        for (String part : text.strip().split(" +", -1)) {
            if (part.isEmpty()) {
                continue;
            }
            int star = part.indexOf('*');
            int count = star < 0 ? 1 : Integer.parseInt(part.substring(0, star));
            int choice = Integer.parseInt(part.substring(star + 1));
            for (int i = 0; i < count; i++) {
                choices.add(choice);
            }
        }
        return new Schedule(choices);
    }

    /** A strategy that makes these choices again, and the first one after them. */
    public Strategy replay() {
        int[] recorded = choices.stream().mapToInt(Integer::intValue).toArray();
        return new Strategy() {
            private int next;

            @Override
            public int choose(Options options) {
                int choice = next < recorded.length ? recorded[next++] : 0;
                return Math.min(choice, options.count() - 1);
            }
        };
    }

    @Override
    public String toString() {
        int[] all = choices.stream().mapToInt(Integer::intValue).toArray();
        int end = all.length;
        while (end > 0 && all[end - 1] == 0) {
            end--;
        }
        var parts = new ArrayList<String>();
        for (int from = 0; from < end; ) {
            int to = from;
            while (to < end && all[to] == all[from]) {
                to++;
            }
            parts.add(to - from == 1 ? "" + all[from] : (to - from) + "*" + all[from]);
            from = to;
        }
        return String.join(" ", parts);
    }

    /** The same schedule: after the last choice a replay makes the first one anyway. */
    Schedule withoutTrailingZeros() {
        int end = choices.size();
        while (end > 0 && choices.get(end - 1) == 0) {
            end--;
        }
        return new Schedule(choices.subList(0, end));
    }

    static Schedule of(int[] choices, int count) {
        return new Schedule(Arrays.stream(choices, 0, count).boxed().toList());
    }
}
