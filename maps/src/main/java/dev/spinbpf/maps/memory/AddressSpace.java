package dev.spinbpf.maps.memory;

import java.util.Map;
import java.util.TreeMap;

/**
 * Hands out page-aligned regions of the guest's address space, first fit, and joins neighbours when they come back.
 * Regions read as zero.
 */
final class AddressSpace {
    static final AddressSpace GUEST =
            new AddressSpace(GuestMemory.reservation(), GuestMemory.FIRST_ADDRESS, GuestMemory.endAddress());

    /** The first address that 32 bits do not hold. */
    private static final long NARROW_END = 1L << 32;

    private final Reservation reservation;
    private final long firstAddress;
    private volatile boolean wide;
    private final TreeMap<Long, Long> freeSizeByStart = new TreeMap<>();

    AddressSpace(Reservation reservation, long firstAddress, long endAddress) {
        this.reservation = reservation;
        this.firstAddress = firstAddress;
        freeSizeByStart.put(firstAddress, endAddress - firstAddress);
    }

    static long pages(long sizeBytes) {
        return (sizeBytes + GuestMemory.PAGE_SIZE - 1) & -GuestMemory.PAGE_SIZE;
    }

    /**
     * Takes a region.
     *
     * @param sizeBytes a multiple of the page size
     * @param alignment a power of two, at least the page size
     * @return the region's address, or 0 where no hole is large enough
     */
    synchronized long take(long sizeBytes, long alignment) {
        for (Map.Entry<Long, Long> hole : freeSizeByStart.entrySet()) {
            long holeStart = hole.getKey();
            long holeEnd = holeStart + hole.getValue();
            long start = (holeStart + alignment - 1) & -alignment;
            if (start < holeStart || sizeBytes > holeEnd - start) {
                continue;
            }
            freeSizeByStart.remove(holeStart);
            putHole(holeStart, start);
            putHole(start + sizeBytes, holeEnd);
            wide |= start + sizeBytes > NARROW_END;
            return start;
        }
        return 0;
    }

    /** Returns true once an address was handed out that 32 bits do not hold. Low addresses are handed out first. */
    boolean isWide() {
        return wide;
    }

    private void putHole(long start, long end) {
        if (start < end) {
            freeSizeByStart.put(start, end - start);
        }
    }

    /** Takes a region back; its pages return to the system. */
    synchronized void giveBack(long address, long sizeBytes) {
        reservation.discard(address - firstAddress, sizeBytes);
        long start = address;
        long end = address + sizeBytes;
        Map.Entry<Long, Long> below = freeSizeByStart.floorEntry(start);
        if (below != null && below.getKey() + below.getValue() == start) {
            start = below.getKey();
        }
        Long above = freeSizeByStart.remove(end);
        if (above != null) {
            end += above;
        }
        freeSizeByStart.put(start, end - start);
    }

    synchronized long freeBytes() {
        return freeSizeByStart.values().stream().mapToLong(Long::longValue).sum();
    }

    synchronized int holes() {
        return freeSizeByStart.size();
    }
}
