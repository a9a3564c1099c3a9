package dev.spinbpf.vm.task;

import org.jspecify.annotations.Nullable;

/** The place of a task among those that wait for CPUs, under the lock of {@link DispatchQueues}. */
final class TaskState {
    State state = State.ABSENT;

    @Nullable
    DispatchQueue queue;

    /** The virtual time by which it stands in its queue, and the number of its insertion. */
    long virtualTime;

    long number;

    /** The queue that it is to come to when the call that hands it to the scheduler has returned. */
    @Nullable
    Target direct;

    /** Sleeping, waiting or running, as the scheduler sees the task. */
    enum State {
        /** No scheduler of programs has it. */
        ABSENT,
        /** It sleeps. */
        SLEEPING,
        /** A call hands it to the scheduler right now. */
        ARRIVING,
        /** The scheduler's programs have it, in whatever they keep. */
        OWNED,
        /** It waits in a dispatch queue. */
        QUEUED,
        /** A CPU runs it. */
        RUNNING
    }

    /**
     * A place in a queue.
     *
     * @param id the queue's number as the program gave it
     * @param cpu the CPU that asked
     * @param order what it stands there by
     */
    record Target(long id, int cpu, DispatchQueues.Order order) {}
}
