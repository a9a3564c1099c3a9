package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.context.LoadedProgram;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Programs over the kinds of maps and helpers: each gives the R0 that Linux gave, and leaves the maps as Linux left them.
 * Linux's answers are in {@code answers.tsv}; the README beside it says how they were got.
 */
class LinuxAnswersTest {
    private static final int LINUX_CPUS = 2;

    /** A line of the table. */
    private record Answer(String object, String program, String r0, String maps) {}

    private static byte[] resource(String name) throws IOException {
        try (InputStream stream = LinuxAnswersTest.class.getResourceAsStream("linux/" + name)) {
            assertThat(stream).as(name).isNotNull();
            return stream.readAllBytes();
        }
    }

    private static List<Answer> answers() throws IOException {
        List<Answer> answers = new ArrayList<>();
        for (String line : new String(resource("answers.tsv"), StandardCharsets.UTF_8)
                .lines()
                .toList()) {
            List<String> columns = List.of(line.split("\t", -1));
            if (!line.startsWith("#")) {
                answers.add(new Answer(columns.get(0), columns.get(1), columns.get(2), columns.get(3)));
            }
        }
        return answers;
    }

    @TestFactory
    Stream<DynamicTest> shouldAnswerAsLinuxDoes() throws Exception {
        Map<String, ProgramObject> objects = new LinkedHashMap<>();
        for (Answer answer : answers()) {
            if (!objects.containsKey(answer.object)) {
                objects.put(
                        answer.object, ObjectReader.read(answer.object, resource(answer.object), ReadOptions.DEFAULT));
            }
        }
        return answers().stream()
                .map(answer -> DynamicTest.dynamicTest(
                        answer.object + " " + answer.program,
                        () -> compare(Objects.requireNonNull(objects.get(answer.object)), answer)));
    }

    @Test
    void shouldHaveAnAnswerForEachProgram() throws Exception {
        List<Answer> answers = answers();
        assertThat(answers).hasSizeGreaterThanOrEqualTo(50);
        for (String object : answers.stream().map(Answer::object).distinct().toList()) {
            List<String> programs = ObjectReader.read(object, resource(object), ReadOptions.DEFAULT).programs().stream()
                    .map(Program::name)
                    .toList();
            assertThat(answers.stream()
                            .filter(answer -> answer.object.equals(object))
                            .map(Answer::program))
                    .containsExactlyInAnyOrderElementsOf(programs);
        }
    }

    private static void compare(ProgramObject object, Answer answer) throws Exception {
        Answer ours = run(object, answer.program);
        assertThat(ours.maps).as("maps of %s", answer.program).isEqualTo(answer.maps);
        assertThat(ours.r0).as("R0 of %s", answer.program).isEqualTo(answer.r0);
    }

    /** Runs a program on a machine of its own; the object's other programs are there for tail calls. */
    private static Answer run(ProgramObject object, String name) throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(LINUX_CPUS))) {
            LoadedProgram chosen = null;
            ProgType type = null;
            for (Program program : object.programs()) {
                boolean isChosen = program.name().equals(name);
                if (isChosen || isTailCalled(object, program)) {
                    LoadedProgram loaded = load(machine, object, program);
                    chosen = isChosen ? loaded : chosen;
                    type = isChosen ? program.type() : type;
                }
            }
            assertThat(chosen).as(name).isNotNull();
            byte[] input = type == ProgType.SYSCALL ? new byte[0] : new byte[64];
            RunResult result = machine.run(Objects.requireNonNull(chosen), input, 0, 1);
            assertThat(result.fault()).as("fault of %s", name).isNull();
            String maps = new MapsAsText(machine.cpus().get(0)).of(machine.maps(object));
            return new Answer(object.fileName(), name, Integer.toString((int) result.r0()), maps);
        }
    }

    private static boolean isTailCalled(ProgramObject object, Program program) {
        return object.maps().stream().anyMatch(map -> map.slots().stream()
                .anyMatch(slot -> slot.target().equals(program.name())));
    }

    private static LoadedProgram load(Machine machine, ProgramObject object, Program program) throws Exception {
        Verdict verdict =
                Verifier.verify(object, program, new VerifierOptions(false, Btf.EMPTY, VerifierOptions.INSN_LIMIT));
        assertThat(verdict)
                .as(
                        "%s: %s",
                        program.name(), verdict instanceof Verdict.Rejected rejected ? rejected.message() : verdict)
                .isInstanceOf(Verdict.Accepted.class);
        return machine.load(((Verdict.Accepted) verdict).program());
    }
}
