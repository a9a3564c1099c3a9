package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.memory.GuestArena;

/** The state that helpers keep for each CPU. Confined to the CPU's thread; contexts that nest use it as a stack. */
final class CpuLocal {
    private static final int SCRATCH_SIZE = 64 << 10;
    private static final long RANDOM_STEP = 0x9E3779B97F4A7C15L;

    private final GuestArena arena;
    private final LaterWork later = new LaterWork();
    private long scratch;
    private long sessionCookie;
    private int hookResult;
    private long scratchUsed;
    private long randomState;
    private long randomStep = RANDOM_STEP;

    CpuLocal(GuestArena arena, long seed) {
        this.arena = arena;
        this.randomState = seed;
    }

    /** Makes it as it was at first, with a seed; where {@code same} is set all random numbers are one. */
    void rewind(long seed, boolean same) {
        randomState = seed;
        randomStep = same ? 0 : RANDOM_STEP;
        scratchUsed = 0;
        later.clear();
    }

    LaterWork later() {
        return later;
    }

    /** Returns the result that the programs of a hook have set, for those that come after. */
    int hookResult() {
        return hookResult;
    }

    void hookResult(int value) {
        hookResult = value;
    }

    /** The address of the word that the programs of a session share. */
    long sessionCookie() {
        if (sessionCookie == 0) {
            sessionCookie = arena.allocate(Long.BYTES);
        }
        return sessionCookie;
    }

    /** The next random number: SplitMix64, so that a seed repeats. */
    int random() {
        randomState += randomStep;
        long mixed = (randomState ^ randomState >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return (int) (mixed ^ mixed >>> 31);
    }

    /** Takes guest memory that {@link #pop} releases with the same size, last taken first; 0 where none is left. */
    long push(int sizeBytes) {
        if (scratch == 0) {
            scratch = arena.allocate(SCRATCH_SIZE);
        }
        long size = sizeBytes + 7L & ~7L;
        if (scratchUsed + size > SCRATCH_SIZE) {
            return 0;
        }
        long address = scratch + scratchUsed;
        scratchUsed += size;
        return address;
    }

    void pop(int sizeBytes) {
        scratchUsed -= sizeBytes + 7L & ~7L;
    }
}
