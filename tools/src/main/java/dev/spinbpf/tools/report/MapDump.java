package dev.spinbpf.tools.report;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.Errno;
import java.util.ArrayList;
import java.util.List;

/** Reads the elements of a map, as user space does. */
final class MapDump {
    /** Most elements of a map that are read. */
    static final int MOST_ELEMENTS = 10_000;

    private MapDump() {}

    /**
     * An element.
     *
     * @param key its key; empty for global data
     * @param values its value, or one value a CPU
     */
    record Element(byte[] key, List<byte[]> values) {}

    /** Elements of a map, and whether there were more than {@link #MOST_ELEMENTS}, or why they cannot be read. */
    record Elements(List<Element> elements, boolean more, String obstacle) {}

    static Elements of(BpfMap map, Cpu cpu) {
        int keyBytes = Math.max(1, map.def().keySize());
        int valueBytes = map.sysValueSize(0);
        try (GuestArena arena = new GuestArena("dump")) {
            long key = arena.allocate(keyBytes);
            long next = arena.allocate(keyBytes);
            long value = arena.allocate(Math.max(1, valueBytes));
            List<Element> elements = new ArrayList<>();
            int error = map.getNextKey(cpu, 0, next);
            while (error == 0 && elements.size() < MOST_ELEMENTS) {
                GuestMemory.copy(next, key, keyBytes);
                int missing = map.sysLookup(cpu, key, value, 0);
                if (missing == 0) {
                    elements.add(
                            new Element(GuestMemory.bytes(key, map.def().keySize()), split(map, value, valueBytes)));
                } else if (missing != -Errno.ENOENT) {
                    return new Elements(elements, false, "cannot be read (error " + missing + ")");
                }
                error = map.getNextKey(cpu, key, next);
            }
            String obstacle = error == 0 || error == -Errno.ENOENT ? "" : "has no elements to list";
            return new Elements(elements, error == 0, obstacle);
        }
    }

    private static List<byte[]> split(BpfMap map, long value, int valueBytes) {
        if (!map.isPercpu()) {
            return List.of(GuestMemory.bytes(value, valueBytes));
        }
        int each = (map.def().valueSize() + 7) / 8 * 8;
        List<byte[]> values = new ArrayList<>();
        for (int offset = 0; offset + each <= valueBytes; offset += each) {
            values.add(GuestMemory.bytes(value + offset, map.def().valueSize()));
        }
        return values;
    }
}
