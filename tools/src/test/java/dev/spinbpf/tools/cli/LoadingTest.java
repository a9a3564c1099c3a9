package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.verifier.VerifierOptions;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Objects that the loader, map creation or the reading of types refuse, with the answers of Linux 7.2 through libbpf 1.7. An
 * {@code error} in its answers is the loader's refusal.
 */
class LoadingTest {
    private static final int OBJECT = 0;
    private static final int PROGRAM = 1;
    private static final int VERDICT = 2;
    private static final int INSNS = 4;
    private static final int MESSAGE = 8;

    private static Path resource(String name) throws Exception {
        URI uri = Objects.requireNonNull(LoadingTest.class.getResource("/dev/spinbpf/tools/loading/" + name))
                .toURI();
        return Path.of(uri);
    }

    private static String answer(VerifyRow row) {
        boolean isAccepted = row.verdict() == VerifyRow.Outcome.SUCCESS;
        boolean isLoaders = row.reason().message().startsWith("libbpf: ");
        return row.progName() + " " + (isAccepted ? "accept" : isLoaders ? "error" : "reject") + " "
                + row.stats().insns() + " " + row.reason().message();
    }

    @Test
    void shouldRefuseWhatNeverGetsToTheVerifier() throws Exception {
        List<String> expected = new ArrayList<>();
        List<String> actual = new ArrayList<>();
        var verification = new FileVerification(Btf.EMPTY, VerifierOptions.INSN_LIMIT, false, _ -> {});
        String before = "";
        for (String line : Files.readAllLines(resource("linux-7.2.13.tsv"))) {
            String[] columns = line.split("\t", -1);
            if (columns.length <= MESSAGE || columns[OBJECT].equals("object")) {
                continue;
            }
            expected.add(columns[OBJECT] + " " + columns[PROGRAM] + " " + columns[VERDICT] + " " + columns[INSNS] + " "
                    + columns[MESSAGE].strip());
            if (!columns[OBJECT].equals(before)) {
                before = columns[OBJECT];
                String object = before;
                verification.rowsOf(resource(object), _ -> true).forEach(row -> actual.add(object + " " + answer(row)));
            }
        }
        assertThat(actual).hasSizeGreaterThan(50).containsExactlyInAnyOrderElementsOf(expected);
    }
}
