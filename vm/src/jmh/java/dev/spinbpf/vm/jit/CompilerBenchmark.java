package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.InsnDecoder;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.EnginePair;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Makes the class of a generated program, its definition as a hidden class included; HotSpot's own compilation comes later. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class CompilerBenchmark {
    /** Instructions of the program. */
    @Param({"20", "100", "1000", "4000"})
    public int insns;

    private EnginePair engines;
    private Code code;

    @Setup
    public void generate() throws Exception {
        engines = EnginePair.masked();
        code = engines.program(InsnDecoder.decode(GeneratedProgram.bytes(insns, 1)))
                .compiled();
    }

    @TearDown
    public void close() {
        engines.close();
    }

    @Benchmark
    public Object compile() throws Exception {
        return Compiler.compile(code, AccessMode.MASKED);
    }
}
