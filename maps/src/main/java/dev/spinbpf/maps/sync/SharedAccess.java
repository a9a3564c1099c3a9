package dev.spinbpf.maps.sync;

/** The access that a strand is about to make at a {@link SchedulePoint}. */
public enum SharedAccess {
    /** Load a shared word. */
    READ,
    /** Store to a shared word. */
    WRITE,
    /** Read and write a shared word in one atomic step. */
    READ_MODIFY_WRITE,
    /** Load without any ordering: a program's load, which the compiler may have made of a variable or of READ_ONCE. */
    PLAIN_READ,
    /** Store without any ordering: a program's store. */
    PLAIN_WRITE,
    /** Read and write in one atomic step that orders nothing else. */
    RELAXED_READ_MODIFY_WRITE,
    /** Copy out of memory or compare with it, in the middle of a map operation. */
    COPY_READ,
    /** Copy into memory in the middle of a map operation. */
    COPY_WRITE,
    /** Look again at a word that did not hold what the strand waits for: nothing to do before it or time changes. */
    WAIT,
    /** Disable interrupts, which may land before it and not after. */
    MASK,
    /** Touch nothing shared; a place where an interrupt may land. */
    POLL;

    /** Returns true where the word's value is used. */
    public boolean reads() {
        return switch (this) {
            case READ, READ_MODIFY_WRITE, PLAIN_READ, RELAXED_READ_MODIFY_WRITE, COPY_READ -> true;
            case WRITE, PLAIN_WRITE, COPY_WRITE, WAIT, MASK, POLL -> false;
        };
    }

    /** Returns true where the word changes. */
    public boolean writes() {
        return switch (this) {
            case WRITE, READ_MODIFY_WRITE, PLAIN_WRITE, RELAXED_READ_MODIFY_WRITE, COPY_WRITE -> true;
            case READ, PLAIN_READ, COPY_READ, WAIT, MASK, POLL -> false;
        };
    }
}
