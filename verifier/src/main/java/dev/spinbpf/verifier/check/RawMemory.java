package dev.spinbpf.verifier.check;

/** A stack argument that a helper fills without reading it first; noted while the argument is checked, applied after. */
public final class RawMemory {
    private final int regno;
    private int sizeBytes;
    private boolean used;

    /** @param regno the argument's register */
    public RawMemory(int regno) {
        this.regno = regno;
    }

    public int regno() {
        return regno;
    }

    /** Number of bytes that the helper writes. */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** True if the argument points to the stack at a constant offset, so that each byte has to be marked as written. */
    public boolean isUsed() {
        return used;
    }

    void use(int bytes) {
        sizeBytes = bytes;
        used = true;
    }
}
