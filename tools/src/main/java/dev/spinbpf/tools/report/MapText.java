package dev.spinbpf.tools.report;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCursor;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfFormatter;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Maps and elements as {@code bpftool map} prints them: as text, by their types where they have some, or as JSON.
 *
 * @see <a href="https://man7.org/linux/man-pages/man8/bpftool-map.8.html">bpftool-map(8)</a>
 */
public final class MapText {
    private static final int BYTES_A_LINE = 16;
    private static final int BYTES_A_GROUP = 8;
    private static final int SHORT_ELEMENT = 24;

    private final Cpu cpu;
    private final Function<BpfMap, Btf> types;
    private final boolean json;
    private final boolean pretty;

    /**
     * @param types the types of a map's definition
     * @param json whether to print JSON
     * @param pretty whether to break JSON into lines
     */
    public MapText(Cpu cpu, Function<BpfMap, Btf> types, boolean json, boolean pretty) {
        this.cpu = cpu;
        this.types = types;
        this.json = json;
        this.pretty = pretty;
    }

    /** {@code bpftool map list}. */
    public String list(List<BpfMap> maps, boolean array) {
        if (!json) {
            StringBuilder out = new StringBuilder();
            maps.forEach(map -> out.append(description(map)));
            return out.toString();
        }
        JsonText out = new JsonText(pretty, false);
        if (array) {
            out.begin('[');
        }
        maps.forEach(map -> description(out, map));
        return array ? out.end(']').text() : out.text();
    }

    private static String header(BpfMap map) {
        return map.id() + ": " + map.type().display() + "  name " + map.def().kernelName() + "  flags 0x"
                + Long.toHexString(map.def().flags()) + "\n";
    }

    private static String description(BpfMap map) {
        String notes =
                (hasTypes(map) ? "btf_id 1" : "") + (map.isFrozen() ? (hasTypes(map) ? "  " : "") + "frozen" : "");
        return header(map) + "\tkey " + map.def().keySize() + "B  value "
                + map.def().valueSize() + "B  max_entries "
                + map.maxEntries() + "  memlock " + map.memoryBytes() + "B" + (notes.isEmpty() ? "" : "\n\t" + notes)
                + "\n";
    }

    private static JsonText header(JsonText out, BpfMap map) {
        return out.begin('{')
                .name("id")
                .number(map.id())
                .name("type")
                .string(map.type().display())
                .name("name")
                .string(map.def().kernelName())
                .name("flags")
                .number(map.def().flags());
    }

    private static void description(JsonText out, BpfMap map) {
        header(out, map)
                .name("bytes_key")
                .number(map.def().keySize())
                .name("bytes_value")
                .number(map.def().valueSize())
                .name("max_entries")
                .number(map.maxEntries())
                .name("bytes_memlock")
                .number(map.memoryBytes())
                .name("frozen")
                .number(map.isFrozen() ? 1 : 0);
        if (hasTypes(map)) {
            out.name("btf_id").number(1);
        }
        out.end('}');
    }

    private static boolean hasTypes(BpfMap map) {
        return map.def().valueTypeId() != 0;
    }

    /** {@code bpftool map dump}; of several maps each has a header. */
    public String dump(List<BpfMap> maps) {
        boolean typed = maps.stream().allMatch(MapText::hasTypes);
        if (!json && !typed) {
            List<String> texts = new ArrayList<>();
            for (BpfMap map : maps) {
                texts.add((maps.size() > 1 ? header(map) : "") + dump(map));
            }
            return String.join("\n", texts);
        }
        JsonText out = new JsonText(!json || pretty, !json);
        if (maps.size() > 1) {
            out.begin('[');
        }
        for (BpfMap map : maps) {
            dump(out, map, maps.size() > 1);
        }
        if (maps.size() > 1) {
            out.end(']');
        }
        return out.text();
    }

    private String dump(BpfMap map) {
        StringBuilder out = new StringBuilder();
        int[] found = new int[1];
        visit(map, (key, value, error) -> {
            if (error == 0) {
                out.append(plain(map, key, value));
                found[0]++;
            } else if (!isUnset(map, error)) {
                out.append(plainError(key, error == Errno.ENOENT ? "<no entry>" : Errno.name(error)));
            }
        });
        return out + "Found " + found[0] + " element" + (found[0] == 1 ? "" : "s") + "\n";
    }

    private void dump(JsonText out, BpfMap map, boolean withHeader) {
        if (withHeader) {
            header(out, map).name("elements");
        }
        out.begin('[');
        visit(map, (key, value, error) -> {
            if (error == 0) {
                entry(out, map, key, value);
            } else if (!isUnset(map, error)) {
                out.begin('{').name("key").bytes(key).name("value").begin('{');
                out.name("error").string(Errno.name(error)).end('}').end('}');
            }
        });
        out.end(']');
        if (withHeader) {
            out.end('}');
        }
    }

    private static boolean isUnset(BpfMap map, int error) {
        boolean handles = isMapOfMaps(map) || map.type() == MapType.PROG_ARRAY;
        return handles && error == Errno.ENOENT;
    }

    private static boolean isMapOfMaps(BpfMap map) {
        return map.type() == MapType.ARRAY_OF_MAPS || map.type() == MapType.HASH_OF_MAPS;
    }

    /** Takes an element, or the positive errno with which its value could not be read. */
    private interface Visitor {
        void visit(byte[] key, byte[] value, int error);
    }

