package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Insn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs a program in both engines, on the same memory. */
public final class EnginePair implements AutoCloseable {
    private static final int MOST_MEMORY = 1 << 16;

    private final Snippet interpreter = new Snippet();
    private final Snippet compiler;
    private final long memory = interpreter.arena.allocate(MOST_MEMORY);
    private @Nullable Fault fault;

    /** With an interpreter, and a compiler whose accesses are checked. */
    public EnginePair() {
        this(Snippet.Engine.COMPILER);
    }

    private EnginePair(Snippet.Engine compiled) {
        compiler = new Snippet(compiled);
    }

    /** With an interpreter, and a compiler whose accesses are masked. */
    public static EnginePair masked() {
        return new EnginePair(Snippet.Engine.MASKED_COMPILER);
    }

    /** A program for both engines. */
    public static final class Program {
        private final Code interpreted;
        private final Code compiled;

        private Program(Code interpreted, Code compiled) {
            this.interpreted = interpreted;
            this.compiled = compiled;
        }

        /** Returns the program that is compiled. */
        public Code compiled() {
            return compiled;
        }
    }

    /** Makes a program ready to run. */
    public Program program(List<Insn> insns) {
        return new Program(interpreter.code(insns), compiler.code(insns));
    }

    /** Ends the next run after so many instructions. */
    public void budget(long insns) {
        interpreter.run.budget(insns);
    }

    /** Runs a program interpreted, with r1 pointing to memory that holds these bytes; returns r0. */
    public long interpret(Program program, byte[] bytes) {
        return run(program.interpreted, bytes);
    }

    /** The same, compiled. */
    public long runCompiled(Program program, byte[] bytes) {
        return run(program.compiled, bytes);
    }

    /** Both on one execution, so that the stack is at the same addresses. */
    private long run(Code code, byte[] bytes) {
        GuestMemory.copyIn(bytes, 0, memory, bytes.length);
        long result = interpreter.run.run(code, memory);
        fault = interpreter.run.fault();
        return result;
    }

    /** Returns the fault that ended the last run, or null. */
    public @Nullable Fault fault() {
        return fault;
    }

    /** Returns how many instructions the last run executed. */
    public long executed() {
        return interpreter.run.executed();
    }

    /** Returns what the memory holds after the last run. */
    public byte[] memory(int sizeBytes) {
        byte[] bytes = new byte[sizeBytes];
        GuestMemory.copyOut(memory, bytes, 0, sizeBytes);
        return bytes;
    }

    @Override
    public void close() {
        interpreter.close();
        compiler.close();
    }
}
