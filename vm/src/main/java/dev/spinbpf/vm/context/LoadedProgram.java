package dev.spinbpf.vm.context;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.ContextArgument;
import dev.spinbpf.vm.exec.Code;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A program of a machine, ready to run. */
public final class LoadedProgram {
    private static final int PADDING = 16;

    private final Code code;
    private final int handle;
    private final boolean isGuardShared;
    private final boolean isGuarded;
    private final ProgramStats stats;
    private final List<ContextArgument> arguments;
    private final int[] activeByCpu;
    private volatile @Nullable Surround surround;
    private volatile boolean isSurrounded;
    private final Running[] runningByLevel = new Running[ContextLevel.count()];

    /**
     * A program that runs.
     *
     * @param program the program
     * @param level the context in which its run began
     */
    public record Running(LoadedProgram program, ContextLevel level) {}

    /**
     * @param handle what program arrays hold
     * @param cpus how many CPUs the machine has
     * @param arguments what the program attaches to is called with, as far as that is known
     */
    public LoadedProgram(Code code, int handle, int cpus, List<ContextArgument> arguments) {
        this.code = code;
        this.arguments = arguments;
        this.handle = handle;
        RecursionGuard guard = RecursionGuard.of(code.program().type());
        this.isGuarded = guard != RecursionGuard.NONE;
        this.isGuardShared = guard == RecursionGuard.SHARED;
        this.stats = new ProgramStats(cpus);
        this.activeByCpu = new int[cpus * PADDING];
        for (ContextLevel level : ContextLevel.values()) {
            runningByLevel[level.ordinal()] = new Running(this, level);
        }
    }

    /** Runs where the program begins and where it has returned, on top of it. */
    @FunctionalInterface
    public interface Surround {
        /**
         * Passes the entry or exit of a program.
         *
         * @param entered whether it is the entry
         */
        void pass(Cpu cpu, boolean entered);
    }

    /** Sets what runs at the program's entry and exit. */
    public void surround(Surround value) {
        surround = value;
        isSurrounded = true;
    }

    /** Returns true where something runs at the program's entry and exit. */
    boolean isSurrounded() {
        return isSurrounded;
    }

    /** Runs what there is at the entry or exit. */
    void passSurround(Cpu cpu, boolean entered) {
        Surround here = surround;
        if (here != null) {
            here.pass(cpu, entered);
        }
    }

    public Code code() {
        return code;
    }

    public Program program() {
        return code.program();
    }

    public String name() {
        return program().name();
    }

    /**
     * Returns what the program uses that is not built here, each in words: {@code helper bpf_xyz#1 is not supported}. A
     * run that comes to it ends with a fault that says the same.
     */
    public List<String> missing() {
        return code.missing();
    }

    /** Returns the arguments of what the program attaches to; none where nothing is known of them. */
    public List<ContextArgument> arguments() {
        return arguments;
    }

    /** Returns the handle that program arrays hold. */
    public int handle() {
        return handle;
    }

    public ProgramStats stats() {
        return stats;
    }

    /** Returns the program as it runs at a level: the same object each time. */
    Running runningAt(ContextLevel level) {
        return runningByLevel[level.ordinal()];
    }

    /** Raises the guard; false where the program must not run, and the guard is still to be lowered. */
    boolean enter(Cpu cpu) {
        if (!isGuarded) {
            return true;
        }
        return isGuardShared ? cpu.enterGuard() == 1 : ++activeByCpu[cpu.id() * PADDING] == 1;
    }

    void leave(Cpu cpu) {
        if (!isGuarded) {
            return;
        }
        if (isGuardShared) {
            cpu.leaveGuard();
        } else {
            activeByCpu[cpu.id() * PADDING]--;
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
