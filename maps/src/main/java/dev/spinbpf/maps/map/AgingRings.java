package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;

/**
 * The elements of an LRU hash in the order in which they are to be evicted: an active, an inactive and a free ring,
 * which share a lock. Whoever calls a method holds that lock, but for the constructor and the counts.
 *
 * <p>What must hold:
 *
 * <ul>
 *   <li>A node's place names the ring that it is in. How many are active and how many inactive is counted.
 *   <li>Lookups mark a node as referenced without the lock. A node that moves within these rings loses the mark, so
 *       that being used once spares it once.
 *   <li><em>Ageing</em> looks at a limited number of nodes of a ring, oldest first, at each once at most. While there
 *       are more active nodes than inactive ones, the active ring ages: a referenced node becomes the newest active
 *       one, any other is demoted to the newest inactive one. The inactive ring always ages: a referenced node is
 *       promoted, the others stay where they are. So its cursor tells where to go on the next time; at the ring's head
 *       that is the oldest, and a node that leaves moves the cursor on to the next newer one.
 *   <li><em>Reclaiming</em> goes through the same number of inactive nodes from the oldest on, without the cursor. A
 *       referenced node is promoted; any other is taken out of the map, or stays where that fails. If this yields
 *       nothing, the oldest node that can be taken out goes, referenced or not: an inactive one or, where there is
 *       none, an active one.
 *   <li>A node that is marked as pending free is out of the map already.
 * </ul>
 *
 * <pre>
 *   active(16) inactive(16) free(16) active count(4) inactive count(4) cursor(8) lock(4)
 * </pre>
 */
final class AgingRings {
    private static final int SIZE = 128;
    private static final int COUNTS = 3 * GuestRing.SIZE;
    private static final int CURSOR = COUNTS + 2 * Integer.BYTES;
    private static final int LOCK = CURSOR + Long.BYTES;

    private final LruHashMap map;
    private final int looks;
    private final long base;
    private final long active;
    private final long inactive;
    private final long free;

    /** @param looks how many nodes of a ring are looked at, at most, each time */
    AgingRings(LruHashMap map, int looks) {
        this.map = map;
        this.looks = looks;
        base = map.arena().allocate(SIZE, 64);
        active = ring(LruNode.ACTIVE);
        inactive = ring(LruNode.INACTIVE);
        free = ring(LruNode.FREE);
        GuestRing.initialize(active);
        GuestRing.initialize(inactive);
        GuestRing.initialize(free);
        setCursor(inactive);
    }

    private long ring(int place) {
        return base + (long) place * GuestRing.SIZE;
    }

    /** Returns the address of the lock. */
    long lock() {
        return base + LOCK;
    }

    private int count(int place) {
        return GuestMemory.getInt(base + COUNTS + (long) place * Integer.BYTES);
    }

    private void count(int place, int change) {
        if (place == LruNode.ACTIVE || place == LruNode.INACTIVE) {
            GuestMemory.putInt(base + COUNTS + (long) place * Integer.BYTES, count(place) + change);
        }
    }

    private long cursor() {
        return GuestMemory.getLong(base + CURSOR);
    }

    private void setCursor(long at) {
        GuestMemory.putLong(base + CURSOR, at);
    }

    private void keepCursorOff(long node) {
        if (cursor() == node) {
            setCursor(GuestRing.newer(node));
        }
    }

    // Coming and going.

    /** Adds a node that is new, and free. */
    void add(long node) {
        LruNode.reset(node, LruNode.FREE);
        GuestRing.addNewest(free, node);
    }

    /** Moves a node within these rings. */
    private void move(long node, int place) {
        int before = LruNode.place(node);
        if (before != place) {
            count(before, -1);
            count(place, 1);
            LruNode.setPlace(node, place);
        }
        LruNode.clearReferenced(node);
        keepCursorOff(node);
        GuestRing.moveToNewest(ring(place), node);
    }

    /** Moves a node whose element is out of the map to a ring of free nodes: this one, or a CPU's own. */
    private void moveToFree(long node, long freeRing) {
        keepCursorOff(node);
        count(LruNode.place(node), -1);
        LruNode.setPlace(node, freeRing == free ? LruNode.FREE : LruNode.LOCAL_FREE);
        LruNode.clearPendingFree(node);
        GuestRing.moveToNewest(freeRing, node);
    }

