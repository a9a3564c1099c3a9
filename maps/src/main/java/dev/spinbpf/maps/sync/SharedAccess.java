package dev.spinbpf.maps.sync;

/** The access that a strand is about to make at a {@link SchedulePoint}. */
public enum SharedAccess {
    /** Load a shared word. */
    READ,
    /** Store to a shared word. */
    WRITE,
    /** Read and write a shared word in one atomic step. */
    READ_MODIFY_WRITE,
    /** Look again at a word that did not hold what the strand waits for: nothing to do before it or time changes. */
    WAIT,
    /** Touch nothing shared; a place where an interrupt may land. */
    POLL
}
