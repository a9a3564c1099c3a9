package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * The part of an element that orders it by use: links of a {@link GuestRing}, and what is known of its use.
 *
 * <pre>
 *   links(16) cpu(2) place(1) referenced(1) pending free(1) -(3)
 * </pre>
 *
 * <p>Links and place are written under the lock of the ring that the node is in; the two marks are set at any time, by
 * anybody.
 */
final class LruNode {
    static final int SIZE = GuestRing.SIZE + Long.BYTES;

    /** In the map, and used when it was last looked at. */
    static final int ACTIVE = 0;

    /** In the map, and the next to go. */
    static final int INACTIVE = 1;

    /** In no map, for any CPU. */
    static final int FREE = 2;

    /** In no map, for one CPU. */
    static final int LOCAL_FREE = 3;

    /** Taken by a CPU for an element; in the map, or about to be. */
    static final int LOCAL_PENDING = 4;

    private static final int OFFSET = HashTableMap.HEADER_SIZE;
    private static final int CPU = GuestRing.SIZE;
    private static final int PLACE = CPU + Short.BYTES;
    private static final int REFERENCED = PLACE + 1;
    private static final int PENDING_FREE = REFERENCED + 1;

    private LruNode() {}

    static long of(long element) {
        return element + OFFSET;
    }

    static long element(long node) {
        return node - OFFSET;
    }

    static void setHash(long node, int hash) {
        HashTableMap.setHash(element(node), hash);
    }

    static int hash(long node) {
        return HashTableMap.hashOf(element(node));
    }

    /** Returns the CPU that took the node last, or to whose rings it belongs. */
    static int cpu(long node) {
        return GuestMemory.getShort(node + CPU);
    }

    static void setCpu(long node, int cpuId) {
        GuestMemory.putShort(node + CPU, (short) cpuId);
    }

    /** Returns one of {@link #ACTIVE} to {@link #LOCAL_PENDING}. */
    static int place(long node) {
        return GuestWords.getByteOpaque(node + PLACE);
    }

    static void setPlace(long node, int place) {
        GuestWords.setByteOpaque(node + PLACE, (byte) place);
    }

    static boolean isReferenced(long node) {
        return GuestWords.getByteOpaque(node + REFERENCED) != 0;
    }

    static void markReferenced(long node) {
        if (!isReferenced(node)) {
            GuestWords.setByteOpaque(node + REFERENCED, (byte) 1);
        }
    }

    static void clearReferenced(long node) {
        GuestWords.setByteOpaque(node + REFERENCED, (byte) 0);
    }

    static boolean isPendingFree(long node) {
        return GuestWords.getByteOpaque(node + PENDING_FREE) != 0;
    }

    /** Says that the node's element is in the map no longer, but the lock to move the node could not be had. */
    static void markPendingFree(long node) {
        GuestWords.setByteOpaque(node + PENDING_FREE, (byte) 1);
    }

    static void clearPendingFree(long node) {
        GuestWords.setByteOpaque(node + PENDING_FREE, (byte) 0);
    }

    /** Sets a node's place and clears its marks. */
    static void reset(long node, int place) {
        setPlace(node, place);
        clearPendingFree(node);
        clearReferenced(node);
    }

    /** Returns how many nodes of a ring have an element in the map. */
    static long countUsed(long ring) {
        long used = 0;
        for (long node = GuestRing.newest(ring); node != ring; node = GuestRing.older(node)) {
            used += isPendingFree(node) ? 0 : 1;
        }
        return used;
    }
}
