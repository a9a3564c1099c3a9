package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressOptions;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Arenas beyond what {@link LinuxResultsTest} compares with Linux. */
class ArenaTest {
    private static final int TOTAL = 8;
    private static final int MISSED = 16;

    private static ProgramObject object() throws Exception {
        try (InputStream stream = ArenaTest.class.getResourceAsStream("arena/arena.bpf.o")) {
            return ObjectReader.read(
                    "arena.bpf.o", Objects.requireNonNull(stream).readAllBytes(), ReadOptions.DEFAULT);
        }
    }

    private static LoadedProgram load(Machine machine, ProgramObject object, String name) throws Exception {
        for (Program program : object.programs()) {
            if (program.name().equals(name)
                    && Verifier.verify(object, program, VerifierOptions.DEFAULT) instanceof Verdict.Accepted accepted) {
                return machine.load(accepted.program());
            }
        }
        throw new AssertionError(name + " is refused");
    }

    private static ArenaMap arena(Machine machine, ProgramObject object) throws Exception {
        return (ArenaMap) machine.maps(object).getFirst();
    }

    private static long variable(ArenaMap arena, int offset) {
        byte[] bytes = arena.read(arena.variables() + offset, Long.BYTES);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    @ParameterizedTest
    @CsvSource({"frees_at_once, 1", "frees_later, 6"})
    void shouldFreeWhenTheContextAllowsIt(String name, long expected) throws Exception {
        ProgramObject object = object();
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            RunResult result = machine.run(load(machine, object, name), new byte[0], 0, 20);
            assertThat(result.r0()).isEqualTo(expected);
            assertThat(arena(machine, object).entryCount()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = JitMode.class,
            names = {"NEVER", "ALWAYS"})
    void shouldReportAccessesToPagesThatAreNotThere(JitMode jit) throws Exception {
        ProgramObject object = object();
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withJit(jit))) {
            LoadedProgram stray = load(machine, object, "stray");
            assertThat(machine.run(stray, new byte[64], 0, 1).r0()).isZero();
            String address = Long.toHexString(arena(machine, object).variables() + TOTAL + 4096 * Long.BYTES);
            String report = stray.code().err().read();
            assertThat(report)
                    .startsWith("ERROR: Arena WRITE access at unmapped address 0x" + address + "\nCPU: 0 UID: 0 PID: ")
                    .contains("\n\nERROR: Arena READ access at unmapped address 0x" + address)
                    .contains("Call trace:\nstray+0x")
                    .contains("*beyond = 1;")
                    .contains("return *beyond;");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = JitMode.class,
            names = {"NEVER", "ALWAYS"})
    void aLockInTheArenaShouldKeepCpusApart(JitMode jit) throws Exception {
        ProgramObject object = object();
        try (Machine machine = new Machine(MachineOptions.ofCpus(2).withJit(jit))) {
            LoadedProgram counts = load(machine, object, "counts");
            machine.attach(counts);
            ArenaMap arena = arena(machine, object);
            // On a busy machine a round may end before the program is compiled and has run.
            int rounds = 0;
            while (variable(arena, TOTAL) == 0) {
                new StressDriver(machine, StressOptions.DEFAULT.withDuration(Duration.ofMillis(300))).run();
                rounds++;
            }
            long ended = Arrays.stream(ContextLevel.values())
                    .mapToLong(counts.stats()::runs)
                    .sum();
            // The end of a round may stop a run on each CPU between its count and its exit.
            assertThat(variable(arena, TOTAL) + variable(arena, MISSED)).isBetween(ended, ended + 2L * rounds);
        }
    }

    @Test
    void aSavedArenaShouldComeBack() throws Exception {
        ProgramObject object = object();
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            LoadedProgram counts = load(machine, object, "counts");
            ArenaMap arena = arena(machine, object);
            var image = Objects.requireNonNull(arena.save(1 << 20));
            machine.run(counts, new byte[64], 0, 3);
            assertThat(variable(arena, TOTAL)).isEqualTo(3);
            arena.restore(image);
            assertThat(variable(arena, TOTAL)).isZero();
        }
    }
}
