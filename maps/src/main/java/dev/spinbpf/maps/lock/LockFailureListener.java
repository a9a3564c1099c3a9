package dev.spinbpf.maps.lock;

/** Is told of each lock that could not be taken, on the thread of the CPU that tried, in its context. */
@FunctionalInterface
public interface LockFailureListener {
    void lockFailed(LockFailure failure);
}
