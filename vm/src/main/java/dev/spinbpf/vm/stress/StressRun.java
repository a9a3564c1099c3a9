package dev.spinbpf.vm.stress;

/** A stress run of a workload. Once closed, or finished, it cannot be started again: prepare another. */
public sealed interface StressRun extends AutoCloseable permits ModeDriver, WorkloadRun {
    /**
     * Prepares a run: loads what the workload names. Nothing runs yet.
     *
     * @throws WorkloadException where an object cannot be read, or a map cannot be filled
     * @throws IllegalArgumentException where the numbers of the workload do not fit each other
     */
    static StressRun prepare(WorkloadSpec spec) throws WorkloadException {
        return switch (spec) {
            case ModeOptions mode -> new ModeDriver(mode);
            case ProgramWorkload programs -> WorkloadRun.prepare(programs);
        };
    }

    /** Starts all CPUs; returns at once. */
    void start();

    /** Waits until the workload's duration is over or {@link #stop} is called. */
    void await() throws InterruptedException;

    /** Tells all CPUs to stop; {@link #await} then returns. Any thread may call it. */
    void stop();

    /** Returns true from {@link #start} until the CPUs are to stop. */
    boolean isRunning();

    /** Frees the run's memory; the CPUs must have been stopped, by the method that makes the last report. */
    @Override
    void close();
}
