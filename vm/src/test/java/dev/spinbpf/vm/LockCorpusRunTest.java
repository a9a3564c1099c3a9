package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each program of the lock corpus that Linux accepts and runs returns the R0 that Linux got. */
class LockCorpusRunTest {
    private static final int ACCEPTED = 994;
    private static final Path CORPUS = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "corpus", "locks");

    @Test
    void shouldReturnWhatLinuxReturned() throws Exception {
        List<String> differences = new ArrayList<>();
        int runs = 0;
        try (FileSystem zip = FileSystems.newFileSystem(CORPUS.resolve("programs.zip"))) {
            for (Map.Entry<String, Map<String, String>> entry : linuxResults().entrySet()) {
                ProgramObject object = ObjectReader.read(zip.getPath(entry.getKey()), ReadOptions.DEFAULT);
                for (Program program : object.programs()) {
                    String expected = entry.getValue().get(program.name());
                    if (expected != null) {
                        runs++;
                        String actual = run(object, program);
                        if (!actual.equals(expected)) {
                            differences.add("%s %s: Linux returned %s, spinbpf %s"
                                    .formatted(entry.getKey(), program.name(), expected, actual));
                        }
                    }
                }
            }
        }
        assertThat(runs).isEqualTo(ACCEPTED);
        assertThat(differences).isEmpty();
    }

    /** Runs a program on a machine of its own, so that no program finds what another left in the maps. */
    private static String run(ProgramObject object, Program program) throws Exception {
        if (!(Verifier.verify(object, program, VerifierOptions.DEFAULT) instanceof Verdict.Accepted accepted)) {
            return "no verdict to run it";
        }
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            RunResult result = machine.run(machine.load(accepted.program()), new byte[64], 0, 1);
            return result.fault() == null ? Integer.toString((int) result.r0()) : "the fault " + result.fault();
        }
    }

    /** R0 by object and program. */
    private static Map<String, Map<String, String>> linuxResults() throws IOException {
        Map<String, Map<String, String>> results = new LinkedHashMap<>();
        for (String line : Files.readAllLines(CORPUS.resolve("linux-7.2.13.tsv"))) {
            String[] columns = line.split("\t", -1);
            if (columns.length > 7 && columns[2].equals("accept")) {
                results.computeIfAbsent(columns[0], object -> new LinkedHashMap<>())
                        .put(columns[1], columns[7]);
            }
        }
        return results;
    }
}
