package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.maps.map.StackTraceMap;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfFormatter;
import dev.spinbpf.programs.btf.BtfValue;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.Machine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/** The elements of an object's maps, and its global data, by their types. */
public final class ShownMaps {
    /** No maps. */
    public static final ShownMaps NONE = new ShownMaps(List.of(), List.of(), Btf.EMPTY, Long::toHexString);

    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private final List<BpfMap> maps;
    private final List<Cpu> cpus;
    private final BtfFormatter formatter;
    private final int variablesType;
    private final LongFunction<String> places;

    private ShownMaps(List<BpfMap> maps, List<Cpu> cpus, Btf types, LongFunction<String> places) {
        this.places = places;
        this.maps = maps;
        this.cpus = cpus;
        this.formatter = new BtfFormatter(types);
        this.variablesType = ShownArena.variablesType(types);
    }

    /** Returns the maps of an object in a machine, on which nothing runs while they are shown. */
    public static ShownMaps of(Machine machine, ProgramObject object) throws MapCreationException {
        return new ShownMaps(machine.maps(object), machine.cpus().all(), object.btf(), machine::describeAddress);
    }

    /** Returns all maps as text, each after an empty line. */
    public String text(Style style) {
        StringBuilder out = new StringBuilder();
        for (BpfMap map : maps) {
            map(out, style, map);
        }
        return out.toString();
    }

    /** Writes the member {@code maps}. */
    void write(JsonGenerator json) throws IOException {
        Json.objects(json, "maps", maps, map -> map(json, map));
    }

    private void map(StringBuilder out, Style style, BpfMap map) {
        out.append('\n')
                .append(style.bold(map.name()))
                .append(" (")
                .append(map.type().display())
                .append(")\n");
        if (map instanceof ArenaMap arena) {
            out.append(new ShownArena(arena, formatter, variablesType).text());
            return;
        }
        MapDump.Elements elements = MapDump.of(map, cpus.getFirst());
        for (MapDump.Element element : elements.elements()) {
            String key =
                    map.def().isGlobalData() ? "" : "key " + shown(map.def().keyTypeId(), element.key()) + "  ";
            if (element.values().size() == 1) {
                out.append("  ")
                        .append(key)
                        .append("value ")
                        .append(value(map, element.values().getFirst()));
            } else {
                out.append("  ").append(key).append("values ");
                out.append(element.values().stream()
                        .map(value -> value(map, value))
                        .collect(Collectors.joining(", ", "[", "]")));
            }
            out.append('\n');
        }
        if (!elements.obstacle().isEmpty()) {
            out.append("  ").append(elements.obstacle()).append('\n');
        } else if (elements.elements().isEmpty()) {
            out.append("  empty\n");
        }
        if (elements.more()) {
            out.append("  ... more than ").append(MapDump.MOST_ELEMENTS).append(" elements\n");
        }
    }

    /** The places of a stack's frames, innermost first. */
    private List<String> frames(byte[] value) {
        LongBuffer addresses =
                ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
        List<String> frames = new ArrayList<>();
        while (addresses.hasRemaining()) {
            long address = addresses.get();
            if (address != 0) {
                frames.add(places.apply(address));
            }
        }
        return frames;
    }

    private static boolean isStacks(BpfMap map) {
        return map instanceof StackTraceMap && (map.def().flags() & MapFlags.BPF_F_STACK_BUILD_ID) == 0;
    }

    private String value(BpfMap map, byte[] bytes) {
        if (isStacks(map)) {
            return String.join("\n    ", frames(bytes));
        }
        return shown(map.def().valueTypeId(), bytes);
    }

    /** By its type as bpftool's JSON; without one the bytes in hexadecimal. */
    private String shown(int typeId, byte[] bytes) {
        return typeId == 0
                ? HEX.formatHex(bytes)
                : formatter.format(typeId, bytes).toJson();
    }

    private void map(JsonGenerator json, BpfMap map) throws IOException {
        json.writeStringField("name", map.name());
        json.writeStringField("type", map.type().display());
        if (map instanceof ArenaMap arena) {
            new ShownArena(arena, formatter, variablesType).write(json);
            return;
        }
        MapDump.Elements elements = MapDump.of(map, cpus.getFirst());
        Json.objects(json, "elements", elements.elements(), element -> {
            json.writeFieldName("key");
            raw(json, map.def().keyTypeId(), element.key());
            if (isStacks(map)) {
                Json.strings(json, "frames", frames(element.values().getFirst()));
            } else if (map.isPercpu()) {
                json.writeArrayFieldStart("values");
                for (byte[] value : element.values()) {
                    raw(json, map.def().valueTypeId(), value);
                }
                json.writeEndArray();
            } else {
                json.writeFieldName("value");
                raw(json, map.def().valueTypeId(), element.values().getFirst());
            }
        });
        json.writeBooleanField("truncated", elements.more());
        if (!elements.obstacle().isEmpty()) {
            json.writeStringField("note", elements.obstacle());
        }
    }

    private void raw(JsonGenerator json, int typeId, byte[] bytes) throws IOException {
        if (typeId == 0) {
            json.writeString(HexFormat.of().formatHex(bytes));
        } else {
            BtfValue value = formatter.format(typeId, bytes);
            json.writeRawValue(value.toJson());
        }
    }
}
