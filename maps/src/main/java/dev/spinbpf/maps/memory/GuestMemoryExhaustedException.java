package dev.spinbpf.maps.memory;

/** Guest memory could not be handed out: an arena's limit or the address space is used up. */
public final class GuestMemoryExhaustedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what was wanted and what there is */
    public GuestMemoryExhaustedException(String message) {
        super(message);
    }
}
