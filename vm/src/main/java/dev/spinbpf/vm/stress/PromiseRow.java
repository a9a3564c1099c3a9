package dev.spinbpf.vm.stress;

import dev.spinbpf.programs.promise.Promise;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A promise and its outcome.
 *
 * @param text the promise
 * @param outcome its outcome
 * @param values the values that break it, {@code name = value, ...}, or the reason why it was not checked; empty else
 */
public record PromiseRow(String text, Outcome outcome, String values) {
    /** The outcomes of a promise. */
    public enum Outcome {
        KEPT,
        BROKEN,
        /** Its values could not be read. */
        UNCHECKED;

        /** Returns the word in reports. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Returns true where it was broken. */
    public boolean isBroken() {
        return outcome == Outcome.BROKEN;
    }

    /** Checks promises while no CPU runs. */
    public static List<PromiseRow> check(List<BoundPromise> promises) {
        return promises.stream().map(PromiseRow::of).toList();
    }

    /** Returns promises that are not checked, for a reason. */
    public static List<PromiseRow> unchecked(List<Promise> promises, String reason) {
        return promises.stream()
                .map(promise -> new PromiseRow(promise.text(), Outcome.UNCHECKED, reason))
                .toList();
    }

    private static PromiseRow of(BoundPromise promise) {
        String broken = promise.broken();
        return new PromiseRow(
                promise.promise().text(),
                broken == null ? Outcome.KEPT : Outcome.BROKEN,
                Objects.requireNonNullElse(broken, ""));
    }
}
