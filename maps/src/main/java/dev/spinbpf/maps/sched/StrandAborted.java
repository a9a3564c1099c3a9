package dev.spinbpf.maps.sched;

/** Unwinds the strands of a run that has failed already. */
final class StrandAborted extends Error {
    private static final long serialVersionUID = 1L;

    StrandAborted() {
        super("the run has failed", null, false, false);
    }
}
