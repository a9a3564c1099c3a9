package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;

/**
 * A walk through a map's elements as user space makes it: key by key, each value read on its own. The map may change
 * meanwhile: what is added or removed may be missed, and if the key that the walk stands on is removed, the walk begins
 * again.
 *
 * <pre>
 *   try (MapCursor cursor = new MapCursor(map, cpu)) {
 *       while (cursor.next()) {
 *           if (cursor.read() == 0) {
 *               ... cursor.key(), cursor.value() ...
 *           }
 *       }
 *   }
 * </pre>
 */
public final class MapCursor implements AutoCloseable {
    private final BpfMap map;
    private final Cpu cpu;
    private final GuestArena arena = new GuestArena("map cursor");
    private final int keySize;
    private final int valueSize;
    private final long key;
    private final long value;
    private boolean begun;
    private int end;

    /**
     * A cursor before the first element.
     *
     * @param cpu the CPU that operations are done on
     */
    public MapCursor(BpfMap map, Cpu cpu) {
        this.map = map;
        this.cpu = cpu;
        keySize = map.def().keySize();
        valueSize = map.sysValueSize(0);
        key = arena.allocate(Math.max(1, keySize));
        value = arena.allocate(Math.max(1, valueSize));
    }

    /** Moves to the next element; returns false after the last one, and where the map's keys cannot be listed. */
    public boolean next() {
        if (end == 0) {
            end = map.getNextKey(cpu, begun ? key : 0, key);
            begun = true;
        }
        return end == 0;
    }

    /** Returns true where {@link #next} returned false for another reason than that there are no more keys. */
    public boolean isObstructed() {
        return end != 0 && end != -ENOENT;
    }

    /**
     * Reads the value of the element.
     *
     * @return 0, -ENOENT where it was removed meanwhile or holds nothing, or another negative errno value
     */
    public int read() {
        return map.sysLookup(cpu, key, value, 0);
    }

    /** Returns the bytes of the element's key. */
    public byte[] key() {
        return GuestMemory.bytes(key, keySize);
    }

    /** Returns the {@link BpfMap#sysValueSize} bytes of the value that was read last. */
    public byte[] value() {
        return GuestMemory.bytes(value, valueSize);
    }

    /** Frees the cursor's memory. */
    @Override
    public void close() {
        arena.close();
    }
}
