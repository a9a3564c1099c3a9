package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The sample programs get Linux's verdicts and messages, after as many instructions and states. */
class SamplesTest {
    private static final Path SAMPLES = Path.of("..", "programs", "samples");

    @Test
    void shouldSayWhatLinuxSaysOfEachSample() throws Exception {
        Map<String, String> answers = answers();
        List<String> unanswered = new ArrayList<>();
        for (Path file : objects()) {
            ProgramObject object = ObjectReader.read(file, ReadOptions.DEFAULT);
            for (Program program : object.programs()) {
                String name = file.getFileName() + "\t" + program.name();
                String answer = answers.remove(name);
                if (answer == null) {
                    unanswered.add(name);
                } else {
                    assertThat(verdict(object, program)).as(name).isEqualTo(answer);
                }
            }
        }
        assertThat(answers).as("programs that are gone").isEmpty();
        assertThat(unanswered).as("programs that Linux was not asked about").isEmpty();
    }

    private static String verdict(ProgramObject object, Program program) {
        Verdict verdict = Verifier.verify(object, program, VerifierOptions.DEFAULT);
        String word =
                switch (verdict) {
                    case Verdict.Accepted accepted -> "accept";
                    case Verdict.Rejected rejected -> "reject";
                    case Verdict.Unsupported unsupported -> "unsupported: " + unsupported.what();
                };
        String message = verdict instanceof Verdict.Rejected rejected ? rejected.message() : "";
        return String.join(
                "\t",
                word,
                String.valueOf(verdict.stats().insns()),
                String.valueOf(verdict.stats().totalStates()),
                String.valueOf(verdict.stats().peakStates()),
                message);
    }

    private static List<Path> objects() throws IOException {
        try (Stream<Path> files = Files.list(SAMPLES)) {
            return files.filter(file -> file.toString().endsWith(".bpf.o"))
                    .sorted()
                    .toList();
        }
    }

    /** Linux's answers by object and program. */
    private static Map<String, String> answers() throws IOException {
        Map<String, String> answers = new HashMap<>();
        try (InputStream in = Objects.requireNonNull(SamplesTest.class.getResourceAsStream("samples.tsv"))) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                if (!line.startsWith("#")) {
                    int program = line.indexOf('\t');
                    int rest = line.indexOf('\t', program + 1);
                    answers.put(line.substring(0, rest), line.substring(rest + 1));
                }
            }
        }
        return answers;
    }
}
