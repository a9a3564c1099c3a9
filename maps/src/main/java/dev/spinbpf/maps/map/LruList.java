package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;

/**
 * An active, an inactive and a free list ({@code bpf_lru_list}); all methods but the constructor's are called under its lock.
 *
 * <p>Rotation looks at some nodes from the old end: a referenced one goes (back) to the front of the active list, an
 * unreferenced active one to the inactive list. Shrinking takes unreferenced inactive nodes, from the old end, out of the map;
 * when that gives none, one node is taken whether referenced or not.
 *
 * <pre>
 *   active(16) inactive(16) free(16) active count(4) inactive count(4) next rotation(8) lock(4)
 * </pre>
 */
final class LruList {
    private static final int SIZE = 128;
    private static final int HEAD_SIZE = 16;
    private static final int COUNTS = 48;
    private static final int NEXT_ROTATION = 56;
    private static final int LOCK = 64;

    private final LruHashMap map;
    private final int scans;
    private final long base;

    LruList(LruHashMap map, int scans) {
        this.map = map;
        this.scans = scans;
        base = map.arena().allocate(SIZE, 64);
        for (int type = LruNode.ACTIVE; type <= LruNode.FREE; type++) {
            LruNode.initialize(head(type));
        }
        GuestMemory.putLong(base + NEXT_ROTATION, head(LruNode.INACTIVE));
    }

    private long head(int type) {
        return base + (long) type * HEAD_SIZE;
    }

    long lock() {
        return base + LOCK;
    }

    private int count(int type) {
        return GuestMemory.getInt(base + COUNTS + (long) type * Integer.BYTES);
    }

    private void addToCount(int type, int change) {
        if (type < LruNode.FREE) {
            GuestMemory.putInt(base + COUNTS + (long) type * Integer.BYTES, count(type) + change);
        }
    }

    /** Adds a new node. */
    void addFree(long node) {
        LruNode.reset(node, LruNode.FREE);
        LruNode.addFirst(head(LruNode.FREE), node);
    }

    /** Moves a node within these lists. */
    private void move(long node, int type) {
        int before = LruNode.type(node);
        if (before != type) {
            addToCount(before, -1);
            addToCount(type, 1);
            LruNode.setType(node, type);
        }
        LruNode.clearReferenced(node);
        leaveRotation(node);
        LruNode.moveFirst(head(type), node);
    }

    void moveToOwnFree(long node) {
        move(node, LruNode.FREE);
    }

    private void leaveRotation(long node) {
        if (GuestMemory.getLong(base + NEXT_ROTATION) == node) {
            GuestMemory.putLong(base + NEXT_ROTATION, LruNode.previous(node));
        }
    }

    /** Moves a node to a list of free nodes, here or elsewhere. */
    private void moveToFree(long node, long freeList, int freeType) {
        leaveRotation(node);
        addToCount(LruNode.type(node), -1);
        LruNode.setType(node, freeType);
        LruNode.clearPendingFree(node);
        LruNode.moveFirst(freeList, node);
    }

    /** Moves the nodes of a local pending list here. */
    void flush(long pending) {
        for (long node = LruNode.previous(pending); node != pending; node = LruNode.previous(pending)) {
            int type = LruNode.isReferenced(node) ? LruNode.ACTIVE : LruNode.INACTIVE;
            if (LruNode.isPendingFree(node)) {
                type = LruNode.FREE;
                LruNode.clearPendingFree(node);
            }
            addToCount(type, 1);
            LruNode.setType(node, type);
            LruNode.clearReferenced(node);
            LruNode.moveFirst(head(type), node);
        }
    }

    /** Rotates, then moves up to {@code target} nodes to a list of local free ones. */
    void harvest(Cpu cpu, long harvest, int target) {
        rotate();
        long free = head(LruNode.FREE);
        int harvested = 0;
        while (harvested < target && !LruNode.isEmpty(free)) {
            moveToFree(LruNode.next(free), harvest, LruNode.LOCAL_FREE);
            harvested++;
        }
        if (harvested < target) {
            shrink(cpu, target - harvested, harvest, LruNode.LOCAL_FREE);
        }
    }

