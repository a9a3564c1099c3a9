package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.ResilientLock;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.memory.GuestMemoryExhaustedException;
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
 *   free element:  the next one, as its distance from the first element in words, plus one; 0 at the end
 * </pre>
 */
final class PercpuFreelist {
    private static final int STRIDE = 64;
    private static final int LOCK = 8;
    private static final int WORD_SHIFT = 3;
    private static final long MOST_BYTES = (1L << Integer.SIZE + WORD_SHIFT) - Long.BYTES;

    private final int mapId;
    private final int cpuCount;
    private final long elements;
    private final long lists;
    private final ResilientLock locks;
    private final LockClass listLocks;

    /**
     * @param elements address of the map's elements, one after the other
     * @param sizeBytes how many bytes they take
     */
    PercpuFreelist(BpfMap map, long elements, long sizeBytes) {
        if (sizeBytes > MOST_BYTES) {
            throw new GuestMemoryExhaustedException(
                    "pre-allocated elements of " + sizeBytes + " bytes, at most " + MOST_BYTES + " are supported");
        }
        this.elements = elements;
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
    void populate(long elementSize, long count) {
        long next = elements;
        for (int cpuId = 0; cpuId < cpuCount; cpuId++) {
            long share = count / cpuCount + (cpuId < count % cpuCount ? 1 : 0);
            for (long i = 0; i < share; i++) {
                add(list(cpuId), next);
                next += elementSize;
            }
        }
    }

    private void add(long list, long element) {
        setNext(element, GuestMemory.getLong(list));
        GuestMemory.setLongOpaque(list, element);
    }

    private long next(long element) {
        long link = GuestMemory.getInt(element + HashTableMap.FREE_NEXT) & 0xffff_ffffL;
        return link == 0 ? 0 : elements + (link - 1 << WORD_SHIFT);
    }

    private void setNext(long element, long next) {
        long link = next == 0 ? 0 : (next - elements >> WORD_SHIFT) + 1;
        GuestMemory.putInt(element + HashTableMap.FREE_NEXT, (int) link);
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
        if (GuestWords.getLongOpaque(list) == 0 || locks.lock(cpu, list + LOCK, listLocks) != 0) {
            return 0;
        }
        cpu.fire(HookPoint.FREELIST_POP, mapId, index);
        long element = GuestMemory.getLong(list);
        if (element != 0) {
            GuestWords.setLongOpaque(list, next(element));
        }
        locks.unlock(cpu, list + LOCK);
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

    /** How many elements are free: right only while nothing runs. */
    long count() {
        long count = 0;
        for (int index = 0; index <= cpuCount; index++) {
            long element = GuestMemory.getLong(list(index));
            while (element != 0) {
                count++;
                element = next(element);
            }
        }
        return count;
    }

    /** The address of a list's lock; the extra list has the number of CPUs as its index. */
    long lockOf(int index) {
        return list(index) + LOCK;
    }
}
