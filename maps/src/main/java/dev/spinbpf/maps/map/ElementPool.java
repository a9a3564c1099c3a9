package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static java.util.Objects.requireNonNull;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;
import org.jspecify.annotations.Nullable;

/**
 * The supply of elements of a hash map other than an LRU: the {@link PercpuFreelist} of a pre-allocated
 * map, or the {@link ElementCache} of one with BPF_F_NO_PREALLOC.
 *
 * <p>A pre-allocated map whose values are replaced rather than written in place has one more element for each CPU. A
 * replacement takes this CPU's spare one, and makes the old element the spare one when that is out of the table. An NMI
 * that replaces another value in between finds no spare one and takes an element from the free lists instead; whoever
 * then finds a spare one in place puts the old element on the free lists. (Linux stores the old element as the spare
 * one before it takes it out, so that an NMI just then uses an element that is still in another bucket.)
 */
final class ElementPool {
    private final HashTableMap map;
    private final @Nullable PercpuFreelist freelist;
    private final @Nullable ElementCache cache;
    private final long spares;
    private final long count;

    ElementPool(HashTableMap map, boolean replacesValues) {
        this.map = map;
        count = map.arena().allocate(Long.BYTES, PercpuCounter.STRIDE);
        if (map.hasFlag(MapFlags.BPF_F_NO_PREALLOC)) {
            freelist = null;
            long granule = HashTableMap.granule();
            long stride = map.elementSize + Long.BYTES + granule - 1 & -granule;
            cache = new ElementCache(map, stride, (int) map.elementSize, granule);
            spares = 0;
            return;
        }
        cache = null;
        freelist = new PercpuFreelist(map);
        if (map.isPercpu()) {
            attachPercpuValues(map);
        }
        long spareElements = map.elements + map.elementSize * map.maxEntries();
        spares = replacesValues ? map.arena().allocate((long) PercpuCounter.STRIDE * map.cpuCount, 64) : 0;
        for (int cpuId = 0; replacesValues && cpuId < map.cpuCount; cpuId++) {
            GuestMemory.putLong(spares + (long) PercpuCounter.STRIDE * cpuId, spareElements + map.elementSize * cpuId);
        }
    }

    /** Gives elements of a pre-allocated per-CPU map their values. */
    static void attachPercpuValues(HashTableMap map) {
        long size = Bytes.roundUp8(map.valueSize);
        long values = map.arena().allocate(percpuStride(map) * map.cpuCount, GuestMemory.PAGE_SIZE);
        for (long i = 0; i < map.maxEntries(); i++) {
            GuestMemory.putLong(map.elements + i * map.elementSize + map.valueOffset, values + i * size);
        }
    }

    /** Returns the distance in bytes between the values of two CPUs in one element of a per-CPU map. */
    static long percpuStride(HashTableMap map) {
        long size = Bytes.roundUp8(map.valueSize);
        return map.hasFlag(MapFlags.BPF_F_NO_PREALLOC)
                ? size
                : (size * map.maxEntries() + GuestMemory.PAGE_SIZE - 1) & -GuestMemory.PAGE_SIZE;
    }

    private long percpuStride() {
        return percpuStride(map);
    }

    /** Returns true where all elements are there from the beginning. */
    boolean isPreallocated() {
        return freelist != null;
    }

    /**
     * Takes an element, under a bucket's lock.
     *
     * @param old the element that it replaces, or 0
     * @return the element, or -E2BIG (the map is full, or no free list's lock could be had) or -ENOMEM
     */
    long take(Cpu cpu, long old) {
        if (freelist != null) {
            long element = old == 0 ? 0 : takeSpare(cpu);
            if (element == 0) {
                element = freelist.pop(cpu);
            }
            if (element == 0) {
                return -E2BIG;
            }
            if (old == 0) {
                map.countElement(cpu, 1);
            }
            return element;
        }
        return takeFromCache(cpu, old);
    }

    private long spare(Cpu cpu) {
        return spares + (long) PercpuCounter.STRIDE * cpu.id();
    }

    /**
     * Only this CPU touches its spare element, and no interrupt lands between the load and the store: there is no need
     * of an atomic.
     */
    private long takeSpare(Cpu cpu) {
        long slot = spare(cpu);
        long element = GuestWords.getLongOpaque(slot);
        GuestMemory.setLongOpaque(slot, 0);
        return element;
    }

    /** Takes back an element of a pre-allocated map that was replaced and is out of the table. Cannot fail. */
    void retire(Cpu cpu, long old) {
        long slot = spare(cpu);
        if (GuestWords.getLongOpaque(slot) != 0) {
            requireNonNull(freelist).push(cpu, old);
            return;
        }
        GuestMemory.setLongOpaque(slot, old);
    }

    private long takeFromCache(Cpu cpu, long old) {
        ElementCache elements = requireNonNull(cache);
        if (old == 0 && GuestWords.getLongOpaque(count) >= map.maxEntries()) {
            return -E2BIG;
        }
        GuestWords.getAndAddLong(count, 1);
        long element = elements.allocate(cpu);
        if (element != 0 && map.isPercpu() && !hasPercpuValues(element)) {
            elements.free(cpu, element);
            element = 0;
        }
        if (element == 0) {
            GuestWords.getAndAddLong(count, -1);
            return -ENOMEM;
        }
        map.countElement(cpu, 1);
        return element;
    }

    /** An element keeps the values that it was once given. */
    private boolean hasPercpuValues(long element) {
        long slot = element + map.valueOffset;
        if (GuestMemory.getLong(slot) == 0) {
            GuestMemory.putLong(slot, map.arena().tryAllocate(percpuStride() * map.cpuCount, 16));
        }
        return GuestMemory.getLong(slot) != 0;
    }

    /** Takes back an element that is in the map no longer. Cannot fail. */
    void give(Cpu cpu, long element) {
        map.countElement(cpu, -1);
        if (freelist != null) {
            freelist.push(cpu, element);
            return;
        }
        GuestWords.getAndAddLong(count, -1);
        requireNonNull(cache).free(cpu, element);
    }

    /** The free list of a pre-allocated map; else null. */
    @Nullable
    PercpuFreelist freelist() {
        return freelist;
    }

    /** The cache of a map with BPF_F_NO_PREALLOC; else null. */
    @Nullable
    ElementCache cache() {
        return cache;
    }
}