    private void visit(BpfMap map, Visitor visitor) {
        try (MapCursor cursor = new MapCursor(map, cpu)) {
            while (cursor.next()) {
                int error = cursor.read();
                visitor.visit(cursor.key(), cursor.value(), -error);
            }
        }
    }

    /** {@code bpftool map lookup}: an element that was found. */
    public String element(BpfMap map, byte[] key, byte[] value) {
        if (!json && !hasTypes(map)) {
            return plain(map, key, value);
        }
        JsonText out = new JsonText(!json || pretty, !json);
        entry(out, map, key, value);
        return out.text();
    }

    /** {@code bpftool map lookup}: nothing was found. */
    public String notFound(byte[] key) {
        return json ? nothing() : "key:\n" + hex(key) + "\n\nNot found\n";
    }

    /** {@code bpftool map getnext}. */
    public String nextKey(byte @Nullable [] key, byte[] next) {
        if (!json) {
            return (key == null ? "key: None\n" : "key:\n" + hex(key) + "\n") + "next key:\n" + hex(next) + "\n";
        }
        JsonText out = new JsonText(pretty, false).begin('{').name("key");
        if (key == null) {
            out.raw("null");
        } else {
            out.bytes(key);
        }
        return out.name("next_key").bytes(next).end('}').text();
    }

    /** Returns the output of a command that has nothing to show. */
    public String nothing() {
        return json ? "null\n" : "";
    }

    /** An error, in JSON. */
    public static String error(String message, boolean pretty) {
        return new JsonText(pretty, false)
                .begin('{')
                .name("error")
                .string(message)
                .end('}')
                .text();
    }

    private void entry(JsonText out, BpfMap map, byte[] key, byte[] value) {
        if (!json) {
            typed(out, map, key, value);
            return;
        }
        out.begin('{').name("key").bytes(key);
        if (map.isPercpu()) {
            out.name("values").begin('[');
            List<byte[]> values = perCpu(map, value);
            for (int i = 0; i < values.size(); i++) {
                out.begin('{')
                        .name("cpu")
                        .number(i)
                        .name("value")
                        .bytes(values.get(i))
                        .end('}');
            }
            out.end(']');
        } else {
            out.name("value").bytes(value);
        }
        if (isMapOfMaps(map)) {
            out.name("inner_map_id").number(innerId(value));
        }
        if (hasTypes(map)) {
            out.name("formatted");
            typed(out, map, key, value);
        }
        out.end('}');
    }

    private void typed(JsonText out, BpfMap map, byte[] key, byte[] value) {
        BtfFormatter formatter = new BtfFormatter(types.apply(map));
        int keyType = map.def().keyTypeId();
        int valueType = map.def().valueTypeId();
        out.begin('{');
        if (keyType != 0) {
            out.name("key").value(formatter.format(keyType, key));
        }
        if (map.isPercpu()) {
            out.name("values").begin('[');
            List<byte[]> values = perCpu(map, value);
            for (int i = 0; i < values.size(); i++) {
                out.begin('{').name("cpu").number(i);
                out.name("value")
                        .value(formatter.format(valueType, values.get(i)))
                        .end('}');
            }
            out.end(']');
        } else {
            out.name("value").value(formatter.format(valueType, value));
        }
        out.end('}');
    }

    private static List<byte[]> perCpu(BpfMap map, byte[] value) {
        int size = map.def().valueSize();
        int stride = (size + 7) / 8 * 8;
        List<byte[]> values = new ArrayList<>();
        for (int at = 0; at < value.length; at += stride) {
            values.add(Arrays.copyOfRange(value, at, at + size));
        }
        return values;
    }

    private static long innerId(byte[] value) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xffff_ffffL;
    }

    private static String plain(BpfMap map, byte[] key, byte[] value) {
        StringBuilder out = new StringBuilder();
        if (map.isPercpu()) {
            out.append("key:\n").append(hex(key)).append('\n');
            List<byte[]> values = perCpu(map, value);
            for (int i = 0; i < values.size(); i++) {
                char gap = values.get(i).length > BYTES_A_LINE ? '\n' : ' ';
                out.append(String.format("value (CPU %02d):%c%s%n", i, gap, hex(values.get(i))));
            }
            return out.toString();
        }
        boolean breaks = key.length > BYTES_A_LINE || value.length > BYTES_A_LINE;
        boolean oneLine = key.length + value.length <= SHORT_ELEMENT && !breaks;
        char gap = breaks ? '\n' : ' ';
        if (key.length > 0) {
            out.append("key:").append(gap).append(hex(key)).append(oneLine ? "  " : "\n");
        }
        if (isMapOfMaps(map)) {
            out.append("inner_map_id:").append(gap).append(innerId(value)).append(' ');
        } else {
            out.append("value:").append(gap).append(hex(value));
        }
        return out.append('\n').toString();
    }

    private static String plainError(byte[] key, String message) {
        boolean breaks = key.length > BYTES_A_LINE || message.length() > BYTES_A_LINE;
        boolean oneLine = key.length + message.length() <= SHORT_ELEMENT && !breaks;
        char gap = breaks ? '\n' : ' ';
        return "key:" + gap + hex(key) + (oneLine ? "  " : "\n") + "value:" + gap + message + "\n";
    }

    /** Bytes in hexadecimal: sixteen a line, a wider gap after eight. */
    private static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < bytes.length; i++) {
            if (i > 0) {
                out.append(i % BYTES_A_LINE == 0 ? "\n" : i % BYTES_A_GROUP == 0 ? "  " : " ");
            }
            out.append(String.format("%02x", bytes[i] & 0xff));
        }
        return out.toString();
    }
}
