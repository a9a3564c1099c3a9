package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the commands that the README shows and compares what they print. A comment before a block says how: {@code exact} means each
 * line, up to numbers and the width of columns; {@code varies} means that each line without a number occurs. A line of one
 * {@code …} stands for lines that are left out.
 */
class ReadmeTest {
    private static final Path ROOT =
            Path.of(System.getProperty("spinbpf.root", "..")).toAbsolutePath().normalize();
    private static final Pattern BLOCK =
            Pattern.compile("<!-- check: (exact|varies)(?:, exit (\\d))? -->\\s*```console\\n(.*?)```", Pattern.DOTALL);
    private static final String PROMPT = "$ bin/spinbpf ";
    private static final String LEFT_OUT = "…";

    /** A command with what the README says of it. */
    record Shown(String command, boolean exact, int exitCode, List<String> lines) {
        @Override
        public String toString() {
            return command;
        }
    }

    /** The outcome of a command. */
    private record Output(int exitCode, List<String> lines) {}

    static Stream<Shown> shown() throws IOException {
        var found = new ArrayList<Shown>();
        Matcher matcher = BLOCK.matcher(Files.readString(ROOT.resolve("README.md")));
        while (matcher.find()) {
            List<String> lines = matcher.group(3).lines().toList();
            assertThat(lines.getFirst()).startsWith(PROMPT);
            found.add(new Shown(
                    lines.getFirst().substring(PROMPT.length()),
                    matcher.group(1).equals("exact"),
                    matcher.group(2) == null ? ExitCodes.GOOD : Integer.parseInt(matcher.group(2)),
                    lines.subList(1, lines.size())));
        }
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("shown")
    void shouldPrintWhatTheReadmeShows(Shown shown) {
        Output outcome = run(shown.command());
        assertThat(outcome.exitCode()).isEqualTo(shown.exitCode());
        if (shown.exact()) {
            assertThat(normalized(outcome.lines())).containsExactlyElementsOf(normalized(shown.lines()));
        } else {
            assertThat(normalized(outcome.lines())).containsAll(constant(shown.lines()));
        }
    }

    @Test
    void shouldCheckEveryConsoleBlock() throws IOException {
        long blocks = Files.readString(ROOT.resolve("README.md"))
                .lines()
                .filter("```console"::equals)
                .count();
        assertThat(shown()).hasSize((int) blocks).hasSizeGreaterThan(3);
    }

    @Test
    void shouldTellAnOutputThatDiffers() {
        Shown wrong = new Shown("verify programs/samples/balanced.bpf.o", true, 0, List.of("1 accepted, none refused"));
        assertThat(normalized(run(wrong.command()).lines())).doesNotContainAnyElementsOf(normalized(wrong.lines()));
    }

    /** The directory in which the commands keep their maps. */
    @TempDir
    private static Path state;

    private static Output run(String command) {
        String[] arguments = Arrays.stream(command.split(" "))
                .map(word -> word.startsWith("programs/") ? ROOT.resolve(word).toString() : word)
                .map(word -> word.equals("state") ? state.toString() : word)
                .toArray(String[]::new);
        Outcome outcome = Outcome.spinbpf(arguments);
        return new Output(
                outcome.code(), outcome.out().replace(ROOT + "/", "").lines().toList());
    }

    private static List<String> normalized(List<String> lines) {
        return lines.stream()
                .map(line -> line.replaceAll("\\d+(\\.\\d+)?( (ns|us|ms|s)\\b)?", "#")
                        .replaceAll(" +", " "))
                .toList();
    }

    private static List<String> constant(List<String> lines) {
        return lines.stream()
                .filter(line -> !line.equals(LEFT_OUT) && line.chars().noneMatch(Character::isDigit))
                .map(line -> line.replaceAll(" +", " "))
                .toList();
    }
}
