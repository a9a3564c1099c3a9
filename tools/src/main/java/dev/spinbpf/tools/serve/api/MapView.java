package dev.spinbpf.tools.serve.api;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.programs.btf.BtfFormatter;
import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.serve.engine.MapPage;
import dev.spinbpf.tools.serve.engine.ServedMaps.Reading;
import dev.spinbpf.tools.serve.engine.ServedMaps.ServedMap;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Maps and their elements as JSON. Keys and values are hexadecimal, and also by their types where they have some. */
final class MapView {
    private MapView() {}

    static String maps(List<ServedMap> maps) {
        JsonText json = new JsonText(false, false).begin('{').name("maps").begin('[');
        maps.forEach(map -> map(json, map));
        return json.end(']').end('}').text();
    }

    static String map(ServedMap map) {
        JsonText json = new JsonText(false, false);
        map(json, map);
        return json.text();
    }

    private static void map(JsonText json, ServedMap served) {
        BpfMap map = served.map();
        json.begin('{').name("object").string(served.object().name());
        json.name("name").string(map.name());
        json.name("type").string(map.type().display());
        json.name("key_bytes").number(map.def().keySize());
        json.name("value_bytes").number(map.def().valueSize());
        json.name("max_entries").number(map.maxEntries());
        json.name("flags").number(map.def().flags());
        json.name("memory_bytes").number(map.memoryBytes());
        json.name("frozen").raw(Boolean.toString(map.isFrozen())).end('}');
    }

    static String page(Reading<MapPage> read) {
        MapPage page = read.value();
        JsonText json = new JsonText(false, false).begin('{').name("elements").begin('[');
        page.elements().forEach(element -> element(json, read.map(), element));
        json.end(']').name("next");
        if (page.more()) {
            json.string(HexFormat.of().formatHex(page.elements().getLast().key()));
        } else {
            json.raw("null");
        }
        return json.end('}').text();
    }

    static String element(Reading<MapPage.Element> read) {
        JsonText json = new JsonText(false, false);
        element(json, read.map(), read.value());
        return json.text();
    }

    private static void element(JsonText json, ServedMap served, MapPage.Element element) {
        BpfMap map = served.map();
        int size = map.def().valueSize();
        int stride = map.isPercpu() ? (size + 7) / 8 * 8 : Math.max(1, element.value().length);
        BtfFormatter formatter = new BtfFormatter(served.object().contents().btf());
        json.begin('{').name("key").string(HexFormat.of().formatHex(element.key()));
        json.name("values").begin('[');
        for (int at = 0; at < element.value().length; at += stride) {
            json.string(
                    HexFormat.of().formatHex(element.value(), at, at + Math.min(size, element.value().length - at)));
        }
        json.end(']').name("formatted").begin('{');
        if (map.def().keyTypeId() != 0) {
            json.name("key").value(formatter.format(map.def().keyTypeId(), element.key()));
        }
        if (map.def().valueTypeId() != 0) {
            json.name("values").begin('[');
            for (int at = 0; at + size <= element.value().length; at += stride) {
                json.value(
                        formatter.format(map.def().valueTypeId(), Arrays.copyOfRange(element.value(), at, at + size)));
            }
            json.end(']');
        }
        json.end('}').end('}');
    }
}
