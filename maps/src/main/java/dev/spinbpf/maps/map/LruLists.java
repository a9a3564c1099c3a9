package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * The elements of an LRU hash, in order of use: {@code bpf_lru}.
 *
 * <p>Common lists: a node that is taken goes on its CPU's <em>local pending</em> list. When a CPU has no local free node, its
 * pending ones are flushed to the one global list, and up to {@code freeTarget} nodes come back, free ones first, else by shrinking
 * the inactive list, that is by taking their elements out of the map. If that gives nothing, a node is stolen from the local
 * lists of the CPUs in turn. With BPF_F_NO_COMMON_LRU each CPU has a list of its own instead, and nothing is shared.
 *
 * <p>Locks are taken in the order local list, list, bucket. A lock that cannot be had makes {@link #popFree} return nothing, and
 * {@link #pushFree} mark the node as free where it is, to be found by the next flush or shrink: no node is lost.
 *
 * <pre>
 *   local:  pending(16) free(8) next CPU to steal from(4) lock(4) harvest(16)
 * </pre>
 */
final class LruLists {
    private static final int LOCAL_FREE_TARGET = 128;
    private static final int LOCAL_SCANS = LOCAL_FREE_TARGET;
    private static final int PERCPU_FREE_TARGET = 4;
    private static final int PERCPU_SCANS = PERCPU_FREE_TARGET;

    private static final int LOCAL_SIZE = 64;
    private static final int LOCAL_FREE = 16;
    private static final int LOCAL_NEXT_STEAL = 24;
    private static final int LOCAL_LOCK = 28;
    private static final int LOCAL_HARVEST = 32;

    private final LruHashMap map;
    private final LockAlgorithm locks;
    private final LockClass listLocks;
    private final LockClass localLocks;
    private final boolean common;
    private final int cpuCount;
    private final int freeTarget;
    private final LruList[] lists;
    private final long locals;

    LruLists(LruHashMap map) {
        this.map = map;
        locks = map.locks;
        listLocks = map.lockClass("lru");
        localLocks = map.lockClass("lru local");
        cpuCount = map.cpuCount;
        common = !map.hasFlag(MapFlags.BPF_F_NO_COMMON_LRU);
        freeTarget = Math.clamp(map.maxEntries() / cpuCount / 2, 1, LOCAL_FREE_TARGET);
        lists = new LruList[common ? 1 : cpuCount];
        for (int i = 0; i < lists.length; i++) {
            lists[i] = new LruList(map, common ? LOCAL_SCANS : PERCPU_SCANS);
        }
        locals = common ? map.arena().allocate((long) LOCAL_SIZE * cpuCount, LOCAL_SIZE) : 0;
        for (int cpuId = 0; common && cpuId < cpuCount; cpuId++) {
            LruNode.initialize(local(cpuId));
            LruNode.initialize(local(cpuId) + LOCAL_HARVEST);
            GuestMemory.putInt(local(cpuId) + LOCAL_NEXT_STEAL, cpuId);
        }
        populate(map.maxEntries());
    }

    private void populate(long count) {
        long share = common ? count : count / cpuCount;
        for (long i = 0; i < count; i++) {
            int cpuId = (int) (i / share);
            long node = LruNode.of(map.elements + i * map.elementSize);
            LruNode.setCpu(node, cpuId);
            lists[common ? 0 : cpuId].addFree(node);
        }
    }

    private long local(int cpuId) {
        return locals + (long) cpuId * LOCAL_SIZE;
    }

    // Taking.

    /** {@code bpf_lru_pop_free}: an element for a key with this hash; 0 if none can be had. May have taken others out of the map. */
    long popFree(Cpu cpu, int hash) {
        long node = common ? popCommon(cpu, hash) : popOwn(cpu, hash);
        return node == 0 ? 0 : LruNode.element(node);
    }

    private long popOwn(Cpu cpu, int hash) {
        LruList list = lists[cpu.id()];
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, list.lock(), listLocks, irqFlags) != 0) {
            return 0;
        }
        long node = list.takeOwn(cpu, PERCPU_FREE_TARGET);
        if (node != 0) {
            LruNode.setHash(node, hash);
        }
        locks.unlockIrqrestore(cpu, list.lock(), irqFlags);
        return node;
    }

    private long popCommon(Cpu cpu, int hash) {
        long local = local(cpu.id());
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, local + LOCAL_LOCK, localLocks, irqFlags) != 0) {
            return 0;
        }
        long node = popLocalFree(local);
        if (node == 0) {
            harvest(cpu, local);
            node = popLocalFree(local);
        }
        if (node != 0) {
            addPending(local, cpu.id(), node, hash);
        }
        locks.unlockIrqrestore(cpu, local + LOCAL_LOCK, irqFlags);
        return node != 0 ? node : steal(cpu, local, hash);
    }

    /** Fills the local free list from the global list. */
    private void harvest(Cpu cpu, long local) {
        LruList list = lists[0];
        if (locks.lock(cpu, list.lock(), listLocks) != 0) {
            return;
        }
        long harvest = local + LOCAL_HARVEST;
        list.flush(local);
        list.harvest(cpu, harvest, freeTarget);
        locks.unlock(cpu, list.lock());
        for (long node = LruNode.next(harvest); node != harvest; node = LruNode.next(harvest)) {
            LruNode.remove(node);
            pushLocalFree(local, node);
        }
    }

    private long steal(Cpu cpu, long local, int hash) {
        int first = GuestMemory.getInt(local + LOCAL_NEXT_STEAL);
        int victim = first;
        long node = 0;
        do {
            node = stealFrom(cpu, local(victim));
            victim = victim + 1 == cpuCount ? 0 : victim + 1;
        } while (node == 0 && victim != first);
        GuestMemory.putInt(local + LOCAL_NEXT_STEAL, victim);
        if (node == 0) {
            return 0;
        }
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, local + LOCAL_LOCK, localLocks, irqFlags) != 0) {
            LruNode.reset(node, LruNode.LOCAL_FREE);
            pushLocalFree(local, node);
            return 0;
        }
        addPending(local, cpu.id(), node, hash);
        locks.unlockIrqrestore(cpu, local + LOCAL_LOCK, irqFlags);
        return node;
    }

    private long stealFrom(Cpu cpu, long victim) {
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, victim + LOCAL_LOCK, localLocks, irqFlags) != 0) {
            return 0;
        }
        long node = popLocalFree(victim);
        if (node == 0) {
            node = popPending(cpu, victim, false);
        }
        if (node == 0) {
            node = popPending(cpu, victim, true);
        }
        locks.unlockIrqrestore(cpu, victim + LOCAL_LOCK, irqFlags);
        return node;
    }

    private void addPending(long local, int cpuId, long node, int hash) {
        LruNode.setHash(node, hash);
        LruNode.setCpu(node, cpuId);
        LruNode.reset(node, LruNode.LOCAL_PENDING);
        LruNode.addFirst(local, node);
    }

    /** Takes the oldest pending node whose element can be taken out of the map. */
    private long popPending(Cpu cpu, long local, boolean evenIfReferenced) {
        for (long node = LruNode.previous(local); node != local; node = LruNode.previous(node)) {
            boolean eligible = evenIfReferenced || !LruNode.isReferenced(node);
            if (eligible && (LruNode.isPendingFree(node) || map.evict(cpu, LruNode.element(node)))) {
                LruNode.remove(node);
                return node;
            }
        }
        return 0;
    }

    /** {@code llist_del_first}, under the local lock: there is one taker at a time, so that no node comes back unnoticed. */
    private static long popLocalFree(long local) {
        while (true) {
            long node = GuestWords.getLongAcquire(local + LOCAL_FREE);
            if (node == 0) {
                return 0;
            }
            long next = GuestMemory.getLong(node);
            if (GuestWords.compareAndExchangeLong(local + LOCAL_FREE, node, next) == node) {
                return node;
            }
        }
    }

    /** {@code llist_add}: needs no lock. */
    private static void pushLocalFree(long local, long node) {
        long head;
        do {
            head = GuestWords.getLongOpaque(local + LOCAL_FREE);
            GuestMemory.putLong(node, head);
        } while (GuestWords.compareAndExchangeLong(local + LOCAL_FREE, head, node) != head);
    }

    // Giving back.

    /** {@code bpf_lru_push_free}: takes back an element that is in the map no longer. */
    void pushFree(Cpu cpu, long element) {
        long node = LruNode.of(element);
        if (common && LruNode.type(node) == LruNode.LOCAL_PENDING && pushPending(cpu, node)) {
            return;
        }
        LruList list = lists[common ? 0 : LruNode.cpu(node)];
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, list.lock(), listLocks, irqFlags) != 0) {
            LruNode.markPendingFree(node);
            return;
        }
        list.moveToOwnFree(node);
        locks.unlockIrqrestore(cpu, list.lock(), irqFlags);
    }

    /** Returns false if the node has meanwhile been flushed to the global list. */
    private boolean pushPending(Cpu cpu, long node) {
        long local = local(LruNode.cpu(node));
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, local + LOCAL_LOCK, localLocks, irqFlags) != 0) {
            LruNode.markPendingFree(node);
            return true;
        }
        boolean pending = LruNode.type(node) == LruNode.LOCAL_PENDING;
        if (pending) {
            LruNode.reset(node, LruNode.LOCAL_FREE);
            LruNode.remove(node);
        }
        locks.unlockIrqrestore(cpu, local + LOCAL_LOCK, irqFlags);
        if (pending) {
            pushLocalFree(local, node);
        }
        return pending;
    }

    /** How many nodes are on lists of any kind, free or in use: right only while nothing runs. */
    long countNodes() {
        long count = 0;
        for (LruList list : lists) {
            count += list.countNodes();
        }
        for (int cpuId = 0; common && cpuId < cpuCount; cpuId++) {
            count += LruNode.length(local(cpuId));
            for (long node = GuestMemory.getLong(local(cpuId) + LOCAL_FREE);
                    node != 0;
                    node = GuestMemory.getLong(node)) {
                count++;
            }
        }
        return count;
    }

    /** How many nodes are neither free nor marked as free: right only while nothing runs. */
    long countUsed() {
        long count = 0;
        for (LruList list : lists) {
            count += list.countUsed();
        }
        for (int cpuId = 0; common && cpuId < cpuCount; cpuId++) {
            count += LruNode.used(local(cpuId));
        }
        return count;
    }

    /** Address of the lock of a CPU's local list; common lists only. */
    long localLock(int cpuId) {
        return local(cpuId) + LOCAL_LOCK;
    }
}
