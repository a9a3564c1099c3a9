package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
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
            VerifierEnv env, RegState reg, String name, int off, int size, long memSize, boolean zeroSizeAllowed) {
        Extent extent = new Extent(reg, off, size, memSize, zeroSizeAllowed);
        Outside outside = extent.outside();
        if (outside == null) {
            return;
        }
        throw switch (outside) {
            case MIN_NEGATIVE ->
                env.reject(
                        Errno.EACCES,
                        "%s min value is negative, either use unsigned index or do a if (index >=0) check.",
                        name);
            case UNBOUNDED ->
                env.reject(Errno.EACCES, "%s unbounded memory access, make sure to bounds check any such access", name);
            case MIN_OUTSIDE -> {
                sayWhere(env, extent, name, extent.lowest());
                yield env.reject(Errno.EACCES, "%s min value is outside of the allowed memory range", name);
            }
            case MAX_OUTSIDE -> {
                sayWhere(env, extent, name, extent.highest());
                yield env.reject(Errno.EACCES, "%s max value is outside of the allowed memory range", name);
            }
        };
    }

    private static void sayWhere(VerifierEnv env, Extent extent, String name, int start) {
        int size = extent.size();
        long memSize = extent.memSize();
        switch (extent.reg().type()) {
            case PTR_TO_MAP_KEY ->
                env.verbose("invalid access to map key, key_size=%d off=%d size=%d\n", memSize, start, size);
            case PTR_TO_MAP_VALUE ->
                env.verbose("invalid access to map value, value_size=%d off=%d size=%d\n", memSize, start, size);
            case PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_PACKET_END ->
                env.verbose(
                        "invalid access to packet, off=%d size=%d, %s(id=%d,off=%d,r=%d)\n",
                        start, size, name, extent.reg().id(), start, memSize);
            case PTR_TO_CTX ->
                env.verbose("invalid access to context, ctx_size=%d off=%d size=%d\n", memSize, start, size);
            default -> env.verbose("invalid access to memory, mem_size=%d off=%d size=%d\n", memSize, start, size);
        }
    }
}
