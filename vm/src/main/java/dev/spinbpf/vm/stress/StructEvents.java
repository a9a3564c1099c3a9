package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.context.LoadedProgram;

/** The calls of a struct of functions that programs implement, in the order in which the kernel makes them. */
interface StructEvents {
    /**
     * Adds a program for a member.
     *
     * @return false where the member has one already
     */
    boolean add(String member, LoadedProgram program);

    void remove(LoadedProgram program);

    /** Makes the next call or calls on a CPU, from a task; false where there is nothing to do. */
    boolean step(Cpu cpu);

    /** Returns true where it decides which task a CPU runs. */
    boolean schedules();

    /** Makes the last calls, on the first CPU, when no other runs any more. */
    void end(Cpu cpu);
}
