package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.vm.task.TaskSpec;
import java.util.List;

/**
 * The properties of a machine to build.
 *
 * @param cpus how many emulated CPUs
 * @param clock what they read the time from
 * @param seed of random numbers: those that programs draw, and hash functions
 * @param testAndSet whether locks are test-and-set locks rather than queued ones
 * @param insnBudget most instructions that one program run may execute
 * @param heldTimesInterval of how many acquisitions of a lock, on average, one is timed until its release; 0 for none
 * @param jit when programs are compiled
 * @param observed whether accesses of programs to memory pass schedule points, for simulations; programs are interpreted
 *     then
 * @param tasks tasks besides those of the CPUs
 */
public record MachineOptions(
        int cpus,
        Clock clock,
        long seed,
        boolean testAndSet,
        long insnBudget,
        int heldTimesInterval,
        JitMode jit,
        boolean observed,
        List<TaskSpec> tasks) {
    /** Instructions after which a run is taken to run for ever. */
    public static final long DEFAULT_INSN_BUDGET = 4_000_000_000L;

    /** Queued locks, real time. */
    public static MachineOptions ofCpus(int cpus) {
        return new MachineOptions(
                cpus, Clock.REAL, 1, false, DEFAULT_INSN_BUDGET, 0, JitMode.ofProperty(), false, List.of());
    }

    public MachineOptions withSeed(long value) {
        return new MachineOptions(cpus, clock, value, testAndSet, insnBudget, heldTimesInterval, jit, observed, tasks);
    }

    public MachineOptions withClock(Clock value) {
        return new MachineOptions(cpus, value, seed, testAndSet, insnBudget, heldTimesInterval, jit, observed, tasks);
    }

    public MachineOptions withTestAndSet(boolean value) {
        return new MachineOptions(cpus, clock, seed, value, insnBudget, heldTimesInterval, jit, observed, tasks);
    }

    public MachineOptions withInsnBudget(long value) {
        return new MachineOptions(cpus, clock, seed, testAndSet, value, heldTimesInterval, jit, observed, tasks);
    }

    public MachineOptions withHeldTimesInterval(int value) {
        return new MachineOptions(cpus, clock, seed, testAndSet, insnBudget, value, jit, observed, tasks);
    }

    public MachineOptions withJit(JitMode value) {
        return new MachineOptions(cpus, clock, seed, testAndSet, insnBudget, heldTimesInterval, value, observed, tasks);
    }

    /** The same machine with other tasks besides those of the CPUs. */
    public MachineOptions withTasks(List<TaskSpec> value) {
        return new MachineOptions(
                cpus, clock, seed, testAndSet, insnBudget, heldTimesInterval, jit, observed, List.copyOf(value));
    }

    /** A machine whose programs are simulated; see {@link #observed}. */
    public MachineOptions withObservation() {
        return new MachineOptions(
                cpus, clock, seed, testAndSet, insnBudget, heldTimesInterval, JitMode.NEVER, true, tasks);
    }
}
