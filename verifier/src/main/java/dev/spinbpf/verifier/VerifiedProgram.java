package dev.spinbpf.verifier;

import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.util.BitSet;

/** A program that the verifier accepted. Only the verifier makes one; only such a program is loaded. */
public final class VerifiedProgram {
    private final ProgramObject object;
    private final Program program;
    private final BitSet probes;
    private final BitSet arenaAccesses;
    private final BitSet arenaArithmetic;

    VerifiedProgram(
            ProgramObject object, Program program, BitSet probes, BitSet arenaAccesses, BitSet arenaArithmetic) {
        this.object = object;
        this.program = program;
        this.probes = probes;
        this.arenaAccesses = arenaAccesses;
        this.arenaArithmetic = arenaArithmetic;
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
        return (BitSet) probes.clone();
    }

    /** Slots of the loads, stores and atomic operations whose address is a pointer into the program's arena. */
    public BitSet arenaAccesses() {
        return (BitSet) arenaAccesses.clone();
    }

    /** Slots of the 64-bit arithmetic on pointers into the arena, of which Linux makes arithmetic on their lower halves. */
    public BitSet arenaArithmetic() {
        return (BitSet) arenaArithmetic.clone();
    }
}
