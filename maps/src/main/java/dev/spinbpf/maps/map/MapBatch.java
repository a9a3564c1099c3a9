package dev.spinbpf.maps.map;

/**
 * The arguments of a batch command of {@code bpf(2)}: addresses of arrays and of what tells where to go on.
 *
 * @param inBatch where the batch before ended, as it wrote it to {@code outBatch}; 0 to begin
 * @param outBatch where to write where this batch ended: a bucket number of four bytes for hashes, else a key
 * @param keys keys, one after the other
 * @param values values, one after the other, {@link BpfMap#sysValueSize} bytes each
 * @param count a 32-bit number: how many elements there is room for, then how many there were
 * @param elementFlags flags of the operation on each element
 * @param flags must be 0
 */
public record MapBatch(
        long inBatch, long outBatch, long keys, long values, long count, long elementFlags, long flags) {}
