package dev.spinbpf.vm.stress;

/** Thrown when a workload cannot be prepared; the message names the object or map, and the reason. */
public final class WorkloadException extends Exception {
    private static final long serialVersionUID = 1L;

    public WorkloadException(String message) {
        super(message);
    }
}
