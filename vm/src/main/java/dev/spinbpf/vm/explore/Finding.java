package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.lock.LockOutcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that a run showed and that should not be.
 *
 * @param kind its kind
 * @param key what tells it from others; the same in each run that shows it
 * @param title it in a few words
 * @param explanation what met what, in a sentence or two
 * @param lock the guest address of the lock that it is about, or 0
 * @param attempts the attempts to take locks that it is about
 */
public record Finding(Kind kind, String key, String title, String explanation, long lock, List<Attempt> attempts) {
    public Finding {
        attempts = List.copyOf(attempts);
    }

    /** A finding that is about no attempt to take a lock. */
    public Finding(Kind kind, String key, String title, String explanation, long lock) {
        this(kind, key, title, explanation, lock, List.of());
    }

    /**
     * An attempt to take a lock that failed, or that does not end.
     *
     * @param place where it is made
     * @param lock the lock's name; empty where it is not known
     * @param outcome what it came to; null where it does not end
     * @param holder the program on the same CPU that has the lock; empty where none has
     */
    public record Attempt(
            Place place, String lock, @Nullable LockOutcome outcome, String holder) {}

    /** The kinds of findings, in the order of reports. */
    public enum Kind {
        /** A lock could not be taken. */
        LOCK("lock"),
        /** A promise of the user does not hold. */
        PROMISE("promise"),
        /** CPUs wait for ever. */
        HANG("hang"),
        /** A program did what it must not. */
        FAULT("fault"),
        /** Two contexts hold one lock. */
        EXCLUSION("exclusion"),
        /** A lock did not keep what it promises, or was left in disorder. */
        GUARANTEE("guarantee"),
        /** A value was written that was made of one which was no longer there. */
        LOST_UPDATE("lost_update"),
        /** Two accesses that nothing orders. */
        RACE("race");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** Returns the word in JSON. */
        public String word() {
            return word;
        }
    }

    /** Takes findings as they come. */
    @FunctionalInterface
    interface Sink {
        void found(Finding finding);
    }
}
