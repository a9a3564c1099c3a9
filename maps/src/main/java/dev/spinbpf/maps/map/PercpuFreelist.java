package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.ResilientLock;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * The free elements of a pre-allocated hash: a list for each CPU and an extra one, each under an rqspinlock
 * ({@code pcpu_freelist}).
 *
 * <p>A lock that cannot be had never costs an element: {@link #pop} goes on to the next CPU's list and at last to the extra
 * list, and {@link #push} goes round all of them until one takes the element.
 *
 * <pre>
 *   list:  first(8) lock(4) ... one cache line each; the extra list is the last
 * </pre>
 */
final class PercpuFreelist {
    private static final int STRIDE = 64;
    private static final int LOCK = 8;

    private final int mapId;
    private final int cpuCount;
    private final long lists;
    private final ResilientLock locks;
    private final LockClass listLocks;

    PercpuFreelist(BpfMap map) {
        mapId = map.id();
        cpuCount = map.cpuCount;
        lists = map.arena().allocate((long) STRIDE * (cpuCount + 1), STRIDE);
        locks = map.locks;
        listLocks = map.lockClass("freelist");
    }

    private long list(int index) {
        return lists + (long) index * STRIDE;
    }

    /** Deals {@code count} elements out to the CPUs' lists, before anybody else sees them. */
    void populate(long elements, long elementSize, long count) {
        long next = elements;
        for (int cpuId = 0; cpuId < cpuCount; cpuId++) {
            long share = count / cpuCount + (cpuId < count % cpuCount ? 1 : 0);
            for (long i = 0; i < share; i++) {
                add(list(cpuId), next);
                next += elementSize;
            }
        }
    }

    private static void add(long list, long element) {
        GuestMemory.putLong(element + HashTableMap.FREE_NEXT, GuestMemory.getLong(list));
        GuestMemory.setLongOpaque(list, element);
    }

    /** Takes an element, with interrupts disabled; 0 if all lists are empty or their locks fail. */
    long pop(Cpu cpu) {
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
        if (GuestWords.getLongOpaque(list) == 0 || locks.lock(cpu, list + LOCK, listLocks) != 0) {
            return 0;
        }
        cpu.fire(HookPoint.FREELIST_POP, mapId, index);
        long element = GuestMemory.getLong(list);
        if (element != 0) {
            GuestWords.setLongOpaque(list, GuestMemory.getLong(element + HashTableMap.FREE_NEXT));
        }
        locks.unlock(cpu, list + LOCK);
        return element;
    }

    /** Gives an element back; cannot fail. */
    void push(Cpu cpu, long element) {
        long irqFlags = cpu.irqSave();
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
        GuestMemory.putLong(element + HashTableMap.FREE_NEXT, GuestMemory.getLong(list));
        GuestWords.setLongOpaque(list, element);
        locks.unlock(cpu, list + LOCK);
        return true;
    }

    /** How many elements are free: right only while nothing runs. */
    long count() {
        long count = 0;
        for (int index = 0; index <= cpuCount; index++) {
            long element = GuestMemory.getLong(list(index));
            while (element != 0) {
                count++;
                element = GuestMemory.getLong(element + HashTableMap.FREE_NEXT);
            }
        }
        return count;
    }

    /** The address of a list's lock; the extra list has the number of CPUs as its index. */
    long lockOf(int index) {
        return list(index) + LOCK;
    }
}
