package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Two thousand programs that take locks get Linux's verdicts, error numbers and messages, after as many instructions and
 * states. The README beside the programs says where they and Linux's answers come from.
 */
class LockCorpusTest {
    private static final int PROGRAMS = 2000;
    private static final int R0_COLUMN = 7;
    private static final Path CORPUS = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "corpus", "locks");

    @Test
    void shouldSayWhatLinuxSaysOfEachProgram() throws Exception {
        Map<String, String> ours = new LinkedHashMap<>();
        try (FileSystem zip = FileSystems.newFileSystem(CORPUS.resolve("programs.zip"))) {
            for (Path file : objects(zip)) {
                ProgramObject object = ObjectReader.read(file, ReadOptions.DEFAULT);
                for (Program program : object.programs()) {
                    ours.put(file.getFileName() + "\t" + program.name(), answer(object, program));
                }
            }
        }
        Map<String, String> linux = linuxAnswers();
        assertThat(ours).hasSize(PROGRAMS);
        assertThat(ours.keySet()).isEqualTo(linux.keySet());
        List<String> differences = new ArrayList<>();
        linux.forEach((program, answer) -> {
            if (!answer.equals(ours.get(program))) {
                differences.add("%s: Linux says %s, spinbpf %s".formatted(program, answer, ours.get(program)));
            }
        });
        assertThat(differences).isEmpty();
    }

    private static List<Path> objects(FileSystem zip) throws IOException {
        try (Stream<Path> files = Files.list(zip.getPath("/"))) {
            return files.filter(file -> file.toString().endsWith(".bpf.o"))
                    .sorted()
                    .toList();
        }
    }

    private static String answer(ProgramObject object, Program program) {
        Verdict verdict = Verifier.verify(object, program, VerifierOptions.DEFAULT);
        String outcome =
                switch (verdict) {
                    case Verdict.Accepted _ -> "accept\t0";
                    case Verdict.Rejected rejected -> "reject\t" + rejected.errno();
                    case Verdict.Unsupported unsupported -> "unsupported\t" + unsupported.what();
                };
        Verdict.Stats stats = verdict.stats();
        return String.join(
                "\t",
                outcome,
                Integer.toString(stats.insns()),
                Integer.toString(stats.totalStates()),
                Integer.toString(stats.peakStates()),
                verdict instanceof Verdict.Rejected rejected ? rejected.message() : "");
    }

    /** Linux's answers by object and program: all columns but R0. */
    private static Map<String, String> linuxAnswers() throws IOException {
        Map<String, String> answers = new LinkedHashMap<>();
        for (String line : Files.readAllLines(CORPUS.resolve("linux-7.2.13.tsv"))) {
            if (line.startsWith("locks_")) {
                List<String> columns = new ArrayList<>(List.of(line.split("\t", -1)));
                columns.remove(R0_COLUMN);
                answers.put(
                        String.join("\t", columns.subList(0, 2)),
                        String.join("\t", columns.subList(2, columns.size())));
            }
        }
        return answers;
    }
}
