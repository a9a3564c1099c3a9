package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * The free elements of a pre-allocated hash: a list for each CPU and an extra one, each under an rqspinlock
 * ({@code pcpu_freelist}).
 *
 * <p>A lock that cannot be had never costs an element: {@link #pop} goes on to the next CPU's list and at last to the
 * extra list, and {@link #push} goes round all of them until one takes the element.
 *
 * <pre>
 *   list:  first(8) lock(4) -(4) fresh(8) end of fresh(8) ... one cache line each; the extra list is the last
 *   free element:  the link to the next one in place of the hash; 0 at the end
 * </pre>
 *
 * An element that was never used is in no list: each CPU's share of them lies side by side, and the list knows where
 * those begin that are still to come. So making a map does not touch its elements.
 */
final class PercpuFreelist {
    private static final int STRIDE = 64;
    private static final int LOCK = 8;
    private static final int FRESH = 16;
    private static final int FRESH_END = 24;

    private final HashTableMap map;
    private final int mapId;
    private final int cpuCount;
    private final long lists;
    private final LockAlgorithm locks;
    private final LockClass listLocks;

    /** Deals the elements of a map out to the CPUs. */
    PercpuFreelist(HashTableMap map) {
        this.map = map;
        mapId = map.id();
        cpuCount = map.cpuCount;
        lists = map.arena().allocate((long) STRIDE * (cpuCount + 1), STRIDE);
        locks = map.locks;
        listLocks = map.lockClass(LockKind.FREELIST);
        long next = map.elements;
        for (int cpuId = 0; cpuId < cpuCount; cpuId++) {
            long share = map.maxEntries() / cpuCount + (cpuId < map.maxEntries() % cpuCount ? 1 : 0);
            GuestMemory.putLong(list(cpuId) + FRESH, next);
            next += share * map.elementSize;
            GuestMemory.putLong(list(cpuId) + FRESH_END, next);
        }
    }

    private long list(int index) {
        return lists + (long) index * STRIDE;
    }

    private long next(long element) {
        int link = HashTableMap.hashOf(element);
        return link == 0 ? 0 : map.elementAt(link);
    }

    private void setNext(long element, long next) {
        HashTableMap.setHash(element, next == 0 ? 0 : map.linkTo(next));
    }

    private boolean isEmpty(long list) {
        return GuestWords.getLongOpaque(list) == 0
                && GuestMemory.getLongOpaque(list + FRESH) == GuestMemory.getLong(list + FRESH_END);
    }

    /** Takes an element, with interrupts disabled; 0 if all lists are empty or their locks fail. */
    long pop(Cpu cpu) {
        cpu.fire(HookPoint.FREELIST_POP_BEFORE_LOCK, mapId, cpu.id());
        int cpuId = cpu.id();
        for (int i = 0; i < cpuCount; i++) {
            long element = popFrom(cpu, cpuId);
            if (element != 0) {
                return element;
            }
            cpuId = cpuId + 1 == cpuCount ? 0 : cpuId + 1;
        }
        return popFrom(cpu, cpuCount);
    }

    private long popFrom(Cpu cpu, int index) {
        long list = list(index);
        if (isEmpty(list)) {
            return 0;
        }
        if (locks.lock(cpu, list + LOCK, listLocks) != 0) {
            map.stats().lockFailed(cpu);
            return 0;
        }
        cpu.fire(HookPoint.FREELIST_POP, mapId, index);
        long element = GuestMemory.getLong(list);
        if (element != 0) {
            GuestWords.setLongOpaque(list, next(element));
        } else {
            element = takeFresh(list);
        }
        locks.unlock(cpu, list + LOCK);
        return element;
    }

    private long takeFresh(long list) {
        long element = GuestMemory.getLong(list + FRESH);
        if (element == GuestMemory.getLong(list + FRESH_END)) {
            return 0;
        }
        GuestMemory.setLongOpaque(list + FRESH, element + map.elementSize);
        return element;
    }

    /** Gives an element back; cannot fail. */
    void push(Cpu cpu, long element) {
        long irqFlags = cpu.irqSave();
        cpu.fire(HookPoint.FREELIST_PUSH_BEFORE_LOCK, mapId, element);
        if (!pushTo(cpu, cpu.id(), element)) {
            pushElsewhere(cpu, element);
        }
        cpu.irqRestore(irqFlags);
    }

    private void pushElsewhere(Cpu cpu, long element) {
        for (int spins = 0; ; spins++) {
            int cpuId = cpu.id();
            for (int i = 1; i < cpuCount; i++) {
                cpuId = cpuId + 1 == cpuCount ? 0 : cpuId + 1;
                if (pushTo(cpu, cpuId, element)) {
                    return;
                }
            }
            if (pushTo(cpu, cpuCount, element)) {
                return;
            }
            cpu.relax(spins);
        }
    }

    private boolean pushTo(Cpu cpu, int index, long element) {
        long list = list(index);
        if (locks.lock(cpu, list + LOCK, listLocks) != 0) {
            return false;
        }
        cpu.fire(HookPoint.FREELIST_PUSH, mapId, element);
        setNext(element, GuestMemory.getLong(list));
        GuestWords.setLongOpaque(list, element);
        locks.unlock(cpu, list + LOCK);
        return true;
    }

    /** Returns how many elements are free: right only while nothing runs. */
    long count() {
        long count = 0;
        for (int index = 0; index <= cpuCount; index++) {
            long element = GuestMemory.getLong(list(index));
            while (element != 0) {
                count++;
                element = next(element);
            }
            long fresh = GuestMemory.getLong(list(index) + FRESH_END) - GuestMemory.getLong(list(index) + FRESH);
            count += fresh / map.elementSize;
        }
        return count;
    }

    /** The address of a list's lock; the extra list has the number of CPUs as its index. */
    long lockOf(int index) {
        return list(index) + LOCK;
    }
}
