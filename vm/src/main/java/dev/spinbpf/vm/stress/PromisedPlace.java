package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.ElementBytes;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An integer in a value of a map. Of a map with a value for each CPU it is the sum over the CPUs; of an element that is
 * not there it is 0.
 *
 * @param key the element's key
 * @param offset of the integer in the value, in bytes
 * @param sizeBytes its size: 1, 2, 4 or 8
 * @param signed whether it has a sign
 */
record PromisedPlace(BpfMap map, long key, long offset, int sizeBytes, boolean signed) {

    /** Returns true where it can be read at any time: its address stays, and no lock or copy is needed. */
    boolean isDirect() {
        return map.type() == MapType.ARRAY && key >= 0 && key < map.maxEntries();
    }

    private byte[] keyBytes() {
        byte[] bytes = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(key)
                .array();
        return Arrays.copyOf(bytes, map.def().keySize());
    }

    /** Returns the address of the integer; the place has to be direct. */
    long address(Cpu cpu) {
        try (GuestArena arena = new GuestArena("key of a promise")) {
            return map.lookup(cpu, ElementBytes.copyIn(arena, keyBytes())) + offset;
        }
    }

    /** Returns the integer at an address. */
    long at(long address) {
        return switch (sizeBytes) {
            case Byte.BYTES -> signed ? GuestMemory.getByte(address) : GuestMemory.getByte(address) & 0xff;
            case Short.BYTES -> signed ? GuestMemory.getShort(address) : GuestMemory.getShort(address) & 0xffff;
            case Integer.BYTES -> signed ? GuestMemory.getInt(address) : GuestMemory.getInt(address) & 0xffff_ffffL;
            default -> GuestMemory.getLong(address);
        };
    }

    /** Returns the integer, as user space reads it. */
    long read(Cpu cpu) {
        try (GuestArena arena = new GuestArena("value of a promise")) {
            int size = map.sysValueSize(0);
            long value = arena.allocate(Math.max(1, size));
            if (map.sysLookup(cpu, ElementBytes.copyIn(arena, keyBytes()), value, 0) != 0) {
                return 0;
            }
            int stride = map.isPercpu() ? map.sysValueStride() : size;
            long sum = 0;
            for (long at = 0; at < size; at += stride) {
                sum += at(value + at + offset);
            }
            return sum;
        }
    }
}
