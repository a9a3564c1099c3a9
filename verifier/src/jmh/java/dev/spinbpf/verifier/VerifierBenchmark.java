package dev.spinbpf.verifier;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Verifies one program again and again: instructions a second, as Linux counts them. Without {@code -p file=OBJECT -p
 * program=NAME} it is a loop of 2,000 rounds with arithmetic, a spilled register and a branch that may go either way.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@Warmup(iterations = 5, time = 4)
@Measurement(iterations = 5, time = 4)
@Fork(1)
public class VerifierBenchmark {
    private static final int ROUNDS = 2_000;
    private static final int LINES = 12;

    @Param("")
    public String file = "";

    @Param("p")
    public String program = "p";

    private ProgramObject object;
    private Program chosen;

    /** The work of an iteration. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Counts {
        /** Instructions walked. */
        public long insns;
    }

    @Setup
    public void read() throws Exception {
        object = file.isEmpty()
                ? Assembler.assemble("loop", loop())
                : ObjectReader.read(Path.of(file), ReadOptions.DEFAULT);
        chosen = object.programs().stream()
                .filter(candidate -> candidate.name().equals(program))
                .findFirst()
                .orElseThrow();
    }

    private static String loop() {
        var text =
                new StringBuilder(".license \"GPL\"\n.program p \"tc\"\ncall bpf_get_prandom_u32\nr6 = r0\nr8 = 0\n");
        text.append("round:\n*(u64 *)(r10 -8) = r6\nr7 = *(u64 *)(r10 -8)\n");
        for (int line = 0; line < LINES; line++) {
            text.append("r1 = r7\nr1 &= 0xff\nr1 <<= 3\nr2 = r1\nr2 += r8\nr7 ^= r2\n");
        }
        return text.append(
                        "if r7 > 100 goto on\nr7 += 1\non:\nr8 += 1\nif r8 < " + ROUNDS + " goto round\nr0 = 0\nexit\n")
                .toString();
    }

    @Benchmark
    public Verdict verify(Counts counts) {
        Verdict verdict = Verifier.verify(object, chosen, VerifierOptions.DEFAULT);
        counts.insns += verdict.stats().insns();
        return verdict;
    }
}
