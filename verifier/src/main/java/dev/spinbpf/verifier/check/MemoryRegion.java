package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.RegState;

/** Bounds of an access to a region of memory whose size is known, at an offset that may vary. */
final class MemoryRegion {
    private MemoryRegion() {}

    /**
     * Refuses an access that may be outside of the region.
     *
     * @param name how messages call the register
     * @param off offset from the register
     * @param size bytes accessed
     * @param memSize bytes of the region, unsigned
     */
    public static void check(
            VerifierEnv env, RegState reg, String name, int off, int size, long memSize, boolean zeroSizeAllowed) {
        long smin = reg.smin();
        boolean tooLow = smin < 0 && (smin == Long.MIN_VALUE || off + smin != (int) (off + smin) || smin + off < 0);
        if (tooLow) {
            throw env.reject(
                    Errno.EACCES,
                    "%s min value is negative, either use unsigned index or do a if (index >=0) check.",
                    name);
        }
        if (!isInside(env, reg, name, (int) (smin + off), size, memSize, zeroSizeAllowed)) {
            throw env.reject(Errno.EACCES, "%s min value is outside of the allowed memory range", name);
        }
        if (Long.compareUnsigned(reg.umax(), Registers.MAX_VAR_OFF) >= 0) {
            throw env.reject(
                    Errno.EACCES, "%s unbounded memory access, make sure to bounds check any such access", name);
        }
        if (!isInside(env, reg, name, (int) (reg.umax() + off), size, memSize, zeroSizeAllowed)) {
            throw env.reject(Errno.EACCES, "%s max value is outside of the allowed memory range", name);
        }
    }

    private static boolean isInside(
            VerifierEnv env, RegState reg, String name, int off, int size, long memSize, boolean zeroSizeAllowed) {
        boolean sizeOk = size > 0 || (size == 0 && zeroSizeAllowed);
        if (off >= 0 && sizeOk && (long) off + size <= memSize) {
            return true;
        }
        switch (reg.type()) {
            case PTR_TO_MAP_KEY ->
                env.verbose("invalid access to map key, key_size=%d off=%d size=%d\n", memSize, off, size);
            case PTR_TO_MAP_VALUE ->
                env.verbose("invalid access to map value, value_size=%d off=%d size=%d\n", memSize, off, size);
            case PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_PACKET_END ->
                env.verbose(
                        "invalid access to packet, off=%d size=%d, %s(id=%d,off=%d,r=%d)\n",
                        off, size, name, reg.id(), off, memSize);
            case PTR_TO_CTX ->
                env.verbose("invalid access to context, ctx_size=%d off=%d size=%d\n", memSize, off, size);
            default -> env.verbose("invalid access to memory, mem_size=%d off=%d size=%d\n", memSize, off, size);
        }
        return false;
    }
}
