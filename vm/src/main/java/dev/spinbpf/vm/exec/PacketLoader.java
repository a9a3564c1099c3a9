package dev.spinbpf.vm.exec;

/** The source of legacy packet loads. */
@FunctionalInterface
public interface PacketLoader {
    /** Returned for a load out of the packet: no value of 8 to 32 bits. */
    long OUT_OF_PACKET = -1;

    /**
     * Loads a big-endian number.
     *
     * @param context the context in r6
     * @param offset offset in the packet; negative ones are relative to special places
     * @param sizeBytes 1, 2 or 4
     * @return the number, zero-extended, or {@link #OUT_OF_PACKET}
     */
    long load(long context, int offset, int sizeBytes);
}
