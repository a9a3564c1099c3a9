package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.RegState;
import org.jspecify.annotations.Nullable;

/**
 * Bounds of an access to a region of memory whose size is known, at an offset that may vary.
 *
 * <p>The access is inside if it is inside at the smallest and at the largest offset that the register may have. An offset
 * whose smallest value is negative, or whose largest is beyond any region, is refused for that reason alone.
 */
final class MemoryRegion {
    private MemoryRegion() {}

    private enum Outside {
        MIN_NEGATIVE,
        MIN_OUTSIDE,
        UNBOUNDED,
        MAX_OUTSIDE
    }

    /**
     * A region and an access to it.
     *
     * @param off offset from the register
     * @param size bytes accessed
     * @param memSize bytes of the region, unsigned
     */
    private record Extent(RegState reg, int off, int size, long memSize, boolean zeroSizeAllowed) {
        @Nullable
        Outside outside() {
            if (startsBelowZero()) {
                return Outside.MIN_NEGATIVE;
            }
            if (!isInside(lowest())) {
                return Outside.MIN_OUTSIDE;
            }
            if (Long.compareUnsigned(reg.umax(), Registers.MAX_VAR_OFF) >= 0) {
                return Outside.UNBOUNDED;
            }
            return isInside(highest()) ? null : Outside.MAX_OUTSIDE;
        }

        private boolean startsBelowZero() {
            long smin = reg.smin();
            return smin < 0 && (smin == Long.MIN_VALUE || smin + off < 0 || smin + off != (int) (smin + off));
        }

        int lowest() {
            return (int) (reg.smin() + off);
        }

        int highest() {
            return (int) (reg.umax() + off);
        }

        private boolean isInside(int start) {
            boolean hasSize = size > 0 || size == 0 && zeroSizeAllowed;
            return hasSize && start >= 0 && (long) start + size <= memSize;
        }
    }

    /**
     * Refuses an access that may be outside of the region.
     *
     * @param name the register in the words of messages
     * @param off offset from the register
     * @param size bytes accessed
     * @param memSize bytes of the region, unsigned
     */
    public static void check(
            Exploration path, RegState reg, String name, int off, int size, long memSize, boolean zeroSizeAllowed) {
        Extent extent = new Extent(reg, off, size, memSize, zeroSizeAllowed);
        Outside outside = extent.outside();
        if (outside == null) {
            return;
        }
        throw switch (outside) {
            case MIN_NEGATIVE -> path.reject(Errno.EACCES, Message.OFFSET_MAY_BE_NEGATIVE, name);
            case UNBOUNDED -> path.reject(Errno.EACCES, Message.OFFSET_UNBOUNDED, name);
            case MIN_OUTSIDE -> {
                sayWhere(path, extent, name, extent.lowest());
                yield path.reject(Errno.EACCES, Message.OFFSET_MIN_OUT_OF_RANGE, name);
            }
            case MAX_OUTSIDE -> {
                sayWhere(path, extent, name, extent.highest());
                yield path.reject(Errno.EACCES, Message.OFFSET_MAX_OUT_OF_RANGE, name);
            }
        };
    }

    private static void sayWhere(Exploration path, Extent extent, String name, int start) {
        int size = extent.size();
        long memSize = extent.memSize();
        switch (extent.reg().type()) {
            case PTR_TO_MAP_KEY -> path.log().note(Message.INVALID_MAP_KEY_ACCESS, memSize, start, size);
            case PTR_TO_MAP_VALUE -> path.log().note(Message.INVALID_MAP_VALUE_ACCESS, memSize, start, size);
            case PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_PACKET_END ->
                path.log()
                        .note(
                                Message.INVALID_PACKET_ACCESS,
                                start,
                                size,
                                name,
                                extent.reg().id(),
                                start,
                                memSize);
            case PTR_TO_CTX -> path.log().note(Message.INVALID_CONTEXT_REGION_ACCESS, memSize, start, size);
            default -> path.log().note(Message.INVALID_MEMORY_ACCESS, memSize, start, size);
        }
    }
}
