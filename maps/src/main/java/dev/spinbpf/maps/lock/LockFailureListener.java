package dev.spinbpf.maps.lock;

/** Called for each lock that could not be taken, on the thread of the CPU that tried, in its context. */
@FunctionalInterface
public interface LockFailureListener {
    void lockFailed(LockFailure failure);
}
