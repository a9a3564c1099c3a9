package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.verifier.VerifierOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Faults of spinbpf's own: they are told in one line and stop nothing else. */
class InternalErrorTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    @Test
    void shouldGiveAnErrorRowAndGoOnWithTheNextProgram() {
        for (Throwable fault : List.of(
                new IllegalStateException("two\nlines"), new StackOverflowError(), new OutOfMemoryError("heap"))) {
            List<Throwable> told = new ArrayList<>();
            FileVerification verification = new FileVerification(
                    ReadOptions.DEFAULT, VerifierOptions.DEFAULT, told::add, (verifier, program) -> {
                        if (program.name().equals("count_packet")) {
                            throwUnchecked(fault);
                        }
                        return verifier.verify(program);
                    });

            List<VerifyRow> rows = verification.rowsOf(SAMPLES.resolve("balanced.bpf.o"), _ -> true);

            assertThat(rows).extracting(VerifyRow::progName).containsExactly("count_packet", "reset");
            assertThat(rows.get(0).values().get(2)).isEqualTo("error");
            assertThat(rows.get(0).reason().message())
                    .startsWith(
                            fault instanceof OutOfMemoryError
                                    ? "out of memory: a heap of "
                                    : "internal error: " + fault.getClass().getSimpleName())
                    .doesNotContain("\n");
            assertThat(rows.get(0).reason().explanation()).contains("report", "SPINBPF_DEBUG=1");
            assertThat(rows.get(1).verdict()).isEqualTo(VerifyRow.Outcome.SUCCESS);
            assertThat(told).containsExactly(fault);
        }
    }

    private static void throwUnchecked(Throwable fault) {
        if (fault instanceof RuntimeException e) {
            throw e;
        }
        throw (Error) fault;
    }

    @Test
    void shouldNameTheInnermostCauseAndItsPlace() {
        Throwable inner = new IllegalStateException("inner");
        assertThat(InternalErrors.message(new RuntimeException("outer", inner)))
                .startsWith("internal error: IllegalStateException: inner (InternalErrorTest.java:");
    }
}
