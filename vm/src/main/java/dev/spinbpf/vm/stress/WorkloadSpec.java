package dev.spinbpf.vm.stress;

import java.time.Duration;

/**
 * A workload: everything that decides a stress run, as an immutable value. It holds the contents of files, and names
 * files only for messages.
 */
public sealed interface WorkloadSpec permits ModeOptions, ProgramWorkload {
    /** Returns how many emulated CPUs there are. */
    int cpus();

    /** Returns the seed of all random choices. */
    long seed();

    /** Returns the length of the run; {@link StressOptions#FOREVER} until it is stopped. */
    Duration duration();

    /** Returns the same workload with another length. */
    WorkloadSpec withDuration(Duration value);

    /** Returns the same workload with another seed. */
    WorkloadSpec withSeed(long value);
}
