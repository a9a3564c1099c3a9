package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * The part of an element that orders it by use ({@code bpf_lru_node}), and the doubly linked lists that it is on. A list's head
 * is two words, linked as a node is.
 *
 * <pre>
 *   next(8) previous(8) cpu(2) list type(1) referenced(1) pending free(1) -(3)
 * </pre>
 *
 * Links and type are written under the lock of the list; the two marks at any time.
 */
final class LruNode {
    static final int SIZE = 24;

    static final int ACTIVE = 0;
    static final int INACTIVE = 1;
    static final int FREE = 2;
    static final int LOCAL_FREE = 3;
    static final int LOCAL_PENDING = 4;

    private static final int OFFSET = HashTableMap.HEADER_SIZE;
    private static final int PREVIOUS = 8;
    private static final int CPU = 16;
    private static final int TYPE = 18;
    private static final int REFERENCED = 19;
    private static final int PENDING_FREE = 20;

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

    static int cpu(long node) {
        return GuestMemory.getShort(node + CPU);
    }

    static void setCpu(long node, int cpuId) {
        GuestMemory.putShort(node + CPU, (short) cpuId);
    }

    static int type(long node) {
        return GuestWords.getByteOpaque(node + TYPE);
    }

    static void setType(long node, int type) {
        GuestWords.setByteOpaque(node + TYPE, (byte) type);
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

    /** The node's element is in the map no longer, but the lock to move the node could not be had. */
    static void markPendingFree(long node) {
        GuestWords.setByteOpaque(node + PENDING_FREE, (byte) 1);
    }

    static void clearPendingFree(long node) {
        GuestWords.setByteOpaque(node + PENDING_FREE, (byte) 0);
    }

    /** Gives a node a type, without marks. */
    static void reset(long node, int type) {
        setType(node, type);
        clearPendingFree(node);
        clearReferenced(node);
    }

    // Lists.

    static void initialize(long head) {
        GuestMemory.putLong(head, head);
        GuestMemory.putLong(head + PREVIOUS, head);
    }

    static long next(long node) {
        return GuestMemory.getLong(node);
    }

    static long previous(long node) {
        return GuestMemory.getLong(node + PREVIOUS);
    }

    static boolean isEmpty(long head) {
        return next(head) == head;
    }

    static void addFirst(long head, long node) {
        long first = next(head);
        GuestMemory.putLong(node, first);
        GuestMemory.putLong(node + PREVIOUS, head);
        GuestMemory.putLong(first + PREVIOUS, node);
        GuestMemory.putLong(head, node);
    }

    static void remove(long node) {
        long next = next(node);
        long previous = previous(node);
        GuestMemory.putLong(previous, next);
        GuestMemory.putLong(next + PREVIOUS, previous);
    }

    static void moveFirst(long head, long node) {
        remove(node);
        addFirst(head, node);
    }

    static long length(long head) {
        long length = 0;
        for (long node = next(head); node != head; node = next(node)) {
            length++;
        }
        return length;
    }

    /** How many nodes of a list have an element in the map. */
    static long used(long head) {
        long used = 0;
        for (long node = next(head); node != head; node = next(node)) {
            used += isPendingFree(node) ? 0 : 1;
        }
        return used;
    }
}
