package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Guest memory for the states of stress tests, which come in great numbers and say nothing when they are done with: as many slots
 * as there are ever states at a time, handed out in turn.
 */
final class GuestSlots {
    /** The size of a slot. */
    static final int SIZE_BYTES = 64;

    private static final int COUNT = 1 << 19;
    private static final GuestArena ARENA = new GuestArena("stress");
    private static final long BASE = ARENA.allocate((long) COUNT * SIZE_BYTES);
    private static final AtomicInteger NEXT = new AtomicInteger();

    private GuestSlots() {}

    /** The address of a slot that is all zero. */
    static long take() {
        long slot = BASE + (long) (NEXT.getAndIncrement() & COUNT - 1) * SIZE_BYTES;
        for (int offset = 0; offset < SIZE_BYTES; offset += Long.BYTES) {
            GuestMemory.putLong(slot + offset, 0);
        }
        return slot;
    }
}
