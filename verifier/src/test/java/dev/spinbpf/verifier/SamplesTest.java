package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.MapDef;
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

/** The sample programs get the verdicts and messages of Linux 7.2, after as many instructions and states. */
class SamplesTest {
    private static final long BPF_F_MMAPABLE = 1 << 10;
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

    /** Linux refuses to map a section that holds a lock, and libbpf then loads nothing of the object. */
    @Test
    void shouldKeepLocksOutOfSectionsThatTheLoaderMaps() throws Exception {
        int sections = 0;
        for (Path file : files()) {
            ProgramObject object = read(file);
            for (MapDef map : object.maps()) {
                for (BtfType.Var lock : locks(object, map)) {
                    assertThat(map.flags() & BPF_F_MMAPABLE)
                            .as("%s: %s", file, lock.name())
                            .isZero();
                    assertThat(lock.linkage()).as("%s: %s", file, lock.name()).isEqualTo(BtfType.Linkage.STATIC);
                    sections++;
                }
            }
        }
        assertThat(sections).isGreaterThan(15);
    }

    /** The locks among the variables of a section of global data. */
    private static List<BtfType.Var> locks(ProgramObject object, MapDef map) {
        if (!(object.btf().type(map.valueTypeId()) instanceof BtfType.DataSec section)) {
            return List.of();
        }
        return section.vars().stream()
                .map(entry -> object.btf().type(entry.varTypeId()))
                .filter(BtfType.Var.class::isInstance)
                .map(BtfType.Var.class::cast)
                .filter(variable ->
                        object.btf().resolved(variable.typeId()).name().equals("bpf_res_spin_lock"))
                .toList();
    }

    private static ProgramObject read(Path file) throws Exception {
        return file.toString().endsWith(".bpfasm")
                ? Assembler.assemble(file.toString(), Files.readString(file))
                : ObjectReader.read(file, ReadOptions.DEFAULT);
    }

    private static String verdict(ProgramObject object, Program program) {
        Verdict verdict = Verifier.verify(object, program, VerifierOptions.DEFAULT.withKernel(VerifierCase.FIRST));
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
        return files().stream()
                .filter(file -> file.toString().endsWith(".bpf.o"))
                .toList();
    }

    /** The objects, and the programs that are text. */
    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(SAMPLES)) {
            return files.filter(file -> file.toString().matches(".*\\.(bpf\\.o|bpfasm)"))
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
