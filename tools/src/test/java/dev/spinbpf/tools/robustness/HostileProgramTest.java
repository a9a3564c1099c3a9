package dev.spinbpf.tools.robustness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.RunResult;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.TraceLog;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressOptions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that the verifier accepts and that want more time or memory than there is. */
class HostileProgramTest {
    /** Eight million times eight million turns, which no machine ends. */
    private static final String LOOPS = """
            .license "GPL"
            .program p "SECTION"
                r1 = 8388608
                r2 = subprog[outer]
                r3 = 0
                r4 = 0
                call bpf_loop
                r0 = 0
                exit
            .func outer(u32, ptr __sk_buff)
                r1 = 8388608
                r2 = subprog[inner]
                r3 = 0
                r4 = 0
                call bpf_loop
                r0 = 0
                exit
            .func inner(u32, ptr __sk_buff)
                INNER
                r0 = 0
                exit
            """;

    private static final String PRINTK =
            "*(u32 *)(r10 -8) = 0x000a78\nr1 = r10\nr1 += -8\nr2 = 4\ncall bpf_trace_printk";

    private static final VerifierOptions OPTIONS = new VerifierOptions(false, Btf.EMPTY, VerifierOptions.INSN_LIMIT);

    private static LoadedProgram load(Machine machine, String text) throws Exception {
        ProgramObject object = Assembler.assemble("hostile.bpfasm", text);
        Verdict verdict = Verifier.verify(object, object.programs().getFirst(), OPTIONS);
        assertThat(verdict).isInstanceOf(Verdict.Accepted.class);
        return machine.load(((Verdict.Accepted) verdict).program());
    }

    private static String loops(String section, String inner) {
        return LOOPS.replace("SECTION", section).replace("INNER", inner);
    }

    @ParameterizedTest
    @ValueSource(strings = {"syscall", "tc", "perf_event"})
    void shouldStopAnEndlessProgramWhenTheStressEnds(String section) throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(2))) {
            machine.attach(load(machine, loops(section, "")));
            StressOptions options = StressOptions.DEFAULT.withDuration(Duration.ofMillis(200));

            var report = new StressDriver(machine, options).run();

            assertThat(report.stuckCpus()).isEmpty();
        }
    }

    @Test
    void shouldStopAnEndlessRunWhenItsBudgetIsUsedUp() throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withInsnBudget(1_000_000))) {
            RunResult result = machine.run(load(machine, loops("syscall", "")), null, 0, 1);
            assertThat(result.fault()).isNotNull();
            assertThat(String.valueOf(result.fault())).contains("budget is used up");
        }
    }

    @Test
    void shouldKeepOnlyTheLastLinesOfAFloodOfOutput() throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withInsnBudget(500_000))) {
            machine.run(load(machine, loops("syscall", PRINTK)), null, 0, 1);
            assertThat(machine.traceLog().dropped()).isPositive();
            assertThat(machine.traceLog().read()).hasSize(TraceLog.CAPACITY);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "array, 4, 8, 2147483648, 0",
        "array, 4, 4096, 4294967295, 0",
        "hash, 4, 8, 2147483647, 0",
        "hash, 8, 4000000, 16777216, 0",
        "percpu_array, 4, 32768, 4294967295, 0",
        "percpu_hash, 8, 32768, 100000000, 0",
        "lru_hash, 4, 8, 500000000, 0",
        "queue, 0, 4096, 4294967295, 0",
        "stack, 0, 8, 4294967295, 0",
        "prog_array, 4, 4, 4294967295, 0",
        "array_of_maps, 4, 4, 4294967295, 0"
    })
    void shouldRefuseAMapThatDoesNotFit(String type, int keySize, int valueSize, long entries, int flags)
            throws Exception {
        String inner =
                type.equals("array_of_maps") ? ".inner i array\n    key 4\n    value 8\n    max_entries 1\n.end\n" : "";
        String map = ".map m %s\n    key %d\n    value %d\n    max_entries %d\n    flags %d\n"
                .formatted(type, keySize, valueSize, entries, flags);
        String text = ".license \"GPL\"\n" + map + inner + ".program p \"tc\"\n    r1 = map[m]\n    r0 = 0\n    exit\n";
        ProgramObject object = Assembler.assemble("hostile.bpfasm", text);
        switch (Verifier.verify(object, object.programs().getFirst(), OPTIONS)) {
            // What no kernel would create is refused before anything runs.
            case Verdict.Rejected rejected -> {
                assertThat(rejected.message()).startsWith("libbpf: map 'm': failed to create: -E2BIG");
                assertThat(rejected.errno()).isEqualTo(Errno.E2BIG);
            }
            case Verdict.Unsupported unsupported -> throw new AssertionError(unsupported);
            case Verdict.Accepted accepted -> {
                try (Machine machine = new Machine(MachineOptions.ofCpus(2))) {
                    Throwable refusal = catchThrowable(() -> machine.load(accepted.program()));
                    assertThat(refusal).isInstanceOf(MapCreationException.class).hasMessageContaining("map 'm': ");
                    assertThat(refusal.getMessage()).containsAnyOf("(ENOMEM)", "(E2BIG)");
                }
            }
        }
    }

    @Test
    void shouldRefuseTheMapsThatNoLongerFit() throws Exception {
        StringBuilder text = new StringBuilder(".license \"GPL\"\n");
        for (int i = 0; i < 100; i++) {
            text.append(".map m" + i + " array\n    key 4\n    value 4096\n    max_entries 1000000\n");
        }
        text.append(".program p \"tc\"\n    r1 = map[m0]\n    r0 = 0\n    exit\n");
        String firstToFail = mapThatDoesNotFit(text.toString());
        // What the maps before it took is free again.
        assertThat(mapThatDoesNotFit(text.toString())).isEqualTo(firstToFail);
    }

    private static String mapThatDoesNotFit(String text) {
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            Throwable refusal = catchThrowable(() -> load(machine, text));
            assertThat(refusal)
                    .isInstanceOf(MapCreationException.class)
                    .hasMessageContaining("ENOMEM")
                    .hasMessageContaining("free in the address space");
            return String.valueOf(refusal.getMessage()).replaceFirst("': .*", "");
        }
    }
}
