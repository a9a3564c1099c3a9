package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * Elements of one size that come and go while the map is in use: the kernel's {@code bpf_mem_alloc}.
 *
 * <p>Each CPU has a list of free elements that it alone touches. An interrupt never lands within {@link #allocate} or
 * {@link #free} of that list, because nothing there is a schedule point. A list that grows beyond
 * {@link #HIGH_WATERMARK} gives a batch to a list that all CPUs share, which takes batches by compare-and-exchange and
 * gives all it has by an exchange, so that no element can be taken twice. Memory goes back when the map is closed;
 * until then an element remains an element, which readers without locks rely on.
 *
 * <pre>
 *   list:  first(8) count(8) ... one cache line for each CPU, then the shared one, whose count is of all elements ever made
 *   free element:  the link at {@code linkOffset}
 * </pre>
 */
final class ElementCache {
    private static final int STRIDE = 64;
    private static final int COUNT = 8;
    private static final int HIGH_WATERMARK = 96;
    private static final int BATCH = 48;
    private static final int LARGEST_CHUNK = 256 << 10;

    private final BpfMap map;
    private final long elementSize;
    private final int linkOffset;
    private final long alignment;
    private final long lists;
    private final long shared;

    /**
     * @param elementSize a multiple of eight
     * @param linkOffset where a free element is linked; readers that still stand on it do not look there
     */
    ElementCache(BpfMap map, long elementSize, int linkOffset) {
        this(map, elementSize, linkOffset, Long.BYTES * 2);
    }

    /**
     * @param elementSize a multiple of eight, and of the alignment unless that is 16
     * @param linkOffset where a free element is linked; readers that still stand on it do not look there
     * @param alignment of what elements are carved from, a power of two
     */
    ElementCache(BpfMap map, long elementSize, int linkOffset, long alignment) {
        this.map = map;
        this.elementSize = elementSize;
        this.linkOffset = linkOffset;
        this.alignment = alignment;
        lists = map.arena().allocate((long) STRIDE * (map.cpuCount + 1), STRIDE);
        shared = lists + (long) STRIDE * map.cpuCount;
    }

    private long listOf(Cpu cpu) {
        return lists + (long) cpu.id() * STRIDE;
    }

    /** Takes an element, zero-filled if it is new; 0 if there is no memory. */
    long allocate(Cpu cpu) {
        long list = listOf(cpu);
        long element = GuestMemory.getLong(list);
        if (element == 0) {
            element = refill(list);
            if (element == 0) {
                return 0;
            }
        }
        GuestMemory.putLong(list, GuestMemory.getLong(element + linkOffset));
        GuestMemory.putLong(list + COUNT, GuestMemory.getLong(list + COUNT) - 1);
        return element;
    }

    private long refill(long list) {
        long first = GuestMemory.getAndSetLong(shared, 0);
        if (first == 0) {
            first = carve();
        }
        long count = 0;
        for (long element = first; element != 0; element = GuestMemory.getLong(element + linkOffset)) {
            count++;
        }
        GuestMemory.putLong(list, first);
        GuestMemory.putLong(list + COUNT, count);
        return first;
    }

    private long carve() {
        long count = Math.max(1, Math.min(BATCH, LARGEST_CHUNK / elementSize));
        long chunk = map.arena().tryAllocate(count * elementSize, alignment);
        if (chunk == 0) {
            return 0;
        }
        GuestMemory.getAndAddLong(shared + COUNT, count);
        for (long i = 0; i < count; i++) {
            long element = chunk + i * elementSize;
            GuestMemory.putLong(element + linkOffset, i + 1 < count ? element + elementSize : 0);
        }
        return chunk;
    }

    /** Gives an element back. */
    void free(Cpu cpu, long element) {
        long list = listOf(cpu);
        GuestMemory.putLong(element + linkOffset, GuestMemory.getLong(list));
        GuestMemory.putLong(list, element);
        long count = GuestMemory.getLong(list + COUNT) + 1;
        GuestMemory.putLong(list + COUNT, count);
        if (count > HIGH_WATERMARK) {
            shareBatch(list);
        }
    }

    private void shareBatch(long list) {
        long first = GuestMemory.getLong(list);
        long last = first;
        for (int i = 1; i < BATCH; i++) {
            last = GuestMemory.getLong(last + linkOffset);
        }
        GuestMemory.putLong(list, GuestMemory.getLong(last + linkOffset));
        GuestMemory.putLong(list + COUNT, GuestMemory.getLong(list + COUNT) - BATCH);
        long head;
        do {
            head = GuestWords.getLongOpaque(shared);
            GuestMemory.putLong(last + linkOffset, head);
        } while (GuestWords.compareAndExchangeLongRelease(shared, head, first) != head);
    }

    /**
     * Returns how many elements are in use, that is neither free nor still to be made: right only while nothing runs.
     */
    long countUsed() {
        long free = 0;
        for (long list = lists; list <= shared; list += STRIDE) {
            for (long element = GuestMemory.getLong(list);
                    element != 0;
                    element = GuestMemory.getLong(element + linkOffset)) {
                free++;
            }
        }
        return GuestMemory.getLongOpaque(shared + COUNT) - free;
    }
}
