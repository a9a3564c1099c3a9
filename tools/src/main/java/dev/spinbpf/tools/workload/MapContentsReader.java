package dev.spinbpf.tools.workload;

import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload.Element;
import dev.spinbpf.vm.stress.ProgramWorkload.MapContents;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Reads the initial contents of maps of a workload file: few bytes there can stand for many here, up to a limit. */
final class MapContentsReader {
    private static final int MOST_VALUE_BYTES = 1 << 20;
    private static final long MOST_BYTES = 64 << 20;

    private long bytesLeft = MOST_BYTES;

    private MapContentsReader() {}

    static List<MapContents> read(Fields file, ObjectTable objects) {
        MapContentsReader reader = new MapContentsReader();
        List<MapContents> all = new ArrayList<>();
        for (Fields fields : file.list("maps")) {
            ObjectTable.Entry entry = objects.find(fields, "map", "map", ObjectTable.Entry::maps);
            if (entry == null) {
                continue;
            }
            String name = fields.text("map");
            for (MapDef def : entry.object().maps()) {
                if (def.name().equals(name)) {
                    all.add(new MapContents(entry.file().name(), name, reader.elements(fields, entry, def)));
                    break;
                }
            }
        }
        return all;
    }

    private List<Element> elements(Fields fields, ObjectTable.Entry entry, MapDef def) {
        if (!isFillable(def)) {
            fields.wrong(
                    "map",
                    "expected a map that user space can fill, found one of type "
                            + def.type().display() + (def.readOnly() ? ", read-only" : ""));
            return List.of();
        }
        ValueEncoder encoder = new ValueEncoder(entry.object().btf(), fields.mistakes());
        byte[] data = def.initialData();
        byte[] initial = data != null && data.length == def.valueSize() ? data : new byte[def.valueSize()];
        List<Element> elements = new ArrayList<>();
        for (Fields element : fields.list("elements")) {
            bytesLeft -= def.keySize() + def.valueSize();
            if (bytesLeft < 0) {
                element.wrong("value", "expected at most " + MOST_BYTES + " bytes in all maps, found more");
                break;
            }
            ByteString key = key(element, def, encoder);
            YamlNode value = element.node("value");
            ByteString bytes =
                    value == null ? null : encoder.encode(value, element.path("value"), def.valueTypeId(), initial);
            if (bytes != null) {
                elements.add(new Element(key, bytes));
            }
        }
        return elements;
    }

    private static ByteString key(Fields element, MapDef def, ValueEncoder encoder) {
        YamlNode key = element.node("key");
        boolean keyless = def.type().isKeyless();
        if (keyless && key != null) {
            element.wrong("key", "is not for maps of type " + def.type().display() + ", which have no keys");
        }
        if (!keyless && key == null && !def.isGlobalData()) {
            element.wrong("key", "expected a key of " + def.keySize() + " bytes, found none");
        }
        if (keyless) {
            return ByteString.of();
        }
        ByteString none = ByteString.of(new byte[def.keySize()]);
        return key == null
                ? none
                : Objects.requireNonNullElse(
                        encoder.encode(key, element.path("key"), def.keyTypeId(), new byte[def.keySize()]), none);
    }

    private static boolean isFillable(MapDef def) {
        boolean hasRoom =
                def.valueSize() > 0 && def.valueSize() <= MOST_VALUE_BYTES && def.keySize() <= MOST_VALUE_BYTES;
        return hasRoom
                && !def.readOnly()
                && switch (def.type()) {
                    case ARRAY, PERCPU_ARRAY, HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH, RHASH, LPM_TRIE -> true;
                    case QUEUE, STACK, BLOOM_FILTER -> true;
                    default -> false;
                };
    }
}
