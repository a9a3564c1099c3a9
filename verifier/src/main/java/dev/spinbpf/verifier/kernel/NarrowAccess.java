package dev.spinbpf.verifier.kernel;

/** Loads of a part of a context's field. */
public final class NarrowAccess {
    private NarrowAccess() {}

    /** Whether a load of so many bytes lies within one field of the given size, aligned and of a size that is a power of 2. */
    public static boolean isAllowed(int off, int size, int fieldSize) {
        int within = off & (fieldSize - 1);
        return size <= fieldSize && (size & size - 1) == 0 && within + size <= fieldSize;
    }
}
