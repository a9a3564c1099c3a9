package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.programs.linux.MapFlags;
import java.util.function.LongUnaryOperator;
import java.util.function.ToLongFunction;

/**
 * The supply of elements of an LRU hash, which evicts some where none is free.
 *
 * <p>With common rings there is one {@link AgingRings} for all CPUs, and an {@link LruStash} for each. An element is
 * taken from the CPU's stash, and is pending there from then on. When no free node is left in the stash, its pending
 * ones settle in the common rings, and up to {@code supply} nodes come back. If that yields nothing, a node is stolen
 * from the stashes, one CPU after the other: a free one, else the oldest pending one that can be evicted, one that
 * nobody has referenced if there is one. The next theft begins with the CPU after the last victim. With
 * BPF_F_NO_COMMON_LRU each CPU has rings of its own instead of a stash, and nothing is shared.
 *
 * <p>Locks are taken in the order stash, rings, bucket; of two stashes never both. A lock that cannot be had makes
 * {@link #take} return nothing, and {@link #release} mark the node as free where it is, which settling and reclaiming
 * find: no node is lost. A stolen node whose thief cannot lock its own stash is free there, for which it needs no lock.
 */
final class LruElementPool {
    private static final int MOST_SUPPLIED = 128;
    private static final int LOOKS_IN_COMMON_RINGS = MOST_SUPPLIED;
    private static final int RECLAIMED_IN_OWN_RINGS = 4;
    private static final int LOOKS_IN_OWN_RINGS = RECLAIMED_IN_OWN_RINGS;

    private final LruHashMap map;
    private final LockAlgorithm locks;
    private final LockClass ringLocks;
    private final LockClass stashLocks;
    private final boolean common;
    private final int cpuCount;
    private final int supply;
    private final AgingRings[] rings;
    private final long stashes;

    LruElementPool(LruHashMap map) {
        this.map = map;
        locks = map.locks;
        ringLocks = map.lockClass(LockKind.LRU);
        stashLocks = map.lockClass(LockKind.LRU_LOCAL);
        cpuCount = map.cpuCount;
        common = !map.hasFlag(MapFlags.BPF_F_NO_COMMON_LRU);
        supply = Math.clamp(map.maxEntries() / cpuCount / 2, 1, MOST_SUPPLIED);
        rings = new AgingRings[common ? 1 : cpuCount];
        for (int i = 0; i < rings.length; i++) {
            rings[i] = new AgingRings(map, common ? LOOKS_IN_COMMON_RINGS : LOOKS_IN_OWN_RINGS);
        }
        stashes = common ? map.arena().allocate((long) LruStash.SIZE * cpuCount, LruStash.SIZE) : 0;
        for (int cpuId = 0; common && cpuId < cpuCount; cpuId++) {
            LruStash.initialize(stash(cpuId), cpuId);
        }
        fill();
    }

    private void fill() {
        long share = map.maxEntries() / rings.length;
        for (long i = 0; i < map.maxEntries(); i++) {
            int ringsIndex = (int) (i / share);
            long node = LruNode.of(map.elements + i * map.elementSize);
            LruNode.setCpu(node, ringsIndex);
            rings[ringsIndex].add(node);
        }
    }

    private long stash(int cpuId) {
        return stashes + (long) cpuId * LruStash.SIZE;
    }

    // Taking.

    /** Takes an element for a key with this hash; 0 if none can be had. May have evicted others. */
    long take(Cpu cpu, int hash) {
        long node = common ? takeFromStash(cpu, hash) : takeFromOwnRings(cpu, hash);
        return node == 0 ? 0 : LruNode.element(node);
    }

