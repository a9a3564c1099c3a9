package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.verifier.refusal.Location;
import dev.spinbpf.vm.order.LockPrediction;
import dev.spinbpf.vm.order.LockStep;
import dev.spinbpf.vm.order.LockTaker;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Tells whether a finding is what was predicted: the second acquisition of one of its steps, at its source line, fails or
 * waits for ever, in the way that a ring of that length does.
 */
final class PredictionMatch implements Predicate<Finding> {
    private final LockPrediction prediction;

    PredictionMatch(LockPrediction prediction) {
        this.prediction = prediction;
    }

    /** Returns the programs that take part. */
    Set<String> programs() {
        return prediction.steps().stream()
                .flatMap(step -> Stream.of(step.holder().by(), step.taker().by()))
                .map(LockTaker::program)
                .collect(Collectors.toSet());
    }

    @Override
    public boolean test(Finding finding) {
        return switch (finding.kind()) {
            case LOCK ->
                prediction.steps().stream()
                        .anyMatch(step -> fails(step, finding.attempts().getFirst()));
            case HANG -> finding.attempts().stream().anyMatch(this::waits);
            default -> false;
        };
    }

    private boolean waits(Finding.Attempt attempt) {
        return prediction.steps().stream().anyMatch(step -> isAt(step, attempt));
    }

    private boolean fails(LockStep step, Finding.Attempt attempt) {
        return isAt(step, attempt)
                && bare(attempt.lock()).equals(bare(step.wanted().name()))
                && isExpected(step, attempt);
    }

    private boolean isExpected(LockStep step, Finding.Attempt attempt) {
        if (prediction.kind() == LockPrediction.Kind.INVERSION) {
            boolean byHolder = attempt.holder().isEmpty()
                    || attempt.holder().equals(step.holder().by().program());
            return attempt.outcome() == LockOutcome.AA && byHolder;
        }
        return attempt.outcome() == LockOutcome.ABBA || attempt.outcome() == LockOutcome.TIMEOUT;
    }

    private static boolean isAt(LockStep step, Finding.Attempt attempt) {
        Location at = step.taker().at();
        String place = at.hasLine()
                ? at.file().substring(at.file().lastIndexOf('/') + 1) + ":" + at.line()
                : "instruction " + at.insn();
        return attempt.place().program().equals(step.taker().by().program())
                && attempt.place().place().equals(place);
    }

    /** Leaves out of a lock's name which element it is of, and what tells it from locks of other objects. */
    private static String bare(String name) {
        return name.replaceAll("\\[[^\\]]*]", "[]").replaceAll(" (\\(.*\\)|#[0-9]+)$", "");
    }
}
