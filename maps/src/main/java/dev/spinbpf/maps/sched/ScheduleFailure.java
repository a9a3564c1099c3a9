package dev.spinbpf.maps.sched;

/** A run in which a strand failed, a final check failed, or which did not end; carries the schedule that leads there. */
public final class ScheduleFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Schedule schedule;

    ScheduleFailure(String message, Schedule schedule, Throwable cause) {
        super(message + "; schedule: \"" + schedule + "\"", cause);
        this.schedule = schedule;
    }

    /** The choices that lead to the failure. */
    public Schedule schedule() {
        return schedule;
    }
}
