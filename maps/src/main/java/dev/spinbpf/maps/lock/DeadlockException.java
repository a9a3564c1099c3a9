package dev.spinbpf.maps.lock;

/** Thrown on a CPU that waits for a lock without limit, once it is known that CPUs of its machine can never go on. */
public final class DeadlockException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DeadlockException() {
        super("deadlock", null, false, false);
    }
}