    /** Takes back a node of these rings whose element is in the map no longer. */
    void release(long node) {
        move(node, LruNode.FREE);
    }

    /** Takes over all nodes that a CPU has pending, the oldest first. */
    void settle(long pendingRing) {
        while (!GuestRing.isEmpty(pendingRing)) {
            long node = GuestRing.oldest(pendingRing);
            int place = LruNode.isReferenced(node) ? LruNode.ACTIVE : LruNode.INACTIVE;
            if (LruNode.isPendingFree(node)) {
                LruNode.clearPendingFree(node);
                place = LruNode.FREE;
            }
            count(place, 1);
            LruNode.setPlace(node, place);
            LruNode.clearReferenced(node);
            GuestRing.moveToNewest(ring(place), node);
        }
    }

    /**
     * Ages, then moves up to {@code wanted} nodes to a CPU's ring of free ones: free nodes first, then what can be
     * reclaimed.
     */
    void supply(Cpu cpu, long localFree, int wanted) {
        age();
        int missing = wanted;
        for (; missing > 0 && !GuestRing.isEmpty(free); missing--) {
            moveToFree(GuestRing.newest(free), localFree);
        }
        if (missing > 0) {
            reclaim(cpu, missing, localFree);
        }
    }

    /**
     * Ages, then takes a free node for an element, reclaiming up to {@code wanted} if there is none; 0 if none can be
     * had.
     */
    long take(Cpu cpu, int wanted) {
        age();
        if (GuestRing.isEmpty(free)) {
            reclaim(cpu, wanted, free);
        }
        if (GuestRing.isEmpty(free)) {
            return 0;
        }
        long node = GuestRing.newest(free);
        move(node, LruNode.INACTIVE);
        return node;
    }

    // Ageing.

    private void age() {
        if (count(LruNode.INACTIVE) < count(LruNode.ACTIVE)) {
            ageActive();
        }
        ageInactive();
    }

    /**
     * Each node that is looked at becomes the newest of some ring, so that the oldest is the one to look at in each
     * step.
     */
    private void ageActive() {
        for (int left = Math.min(looks, count(LruNode.ACTIVE)); left > 0; left--) {
            long node = GuestRing.oldest(active);
            move(node, LruNode.isReferenced(node) ? LruNode.ACTIVE : LruNode.INACTIVE);
        }
    }

    private void ageInactive() {
        long at = cursor();
        for (int left = Math.min(looks, count(LruNode.INACTIVE)); left > 0; left--) {
            long node = at == inactive ? GuestRing.oldest(inactive) : at;
            at = GuestRing.newer(node);
            if (LruNode.isReferenced(node)) {
                move(node, LruNode.ACTIVE);
            }
        }
        setCursor(at);
    }

    // Reclaiming.

    private void reclaim(Cpu cpu, int wanted, long freeRing) {
        if (reclaimUnused(cpu, wanted, freeRing) == 0) {
            reclaimAny(cpu, GuestRing.isEmpty(inactive) ? active : inactive, freeRing);
        }
    }

    /** Returns how many nodes were reclaimed. */
    private int reclaimUnused(Cpu cpu, int wanted, long freeRing) {
        int reclaimed = 0;
        long at = GuestRing.oldest(inactive);
        for (int left = looks; left > 0 && reclaimed < wanted && at != inactive; left--) {
            long node = at;
            at = GuestRing.newer(node);
            if (LruNode.isReferenced(node) && !LruNode.isPendingFree(node)) {
                move(node, LruNode.ACTIVE);
            } else if (evict(cpu, node)) {
                moveToFree(node, freeRing);
                reclaimed++;
            }
        }
        return reclaimed;
    }

    private void reclaimAny(Cpu cpu, long ring, long freeRing) {
        long node = GuestRing.oldest(ring);
        while (node != ring && !evict(cpu, node)) {
            node = GuestRing.newer(node);
        }
        if (node != ring) {
            moveToFree(node, freeRing);
        }
    }

    /** Takes a node's element out of the map if it is still there; false where that fails. */
    private boolean evict(Cpu cpu, long node) {
        return LruNode.isPendingFree(node) || map.evict(cpu, LruNode.element(node));
    }

    // Counts, right only while nothing runs.

    long countNodes() {
        return GuestRing.length(active) + GuestRing.length(inactive) + GuestRing.length(free);
    }

    long countUsed() {
        return LruNode.countUsed(active) + LruNode.countUsed(inactive);
    }
}