    /** Rotates, then takes a node from the free list, shrinking if it must; 0 if none can be had. */
    long takeOwn(Cpu cpu, int target) {
        rotate();
        long free = head(LruNode.FREE);
        if (LruNode.isEmpty(free)) {
            shrink(cpu, target, free, LruNode.FREE);
        }
        if (LruNode.isEmpty(free)) {
            return 0;
        }
        long node = LruNode.next(free);
        move(node, LruNode.INACTIVE);
        return node;
    }

    private void rotate() {
        if (count(LruNode.INACTIVE) < count(LruNode.ACTIVE)) {
            rotateActive();
        }
        rotateInactive();
    }

    private void rotateActive() {
        long active = head(LruNode.ACTIVE);
        long first = LruNode.next(active);
        long node = LruNode.previous(active);
        for (int i = 0; i < scans && node != active; i++) {
            long previous = LruNode.previous(node);
            boolean last = node == first;
            move(node, LruNode.isReferenced(node) ? LruNode.ACTIVE : LruNode.INACTIVE);
            if (last) {
                break;
            }
            node = previous;
        }
    }

    private void rotateInactive() {
        long inactive = head(LruNode.INACTIVE);
        if (LruNode.isEmpty(inactive)) {
            return;
        }
        long start = GuestMemory.getLong(base + NEXT_ROTATION);
        long last = LruNode.next(start);
        if (last == inactive) {
            last = LruNode.next(last);
        }
        long next = inactive;
        long node = start;
        for (int i = 0; i < scans; ) {
            if (node == inactive) {
                node = LruNode.previous(node);
                continue;
            }
            next = LruNode.previous(node);
            if (LruNode.isReferenced(node)) {
                move(node, LruNode.ACTIVE);
            }
            if (node == last) {
                break;
            }
            node = next;
            i++;
        }
        GuestMemory.putLong(base + NEXT_ROTATION, next);
    }

    private void shrink(Cpu cpu, int target, long freeList, int freeType) {
        if (shrinkInactive(cpu, target, freeList, freeType) != 0) {
            return;
        }
        long list = head(LruNode.isEmpty(head(LruNode.INACTIVE)) ? LruNode.ACTIVE : LruNode.INACTIVE);
        long node = LruNode.previous(list);
        while (node != list) {
            long previous = LruNode.previous(node);
            if (isOut(cpu, node)) {
                moveToFree(node, freeList, freeType);
                return;
            }
            node = previous;
        }
    }

    private int shrinkInactive(Cpu cpu, int target, long freeList, int freeType) {
        long inactive = head(LruNode.INACTIVE);
        long node = LruNode.previous(inactive);
        int shrunk = 0;
        for (int i = 0; i < scans && shrunk < target && node != inactive; i++) {
            long previous = LruNode.previous(node);
            if (LruNode.isReferenced(node) && !LruNode.isPendingFree(node)) {
                move(node, LruNode.ACTIVE);
            } else if (isOut(cpu, node)) {
                moveToFree(node, freeList, freeType);
                shrunk++;
            }
            node = previous;
        }
        return shrunk;
    }

    /** Whether the node's element is out of the map, or could be taken out. */
    private boolean isOut(Cpu cpu, long node) {
        return LruNode.isPendingFree(node) || map.evict(cpu, LruNode.element(node));
    }

    long countNodes() {
        return LruNode.length(head(LruNode.ACTIVE))
                + LruNode.length(head(LruNode.INACTIVE))
                + LruNode.length(head(LruNode.FREE));
    }

    long countUsed() {
        return LruNode.used(head(LruNode.ACTIVE)) + LruNode.used(head(LruNode.INACTIVE));
    }
}
