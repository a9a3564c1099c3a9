package dev.spinbpf.tools.report;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCursor;
import dev.spinbpf.programs.linux.Errno;
import java.util.ArrayList;
import java.util.Arrays;
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
        List<Element> elements = new ArrayList<>();
        try (MapCursor cursor = new MapCursor(map, cpu)) {
            while (cursor.next()) {
                if (elements.size() == MOST_ELEMENTS) {
                    return new Elements(elements, true, "");
                }
                int missing = cursor.read();
                if (missing == 0) {
                    elements.add(new Element(cursor.key(), split(map, cursor.value())));
                } else if (missing != -Errno.ENOENT) {
                    return new Elements(elements, false, "cannot be read (error " + missing + ")");
                }
            }
            return new Elements(elements, false, cursor.isObstructed() ? "has no elements to list" : "");
        }
    }

    private static List<byte[]> split(BpfMap map, byte[] value) {
        if (!map.isPercpu()) {
            return List.of(value);
        }
        int size = map.def().valueSize();
        int each = map.sysValueStride();
        List<byte[]> values = new ArrayList<>();
        for (int offset = 0; offset + each <= value.length; offset += each) {
            values.add(Arrays.copyOfRange(value, offset, offset + size));
        }
        return values;
    }
}
