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
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Programs that give, on 64 zero bytes, the R0 that Linux gave, interpreted, compiled and observed; the README in {@code
 * linux} says how to ask it.
 */
class LinuxResultsTest {
    private static final int PACKET_BYTES = 64;
    private static final List<MachineOptions> MACHINES = List.of(
            MachineOptions.ofCpus(2).withJit(JitMode.NEVER),
            MachineOptions.ofCpus(2).withJit(JitMode.ALWAYS),
            MachineOptions.ofCpus(2).withJit(JitMode.CHECKED),
            MachineOptions.ofCpus(2).withObservation());

    private static byte[] resource(String name) throws IOException {
        try (InputStream stream = LinuxResultsTest.class.getResourceAsStream("linux/results/" + name)) {
            assertThat(stream).as(name).isNotNull();
            return stream.readAllBytes();
        }
    }

    @TestFactory
    Stream<DynamicTest> shouldReturnWhatLinuxReturns() throws Exception {
        List<DynamicTest> tests = new ArrayList<>();
        String table = new String(resource("results.tsv"), StandardCharsets.UTF_8);
        for (String line : table.lines().skip(1).toList()) {
            List<String> columns = List.of(line.split("\t", -1));
            String file = columns.get(0);
            ProgramObject object = ObjectReader.read(file, resource(file), ReadOptions.DEFAULT);
            for (MachineOptions options : MACHINES) {
                String name = file + " " + columns.get(1) + (options.observed() ? " observed" : " " + options.jit());
                tests.add(DynamicTest.dynamicTest(name, () -> assertThat(run(object, columns.get(1), options))
                        .isEqualTo(columns.get(2))));
            }
        }
        return tests.stream();
    }

    private static String run(ProgramObject object, String name, MachineOptions options) throws Exception {
        for (Program program : object.programs()) {
            if (program.name().equals(name)
                    && Verifier.verify(object, program, VerifierOptions.DEFAULT) instanceof Verdict.Accepted accepted) {
                try (Machine machine = new Machine(options)) {
                    RunResult result = machine.run(machine.load(accepted.program()), new byte[PACKET_BYTES], 0, 1);
                    return result.fault() == null
                            ? Integer.toString((int) result.r0())
                            : result.fault().reason();
                }
            }
        }
        return "no such program, or it is refused";
    }
}
