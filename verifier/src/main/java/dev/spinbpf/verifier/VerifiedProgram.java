package dev.spinbpf.verifier;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.util.BitSet;
import java.util.List;

/** A program that the verifier accepted. Only the verifier makes one; only such a program is loaded. */
public final class VerifiedProgram {
    private final ProgramObject object;
    private final Program program;
    private final Rewrites rewrites;
    private final List<ContextArgument> arguments;
    private final Btf kernelTypes;

    /** Slots of the instructions that run otherwise than they read. */
    record Rewrites(BitSet probes, BitSet arenaAccesses, BitSet arenaArithmetic, BitSet dead) {}

    VerifiedProgram(
            ProgramObject object,
            Program program,
            Rewrites rewrites,
            List<ContextArgument> arguments,
            Btf kernelTypes) {
        this.object = object;
        this.program = program;
        this.rewrites = rewrites;
        this.arguments = arguments;
        this.kernelTypes = kernelTypes;
    }

    /** The object that the program's map and kfunc indices refer to. */
    public ProgramObject object() {
        return object;
    }

    public Program program() {
        return program;
    }

    /**
     * Slots of the loads through pointers that may lead nowhere, as those to objects of the kernel do whose life nothing guards. Where
     * there is no memory such a load yields 0: Linux's {@code BPF_PROBE_MEM}.
     */
    public BitSet probes() {
        return (BitSet) rewrites.probes.clone();
    }

    /**
     * Returns the arguments of the function, tracepoint or member of a struct that the program attaches to by its types;
     * none for programs whose context is of another form.
     */
    public List<ContextArgument> arguments() {
        return arguments;
    }

    /** Returns the types that objects of the kernel have: the kernel's, or the object's own where those are not at hand. */
    public Btf kernelTypes() {
        return kernelTypes.size() > 1 ? kernelTypes : object.btf();
    }

    /** Slots of the loads, stores and atomic operations whose address is a pointer into the program's arena. */
    public BitSet arenaAccesses() {
        return (BitSet) rewrites.arenaAccesses.clone();
    }

    /** Slots of the instructions that no path comes to, which Linux removes; second slots of wide ones among them. */
    public BitSet dead() {
        return (BitSet) rewrites.dead.clone();
    }

    /** Slots of the 64-bit arithmetic on pointers into the arena, of which Linux makes arithmetic on their lower halves. */
    public BitSet arenaArithmetic() {
        return (BitSet) rewrites.arenaArithmetic.clone();
    }
}
