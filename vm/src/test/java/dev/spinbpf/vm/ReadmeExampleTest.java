package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.context.LoadedProgram;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The Java code that the README shows compiles, prints what the README says, and stands there as it stands here. */
class ReadmeExampleTest {
    private static final Path ROOT = Path.of(System.getProperty("spinbpf.root", ".."));
    private static final Path SAMPLES = ROOT.resolve("programs/samples");
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

    static void verifyAndRun(Path file, PrintStream out) throws Exception {
        ProgramObject object = ObjectReader.read(file, ReadOptions.DEFAULT);
        Program program = object.programs().getFirst();
        switch (Verifier.verify(object, program, VerifierOptions.DEFAULT)) {
            case Verdict.Rejected rejected ->
                out.println(rejected.message() + "\n" + rejected.explanation().text());
            case Verdict.Unsupported unsupported -> out.println(unsupported.what());
            case Verdict.Accepted accepted -> {
                try (Machine machine = new Machine(MachineOptions.ofCpus(2))) {
                    LoadedProgram loaded = machine.load(accepted.program());
                    RunResult result = machine.run(loaded, RunContexts.udpPacket(1), 0, 1000);
                    out.printf("R0 = %d after %d runs on CPU 0%n", result.r0(), result.runs());
                }
            }
        }
    }

    @Test
    void shouldRunAProgramThatIsAccepted() throws Exception {
        assertThat(printedFor("balanced.bpf.o"))
                .isEqualToIgnoringNewLines("R0 = 0 after 1000 runs on CPU 0")
                .satisfies(printed -> assertThat(readme()).contains("`" + printed.strip() + "`"));
    }

    @Test
    void shouldExplainARefusal() throws Exception {
        assertThat(printedFor("leaked_lock.bpf.o"))
                .startsWith("BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region")
                .contains("The program can return while it holds");
    }

    @Test
    void shouldStandInTheReadmeAsItStandsHere() throws Exception {
        Matcher shown = JAVA_BLOCK.matcher(readme());
        assertThat(shown.find()).isTrue();
        String here = Files.readString(ROOT.resolve("vm/src/test/java/dev/spinbpf/vm/ReadmeExampleTest.java"));
        assertThat(here).contains(shown.group(1).indent(4));
    }

    private static String readme() throws Exception {
        return Files.readString(ROOT.resolve("README.md"));
    }

    private static String printedFor(String sample) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        verifyAndRun(SAMPLES.resolve(sample), new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
