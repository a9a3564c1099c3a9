package dev.spinbpf.maps.sched;

import org.jspecify.annotations.Nullable;

/**
 * A run in which a strand failed, a final check failed, or which did not end; carries the schedule that leads there.
 */
public final class ScheduleFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Schedule schedule;
    private final transient Throwable reason;
    private transient @Nullable Timeline timeline;
    private String explanation = "";

    ScheduleFailure(String message, Schedule schedule, Throwable cause) {
        super(message + "; schedule: \"" + schedule + "\"", cause);
        this.schedule = schedule;
        this.reason = cause;
    }

    /** The choices that lead to the failure: the simplest ones found where an exploration failed. */
    public Schedule schedule() {
        return schedule;
    }

    /** Returns true where the run did not end, rather than that a strand or a check failed. */
    public boolean isEndless() {
        return reason instanceof Endless;
    }

    /** The failure of a run that does not end. */
    static final class Endless extends AssertionError {
        private static final long serialVersionUID = 1L;

        Endless(String message) {
            super(message);
        }
    }

    /** Returns the failure that the schedule led to. */
    Throwable reason() {
        return reason;
    }

    /** Returns the run's events, step by step, where the schedule was shrunk. */
    public @Nullable Timeline timeline() {
        return timeline;
    }

    /** Adds the record of the shrunk run and what it was shrunk from. */
    void explain(Simulation run, ScheduleFailure original) {
        timeline = run.timeline();
        explanation = "\nshrunk to " + run.disturbances() + " preemptions and interrupts and " + run.switches()
                + " switches from the schedule \"" + original.schedule + "\":\n" + timeline;
    }

    @Override
    public String getMessage() {
        return super.getMessage() + explanation;
    }
}