    private long takeFromOwnRings(Cpu cpu, int hash) {
        AgingRings own = rings[cpu.id()];
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, own.lock(), ringLocks, irqFlags) != 0) {
            map.stats().lockFailed(cpu);
            return 0;
        }
        long node = own.take(cpu, RECLAIMED_IN_OWN_RINGS);
        if (node != 0) {
            LruNode.setHash(node, hash);
        }
        locks.unlockIrqrestore(cpu, own.lock(), irqFlags);
        return node;
    }

    private long takeFromStash(Cpu cpu, int hash) {
        long stash = stash(cpu.id());
        long irqFlags = cpu.irqSave();
        if (!lockStash(cpu, stash, irqFlags)) {
            return 0;
        }
        long node = LruStash.takeFree(stash);
        if (node == 0) {
            restock(cpu, stash);
            node = LruStash.takeFree(stash);
        }
        if (node != 0) {
            LruStash.addPending(stash, cpu.id(), node, hash);
        }
        unlockStash(cpu, stash, irqFlags);
        return node != 0 ? node : steal(cpu, stash, hash);
    }

    private boolean lockStash(Cpu cpu, long stash, long irqFlags) {
        boolean taken = locks.lockIrqsave(cpu, LruStash.lock(stash), stashLocks, irqFlags) == 0;
        if (!taken) {
            map.stats().lockFailed(cpu);
        }
        return taken;
    }

    private void unlockStash(Cpu cpu, long stash, long irqFlags) {
        locks.unlockIrqrestore(cpu, LruStash.lock(stash), irqFlags);
    }

    /** Settles what is pending in a stash, and fetches free nodes in its place; with the stash locked. */
    private void restock(Cpu cpu, long stash) {
        AgingRings all = rings[0];
        if (locks.lock(cpu, all.lock(), ringLocks) != 0) {
            map.stats().lockFailed(cpu);
            return;
        }
        all.settle(LruStash.pending(stash));
        all.supply(cpu, LruStash.intake(stash), supply);
        locks.unlock(cpu, all.lock());
        LruStash.unpack(stash);
    }

    private long steal(Cpu cpu, long stash, int hash) {
        long node = 0;
        int victim = LruStash.nextVictim(stash);
        for (int tried = 0; node == 0 && tried < cpuCount; tried++) {
            node = stealFrom(cpu, stash(victim));
            victim = victim + 1 == cpuCount ? 0 : victim + 1;
        }
        LruStash.setNextVictim(stash, victim);
        if (node == 0) {
            return 0;
        }
        long irqFlags = cpu.irqSave();
        if (!lockStash(cpu, stash, irqFlags)) {
            LruNode.reset(node, LruNode.LOCAL_FREE);
            LruStash.addFree(stash, node);
            return 0;
        }
        LruStash.addPending(stash, cpu.id(), node, hash);
        unlockStash(cpu, stash, irqFlags);
        return node;
    }

    private long stealFrom(Cpu cpu, long stash) {
        long irqFlags = cpu.irqSave();
        if (!lockStash(cpu, stash, irqFlags)) {
            return 0;
        }
        long node = LruStash.takeFree(stash);
        if (node == 0) {
            node = evictPending(cpu, stash, false);
        }
        if (node == 0) {
            node = evictPending(cpu, stash, true);
        }
        unlockStash(cpu, stash, irqFlags);
        return node;
    }

    /** Takes out the oldest pending node whose element can be taken out of the map; 0 if there is none. */
    private long evictPending(Cpu cpu, long stash, boolean evenIfReferenced) {
        long pending = LruStash.pending(stash);
        for (long node = GuestRing.oldest(pending); node != pending; node = GuestRing.newer(node)) {
            boolean eligible = evenIfReferenced || !LruNode.isReferenced(node);
            if (eligible && (LruNode.isPendingFree(node) || map.evict(cpu, LruNode.element(node)))) {
                GuestRing.remove(node);
                return node;
            }
        }
        return 0;
    }

    // Releasing.

    /** Takes back an element that is in the map no longer. Cannot fail. */
    void release(Cpu cpu, long element) {
        long node = LruNode.of(element);
        boolean pending = common && LruNode.place(node) == LruNode.LOCAL_PENDING;
        if (!pending || !releasePending(cpu, node)) {
            releaseToRings(cpu, node);
        }
    }

    private void releaseToRings(Cpu cpu, long node) {
        AgingRings home = rings[common ? 0 : LruNode.cpu(node)];
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, home.lock(), ringLocks, irqFlags) != 0) {
            LruNode.markPendingFree(node);
            return;
        }
        home.release(node);
        locks.unlockIrqrestore(cpu, home.lock(), irqFlags);
    }

    /** Returns false if the node has settled in the common rings meanwhile. */
    private boolean releasePending(Cpu cpu, long node) {
        long stash = stash(LruNode.cpu(node));
        long irqFlags = cpu.irqSave();
        if (!lockStash(cpu, stash, irqFlags)) {
            LruNode.markPendingFree(node);
            return true;
        }
        boolean pending = LruNode.place(node) == LruNode.LOCAL_PENDING;
        if (pending) {
            LruNode.reset(node, LruNode.LOCAL_FREE);
            GuestRing.remove(node);
        }
        unlockStash(cpu, stash, irqFlags);
        if (pending) {
            LruStash.addFree(stash, node);
        }
        return pending;
    }

    // For tests.

    /** Returns how many nodes there are, free or in use: right only while nothing runs. */
    long countNodes() {
        return sum(AgingRings::countNodes, LruStash::countNodes);
    }

    /** Returns how many nodes are neither free nor marked as free: right only while nothing runs. */
    long countUsed() {
        return sum(AgingRings::countUsed, stash -> LruNode.countUsed(LruStash.pending(stash)));
    }

    private long sum(ToLongFunction<AgingRings> ofRings, LongUnaryOperator ofStash) {
        long sum = 0;
        for (AgingRings each : rings) {
            sum += ofRings.applyAsLong(each);
        }
        for (int cpuId = 0; common && cpuId < cpuCount; cpuId++) {
            sum += ofStash.applyAsLong(stash(cpuId));
        }
        return sum;
    }

    /** Returns the address of the lock of a CPU's stash; with common rings only. */
    long stashLock(int cpuId) {
        return LruStash.lock(stash(cpuId));
    }
}
