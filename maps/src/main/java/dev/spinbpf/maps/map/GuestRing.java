package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestMemory;

/**
 * A doubly linked ring in guest memory. Its head and its nodes begin with two words: the next older node, and the next
 * newer one. The head stands between the oldest and the newest, and is what one comes to after either.
 *
 * <p>Nothing here is atomic: a ring belongs to a lock.
 */
final class GuestRing {
    /** Bytes of a head, and of a node's links. */
    static final int SIZE = 16;

    private static final int NEWER = 8;

    private GuestRing() {}

    /** Makes an empty ring. */
    static void initialize(long head) {
        link(head, head);
    }

    private static void link(long newer, long older) {
        GuestMemory.putLong(newer, older);
        GuestMemory.putLong(older + NEWER, newer);
    }

    static boolean isEmpty(long head) {
        return newest(head) == head;
    }

    /** Returns the newest node, or the head of an empty ring. */
    static long newest(long head) {
        return older(head);
    }

    /** Returns the oldest node, or the head of an empty ring. */
    static long oldest(long head) {
        return newer(head);
    }

    /** Returns the node after this one towards the oldest, or the head. */
    static long older(long node) {
        return GuestMemory.getLong(node);
    }

    /** Returns the node after this one towards the newest, or the head. */
    static long newer(long node) {
        return GuestMemory.getLong(node + NEWER);
    }

    /** Puts a node that is in no ring into one. */
    static void addNewest(long head, long node) {
        link(node, newest(head));
        link(head, node);
    }

    /** Takes a node out of its ring; its links stay as they are. */
    static void remove(long node) {
        link(newer(node), older(node));
    }

    /** Takes a node out of its ring and puts it into another, or the same. */
    static void moveToNewest(long head, long node) {
        remove(node);
        addNewest(head, node);
    }

    static long length(long head) {
        long length = 0;
        for (long node = newest(head); node != head; node = older(node)) {
            length++;
        }
        return length;
    }
}
