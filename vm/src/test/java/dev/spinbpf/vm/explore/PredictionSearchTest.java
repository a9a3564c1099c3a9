package dev.spinbpf.vm.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.vm.order.LockPrediction;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Predictions from the order of locks are confirmed by a schedule, or are not within the bounds. */
@Timeout(600)
class PredictionSearchTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final Duration LONG = Duration.ofMinutes(5);

    private static List<CheckedPrediction> check(String file, int preemptions, int interrupts) throws Exception {
        ProgramWorkload workload = ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                "object",
                new ProgramWorkload.NamedFile(file, ByteString.of(Files.readAllBytes(SAMPLES.resolve(file)))),
                List.of())));
        ExploreOptions options = new ExploreOptions(preemptions, interrupts, 0, LONG).withPredictions();
        try (ScheduleSearch search = ScheduleSearch.prepare(workload, options)) {
            return search.run().predictions();
        }
    }

    private static List<String> words(List<CheckedPrediction> checked) {
        return checked.stream()
                .map(each -> each.prediction().kind() + " " + each.outcome().words())
                .toList();
    }

    private static String title(CheckedPrediction checked) {
        return Objects.requireNonNull(checked.witness()).finding().title();
    }

    @Test
    void shouldConfirmAnInversionAndSayWhatIsNotWithinBounds() throws Exception {
        List<CheckedPrediction> within = check("balanced.bpf.o", 0, 1);

        assertThat(words(within)).containsExactly("INVERSION confirmed");
        assertThat(title(within.getFirst())).startsWith("AA: lock in count_packet");
        assertThat(words(check("balanced.bpf.o", 1, 0))).containsExactly("INVERSION not within bounds");
    }

    @Test
    void shouldConfirmARing() throws Exception {
        List<CheckedPrediction> checked = check("bugs/order_in_branch.bpf.o", 1, 0);

        assertThat(words(checked)).containsExactly("RING confirmed");
        assertThat(title(checked.getFirst())).startsWith("ABBA: ");
        assertThat(words(check("bugs/order_in_branch.bpf.o", 0, 0))).containsExactly("RING not within bounds");
    }

    @Test
    void shouldConfirmTwoElementsTakenInOppositeOrders() throws Exception {
        assertThat(words(check("bugs/transfer_order.bpf.o", 1, 0))).containsExactly("RING confirmed");
    }

    @Test
    void shouldTellTheLocksInsideAMapApart() throws Exception {
        List<CheckedPrediction> checked = check("bugs/nmi_update.bpf.o", 0, 1);

        assertThat(checked).isNotEmpty();
        for (CheckedPrediction each : checked) {
            LockPrediction prediction = each.prediction();
            String lock = prediction.steps().getFirst().wanted().name();
            if (each.outcome() == CheckedPrediction.Outcome.CONFIRMED) {
                assertThat(title(each)).startsWith("AA: " + lock + " in ");
            }
        }
        assertThat(words(checked)).contains("INVERSION confirmed");
    }

    @Test
    void shouldPredictNothingOfMendedPrograms() throws Exception {
        assertThat(check("bugs/missing_irqsave.mended.bpf.o", 0, 1)).isEmpty();
    }
}
