package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.kernel.Message;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A condition, and the refusal of a program that breaks it.
 *
 * <p>Rules stand in lists. Where several are broken, the first of the list names the refusal; so the order of a list is
 * behaviour that users see, and what a rule relies on is what the rules above it demand.
 *
 * @param <T> the subject that rules of a list are about
 * @param holds whether the subject keeps the rule
 * @param errno the error number of the refusal
 * @param message its message
 * @param details the message's arguments
 */
public record Rule<T>(Predicate<T> holds, int errno, Message message, Function<T, List<Object>> details) {
    /** A rule whose refusal has a message without arguments. */
    public static <T> Rule<T> of(Predicate<T> holds, int errno, Message message) {
        return new Rule<>(holds, errno, message, subject -> List.of());
    }

    /** A rule whose refusal has a message with arguments. */
    public static <T> Rule<T> of(Predicate<T> holds, int errno, Message message, Function<T, List<Object>> details) {
        return new Rule<>(holds, errno, message, details);
    }

    /** Refuses a subject that breaks one of the rules; the first one broken says why. */
    public static <T> void enforce(VerifierLog log, List<Rule<T>> rules, T subject) {
        for (Rule<T> rule : rules) {
            if (!rule.holds.test(subject)) {
                throw log.reject(
                        rule.errno, rule.message, rule.details.apply(subject).toArray());
            }
        }
    }
}
