package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.model.Errno.E2BIG;
import static dev.spinbpf.programs.model.Errno.EINVAL;

import dev.spinbpf.maps.memory.GuestMemory;

/**
 * Dynptrs over plain memory and over ring buffer records.
 *
 * <pre>
 *   struct bpf_dynptr:  data(8) size, with the type from bit 28 on and the read-only bit 31 (4) offset(4)
 * </pre>
 */
final class DynptrHelpers {
    /** Bytes of a dynptr. */
    static final int SIZE = 16;

    static final int LOCAL = 1 << 28;
    static final int RINGBUF = 2 << 28;

    /** {@code DYNPTR_MAX_SIZE}. */
    static final long LARGEST = (1 << 24) - 1;

    private static final int SIZE_FIELD = 8;
    private static final int OFFSET = 12;
    private static final int SIZE_MASK = 0xff_ffff;

    private DynptrHelpers() {}

    static void register(FunctionTable table) {
        table.helper("bpf_dynptr_from_mem", (_, data, size, flags, dynptr, _) -> fromMemory(data, size, flags, dynptr));
        table.helper(
                "bpf_dynptr_read", (_, to, length, dynptr, offset, flags) -> read(to, length, dynptr, offset, flags));
        table.helper(
                "bpf_dynptr_write",
                (_, dynptr, offset, from, length, flags) -> write(dynptr, offset, from, length, flags));
        table.helper(
                "bpf_dynptr_data",
                (_, dynptr, offset, length, _, _) -> isWithin(dynptr, offset, length) ? at(dynptr, offset) : 0);
    }

    /** Makes a dynptr; {@code size} is at most {@link #LARGEST}. */
    static void initialize(long dynptr, long data, int size, int type) {
        GuestMemory.putLong(dynptr, data);
        GuestMemory.putInt(dynptr + SIZE_FIELD, size | type);
        GuestMemory.putInt(dynptr + OFFSET, 0);
    }

    /** Makes a dynptr that points to nothing. */
    static void setNull(long dynptr) {
        GuestMemory.fill(dynptr, SIZE, (byte) 0);
    }

    /** What a dynptr points to, 0 for nothing. */
    static long data(long dynptr) {
        return GuestMemory.getLong(dynptr);
    }

    private static long at(long dynptr, long offset) {
        return data(dynptr) + (GuestMemory.getInt(dynptr + OFFSET) & 0xffff_ffffL) + offset;
    }

    private static boolean isWithin(long dynptr, long offset, long length) {
        long size = GuestMemory.getInt(dynptr + SIZE_FIELD) & SIZE_MASK;
        return data(dynptr) != 0
                && Long.compareUnsigned(length, size) <= 0
                && Long.compareUnsigned(offset, size - length) <= 0;
    }

    private static long fromMemory(long data, long size, long flags, long dynptr) {
        long bytes = size & 0xffff_ffffL;
        if (bytes > LARGEST || flags != 0) {
            setNull(dynptr);
            return bytes > LARGEST ? -E2BIG : -EINVAL;
        }
        initialize(dynptr, data, (int) bytes, LOCAL);
        return 0;
    }

    private static long read(long to, long length, long dynptr, long offset, long flags) {
        if (data(dynptr) == 0 || flags != 0) {
            return -EINVAL;
        }
        if (!isWithin(dynptr, offset, length)) {
            return -E2BIG;
        }
        GuestMemory.copy(at(dynptr, offset), to, length);
        return 0;
    }

    private static long write(long dynptr, long offset, long from, long length, long flags) {
        if (data(dynptr) == 0) {
            return -EINVAL;
        }
        if (!isWithin(dynptr, offset, length)) {
            return -E2BIG;
        }
        if (flags != 0) {
            return -EINVAL;
        }
        GuestMemory.copy(from, at(dynptr, offset), length);
        return 0;
    }
}
