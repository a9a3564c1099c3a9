package dev.spinbpf.verifier.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The explanations of refusals, word for word, and what holds for all of them. */
class ExplanationsTest {
    private static final int MAX_LINES = 25;
    private static final Path CASES = Path.of("..", "verifier", "src", "test", "resources")
            .resolve(Path.of("dev", "spinbpf", "verifier", "explain"));
    private static final Path SAMPLES = Path.of("..", "programs", "samples");

    @Test
    void shouldExplainEachCaseAsWritten() throws Exception {
        assertThat(refusals(CASES)).isEqualTo(expected());
    }

    @Test
    void shouldStayWithinTheLinesOfATerminal() throws Exception {
        Map<String, String> texts = refusals(SAMPLES);
        assertThat(texts).hasSizeGreaterThan(5);
        assertThat(texts).allSatisfy((name, text) -> {
            assertThat(text.lines().count()).as(name).isLessThanOrEqualTo(MAX_LINES + 1);
            assertThat(text).as(name).contains("\nKind: ", "\nWhy:  ", "\nFix:  ");
        });
    }

    private static Map<String, String> expected() throws Exception {
        Map<String, String> texts = new TreeMap<>();
        for (String part : Files.readString(CASES.resolve("explained.txt"), StandardCharsets.UTF_8)
                .split("(?m)^=== ", -1)) {
            if (part.charAt(0) != '#') {
                int end = part.indexOf('\n');
                texts.put(part.substring(0, end), part.substring(end + 1).strip());
            }
        }
        return texts;
    }

    private static Map<String, String> refusals(Path directory) throws Exception {
        Map<String, String> texts = new LinkedHashMap<>();
        for (Path file : objects(directory)) {
            ProgramObject object = ObjectReader.read(file, ReadOptions.DEFAULT);
            for (Program program : object.programs()) {
                if (Verifier.verify(object, program, VerifierOptions.DEFAULT) instanceof Verdict.Rejected refused) {
                    texts.put(
                            file.getFileName() + " " + program.name(),
                            refused.message() + "\n" + refused.explanation().text());
                }
            }
        }
        return new TreeMap<>(texts);
    }

    private static List<Path> objects(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".bpf.o")).toList();
        }
    }
}
