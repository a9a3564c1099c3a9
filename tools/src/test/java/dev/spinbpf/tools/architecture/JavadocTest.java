package dev.spinbpf.tools.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Javadoc says what a thing is or does, subject or verb first, in tests and benchmarks as well. */
class JavadocTest {
    private static final Path ROOT = Path.of(System.getProperty("spinbpf.root", ".."));
    private static final List<String> MODULES = List.of("programs", "verifier", "maps", "vm", "tools", "tools/spark");
    private static final Pattern QUESTION =
            Pattern.compile("/\\*\\*\\s+(?:\\*\\s+)?(What|How|Whether|Where|Which)\\b.*");

    @Test
    void shouldNotBeginAsAQuestion() throws Exception {
        List<String> questions = new ArrayList<>();
        for (String module : MODULES) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src"))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(file -> QUESTION.matcher(text(file))
                        .results()
                        .forEach(found -> questions.add(file.getFileName() + ": " + found.group())));
            }
        }
        assertThat(questions).isEmpty();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
