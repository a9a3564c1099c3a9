package dev.spinbpf.verifier.prune;

/**
 * Bytes of a frame's stack, as offsets from its top: from {@code first} up to, not including, {@code end}. Bytes at or
 * above the top are no stack and belong to no interval; accesses there are refused elsewhere.
 */
record ByteInterval(long first, long end) {
    /** Returns the stack bytes among so many from an offset on. */
    static ByteInterval of(int offset, long sizeBytes) {
        return new ByteInterval(offset, Math.min(offset + sizeBytes, 0));
    }

    /** Returns all stack bytes from an offset on. */
    static ByteInterval from(int offset) {
        return new ByteInterval(offset, 0);
    }

    /** Returns the half slots of which the interval holds some byte. */
    SlotSet touched() {
        return first < end ? SlotSet.range(-end / SlotSet.BYTES, (-first - 1) / SlotSet.BYTES) : SlotSet.NONE;
    }

    /** Returns the half slots of which the interval holds all bytes. */
    SlotSet covered() {
        return first < end
                ? SlotSet.range((-end + SlotSet.BYTES - 1) / SlotSet.BYTES, -first / SlotSet.BYTES - 1)
                : SlotSet.NONE;
    }
}
