package dev.spinbpf.vm.explore;

import dev.spinbpf.vm.order.LockPrediction;
import org.jspecify.annotations.Nullable;

/**
 * A prediction from the order of locks, and what the search for its schedule came to.
 *
 * @param outcome what it came to
 * @param witness the schedule that confirms it; null where there is none
 */
public record CheckedPrediction(
        LockPrediction prediction,
        Outcome outcome,
        @Nullable Witness witness) {
    /** The outcomes of the search for a schedule. */
    public enum Outcome {
        /** A schedule shows it. */
        CONFIRMED("confirmed"),
        /** No schedule within the bounds shows it. */
        NOT_WITHIN_BOUNDS("not within bounds"),
        /** The time was over before all schedules were run. */
        OUT_OF_TIME("not found in the time");

        private final String words;

        Outcome(String words) {
            this.words = words;
        }

        /** Returns it in words. */
        public String words() {
            return words;
        }
    }
}
