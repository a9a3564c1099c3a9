package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.KernelLimits;
import org.jspecify.annotations.Nullable;

/** Runs programs an instruction at a time, and shows what their frames hold before each but the first. */
public final class SteppedRun {
    private final Execution run;
    private boolean inHelper;

    /** @param arena where the stack is allocated */
    public SteppedRun(GuestArena arena) {
        run = new Execution(new Cpus(1, Clock.REAL).get(0), arena.allocate(Execution.STACK_SIZE));
        run.slice = 1;
    }

    /**
     * Runs a program.
     *
     * @param budget most instructions
     * @param watcher runs before each instruction but the first
     * @return why the run was stopped; null if the program exited or used up the budget
     */
    public @Nullable Fault run(Code code, long context, long budget, Runnable watcher) {
        run.pollPoint(at -> {
            if (!inHelper) {
                watcher.run();
            }
            inHelper = false;
        });
        run.budget(budget);
        run.run(code, context);
        Fault fault = run.fault();
        return fault == null || run.budget <= 0 ? null : fault;
    }

    /** Instructions of the last run. */
    public long executed() {
        return run.executed();
    }

    /** To be called by helpers: the poll at their end comes in the middle of the call. */
    public void enterHelper() {
        inHelper = true;
    }

    /** The slot of the next instruction. */
    public int slot() {
        return run.slot();
    }

    /** Number of the innermost frame; 0 is the main function's. */
    public int currentFrame() {
        return run.depth;
    }

    /** The slot of the call that made the frame, which is not the outermost. */
    public int callsite(int frame) {
        return run.returnCode[frame - 1].slot(run.returnIndex[frame - 1] - 1);
    }

    /** The frame's r10. */
    public long framePointer(int frame) {
        return run.stackTop - (long) KernelLimits.MAX_BPF_STACK * frame;
    }

    /** A register of a frame; those that a call does not preserve are only there in the innermost one. */
    public long register(int frame, int number) {
        if (frame == run.depth) {
            return run.registers[number];
        }
        if (number < 6) {
            throw new IllegalArgumentException("r" + number + " is not preserved");
        }
        return number == Insn.FRAME_POINTER ? framePointer(frame) : run.saved[frame * Execution.SAVED + number - 6];
    }
}
