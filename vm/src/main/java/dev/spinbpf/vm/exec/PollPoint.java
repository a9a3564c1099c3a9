package dev.spinbpf.vm.exec;

/** What an execution does between instructions every now and then: take interrupts, notice that it is to stop. */
@FunctionalInterface
public interface PollPoint {
    /** May run other programs on top of this one, and may raise {@link TrapException} to stop it. */
    void poll(Execution run);
}
