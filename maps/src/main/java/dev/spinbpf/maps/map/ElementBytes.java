package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;

/** Keys and values that user space has as arrays, on their way into guest memory and into maps. */
public final class ElementBytes {
    private ElementBytes() {}

    /** Copies bytes to guest memory that goes with the arena; returns their address. */
    public static long copyIn(GuestArena arena, byte[] bytes) {
        long address = arena.allocate(Math.max(1, bytes.length));
        GuestMemory.copyIn(bytes, 0, address, bytes.length);
        return address;
    }

    /** Returns a value as user space gives it: for per-CPU maps once for each CPU, each on eight bytes. */
    public static byte[] forEachCpu(BpfMap map, byte[] value) {
        if (!map.isPercpu()) {
            return value;
        }
        byte[] all = new byte[map.sysValueSize(0)];
        int stride = map.sysValueStride();
        for (int at = 0; at + stride <= all.length; at += stride) {
            System.arraycopy(value, 0, all, at, value.length);
        }
        return all;
    }

    /**
     * Puts an element in, as user space does; into a map without keys by a push.
     *
     * @param key as long as the map's keys; not looked at where it has none
     * @param value as long as {@link BpfMap#sysValueSize}
     * @param flags as {@code bpf(2)} takes them
     * @return 0 or a negative error number
     */
    public static int put(BpfMap map, Cpu cpu, byte[] key, byte[] value, long flags) {
        try (GuestArena arena = new GuestArena("element")) {
            long valueAddress = copyIn(arena, value);
            return map.type().isKeyless()
                    ? map.push(cpu, valueAddress, flags)
                    : map.sysUpdate(cpu, copyIn(arena, key), valueAddress, flags);
        }
    }
}
