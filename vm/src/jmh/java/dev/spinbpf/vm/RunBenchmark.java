package dev.spinbpf.vm;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A run of a compiled program of 20 instructions: by itself, and as one of many of {@link Machine#runOnMemory}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class RunBenchmark {
    private static final int REPEAT = 10_000;
    private static final byte[] MEMORY = new byte[Long.BYTES];
    private static final String TWENTY = """
            .program twenty "%s"
                r6 = r1
                r2 = *(u8 *)(r6 +0)
                r3 = *(u8 *)(r6 +1)
                r3 <<= 8
                r3 |= r2
                r4 = *(u32 *)(r6 +4)
                r5 = r4
                r5 >>= 16
                r4 ^= r5
                r4 &= 255
                if r3 == 17 goto other
                r4 += r3
                r4 += 1
            other:
                r7 = r10
                r7 += -8
                *(u64 *)(r7 +0) = r4
                r0 = *(u64 *)(r7 +0)
                r0 &= 3
                *(u8 *)(r6 +2) = r0
                exit
            """;

    /** The program's section, which decides on its guard. */
    @Param({"syscall", "tc", "perf_event", "fentry/htab_map_update_elem"})
    public String section;

    private Machine machine;
    private CpuContext context;
    private LoadedProgram program;
    private long memory;

    @Setup
    public void load() throws Exception {
        ProgramObject object =
                Assembler.assemble("twenty.bpfasm", TWENTY.formatted(section).getBytes(StandardCharsets.UTF_8));
        machine = new Machine(MachineOptions.ofCpus(1).withJit(JitMode.ALWAYS));
        program = machine.loadUnverified(object, object.programs().getFirst());
        context = machine.context(0);
        memory = context.area().address();
    }

    @TearDown
    public void close() {
        machine.close();
    }

    /** The run alone. */
    @Benchmark
    public long run() {
        return context.run(program, memory);
    }

    /** A run with its input of eight bytes, two readings of the clock, and what may have to happen between two runs. */
    @Benchmark
    @OperationsPerInvocation(REPEAT)
    public RunResult repeat() {
        return machine.runOnMemory(program, MEMORY, 0, REPEAT);
    }

    /** The input and the two readings of the clock. */
    @Benchmark
    public long inputAndClock() {
        GuestMemory.copyIn(MEMORY, 0, memory, MEMORY.length);
        return System.nanoTime() - System.nanoTime();
    }
}
