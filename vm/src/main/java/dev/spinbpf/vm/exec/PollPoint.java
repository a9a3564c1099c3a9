package dev.spinbpf.vm.exec;

/** The work of an execution between instructions, every now and then: take interrupts, notice that it is to stop. */
@FunctionalInterface
public interface PollPoint {
    /** May run other programs on top of this one, and may raise {@link TrapException} to stop it. */
    void poll(Execution run);
}
