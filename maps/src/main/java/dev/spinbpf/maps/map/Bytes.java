package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.SchedulePoint;

/**
 * Copies and comparisons of keys and values, which are short: a loop over words costs less than a bulk operation. They
 * race with programs as the kernel's {@code memcpy} does; a copy is one schedule point in simulations of programs, and none
 * in others.
 */
final class Bytes {
    /** From this size on a bulk operation is faster. */
    private static final int BULK_SIZE = 128;

    private Bytes() {}

    /** Rounds up to a multiple of eight. */
    static long roundUp8(long size) {
        return (size + 7) & ~7L;
    }

    static void copy(long from, long to, int size) {
        SchedulePoint.reachCopy(from, to, size);
        if (size >= BULK_SIZE) {
            GuestMemory.copy(from, to, size);
            return;
        }
        int at = 0;
        for (; at + Long.BYTES <= size; at += Long.BYTES) {
            GuestMemory.putLong(to + at, GuestMemory.getLong(from + at));
        }
        if ((size & Integer.BYTES) != 0) {
            GuestMemory.putInt(to + at, GuestMemory.getInt(from + at));
            at += Integer.BYTES;
        }
        for (; at < size; at++) {
            GuestMemory.putByte(to + at, GuestMemory.getByte(from + at));
        }
    }

    static void zero(long to, int size) {
        if (size >= BULK_SIZE) {
            GuestMemory.fill(to, size, (byte) 0);
            return;
        }
        int at = 0;
        for (; at + Long.BYTES <= size; at += Long.BYTES) {
            GuestMemory.putLong(to + at, 0);
        }
        for (; at < size; at++) {
            GuestMemory.putByte(to + at, (byte) 0);
        }
    }

    static boolean equal(long first, long second, int size) {
        if (size >= BULK_SIZE) {
            return GuestMemory.contentEquals(first, second, size);
        }
        int at = 0;
        for (; at + Long.BYTES <= size; at += Long.BYTES) {
            if (GuestMemory.getLong(first + at) != GuestMemory.getLong(second + at)) {
                return false;
            }
        }
        if ((size & Integer.BYTES) != 0) {
            if (GuestMemory.getInt(first + at) != GuestMemory.getInt(second + at)) {
                return false;
            }
            at += Integer.BYTES;
        }
        for (; at < size; at++) {
            if (GuestMemory.getByte(first + at) != GuestMemory.getByte(second + at)) {
                return false;
            }
        }
        return true;
    }
}
