package dev.spinbpf.vm.soundness;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.SteppedRun;

/**
 * The values that a run holds between two instructions.
 *
 * @param run where the run stands
 * @param context address of the context
 * @param values addresses of the only elements of the maps, by map
 * @param packet address of the packet's first byte
 * @param packetEnd address after its last byte
 */
record ConcreteState(SteppedRun run, long context, long[] values, long packet, long packetEnd) {
    /** The bytes of the frame's stack at an offset from its end, as a number. */
    long stack(int frame, int offset, int sizeBytes) {
        long address = run.framePointer(frame) + offset;
        return switch (sizeBytes) {
            case 1 -> GuestMemory.getByte(address) & 0xffL;
            case 2 -> GuestMemory.getShort(address) & 0xffffL;
            case 4 -> GuestMemory.getInt(address) & 0xffff_ffffL;
            case 8 -> GuestMemory.getLong(address);
            default -> {
                long value = 0;
                for (int i = sizeBytes - 1; i >= 0; i--) {
                    value = value << 8 | GuestMemory.getByte(address + i) & 0xffL;
                }
                yield value;
            }
        };
    }
}
