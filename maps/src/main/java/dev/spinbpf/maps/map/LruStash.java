package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * One CPU's share of the nodes of an LRU hash whose CPUs share their elements: free nodes that it may take, and the
 * <em>pending</em> ones that it has taken and that the common rings do not know of yet.
 *
 * <p>The stash has a lock. Whoever changes the pending ring, or takes a free node, holds it; a free node may be added
 * without. So there is one taker at a time, and a taker's compare and exchange cannot mistake a node that was taken and
 * came back for the one it saw. The intake is the CPU's alone, for nodes on their way from the common rings.
 *
 * <pre>
 *   pending(16) first free(8) next victim(4) lock(4) intake(16)
 * </pre>
 */
final class LruStash {
    static final int SIZE = 64;

    private static final int FREE = GuestRing.SIZE;
    private static final int NEXT_VICTIM = FREE + Long.BYTES;
    private static final int LOCK = NEXT_VICTIM + Integer.BYTES;
    private static final int INTAKE = LOCK + Integer.BYTES;

    private LruStash() {}

    static void initialize(long stash, int cpuId) {
        GuestRing.initialize(pending(stash));
        GuestRing.initialize(intake(stash));
        setNextVictim(stash, cpuId);
    }

    static long lock(long stash) {
        return stash + LOCK;
    }

    /** Returns the head of the ring of pending nodes. */
    static long pending(long stash) {
        return stash;
    }

    /** Returns the head of the ring by which free nodes come in; {@link #unpack} empties it. */
    static long intake(long stash) {
        return stash + INTAKE;
    }

    /** Returns the CPU from which to steal first. */
    static int nextVictim(long stash) {
        return GuestMemory.getInt(stash + NEXT_VICTIM);
    }

    static void setNextVictim(long stash, int cpuId) {
        GuestMemory.putInt(stash + NEXT_VICTIM, cpuId);
    }

    /** Takes a free node for an element; 0 if there is none. */
    static long takeFree(long stash) {
        while (true) {
            long node = GuestWords.getLongAcquire(stash + FREE);
            if (node == 0) {
                return 0;
            }
            long next = GuestMemory.getLong(node);
            if (GuestWords.compareAndExchangeLong(stash + FREE, node, next) == node) {
                return node;
            }
        }
    }

    /** Adds a free node that is in no ring; needs no lock. */
    static void addFree(long stash, long node) {
        long first;
        do {
            first = GuestWords.getLongOpaque(stash + FREE);
            GuestMemory.putLong(node, first);
        } while (GuestWords.compareAndExchangeLong(stash + FREE, first, node) != first);
    }

    /** Makes the nodes of the intake free ones, the oldest the first to be taken. */
    static void unpack(long stash) {
        long intake = intake(stash);
        while (!GuestRing.isEmpty(intake)) {
            long node = GuestRing.newest(intake);
            GuestRing.remove(node);
            addFree(stash, node);
        }
    }

    /** Adds a node that was taken for an element with a hash. */
    static void addPending(long stash, int cpuId, long node, int hash) {
        LruNode.setHash(node, hash);
        LruNode.setCpu(node, cpuId);
        LruNode.reset(node, LruNode.LOCAL_PENDING);
        GuestRing.addNewest(pending(stash), node);
    }

    /** Returns how many nodes are here, free or pending: right only while nothing runs. */
    static long countNodes(long stash) {
        long count = GuestRing.length(pending(stash));
        for (long node = GuestMemory.getLong(stash + FREE); node != 0; node = GuestMemory.getLong(node)) {
            count++;
        }
        return count;
    }
}
