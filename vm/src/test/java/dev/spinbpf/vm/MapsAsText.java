package dev.spinbpf.vm;

import static dev.spinbpf.programs.linux.MapType.ARRAY_OF_MAPS;
import static dev.spinbpf.programs.linux.MapType.HASH_OF_MAPS;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** The contents of a machine's maps, as text: {@code name{key=value,key=value/value of the next CPU};name{...}}. */
final class MapsAsText {
    private final Cpu cpu;

    MapsAsText(Cpu cpu) {
        this.cpu = cpu;
    }

    String of(List<BpfMap> maps) {
        List<String> texts = new ArrayList<>();
        for (BpfMap map : maps) {
            if (isShown(map)) {
                texts.add(map.name() + "{" + String.join(",", elements(map)) + "}");
            }
        }
        return String.join(";", texts);
    }

    private static boolean isShown(BpfMap map) {
        return switch (map.type()) {
            case ARRAY ->
                map.def().section() == null
                        || map.def().section().equals(".data")
                        || map.name().endsWith(".bss");
            case HASH,
                    RHASH,
                    LPM_TRIE,
                    LRU_HASH,
                    PERCPU_ARRAY,
                    PERCPU_HASH,
                    LRU_PERCPU_HASH,
                    QUEUE,
                    STACK,
                    ARRAY_OF_MAPS,
                    HASH_OF_MAPS -> true;
            default -> false;
        };
    }

    private List<String> elements(BpfMap map) {
        try (GuestArena arena = new GuestArena("contents")) {
            int size = map.sysValueSize(0);
            long value = arena.allocate(size);
            return map.type() == MapType.QUEUE || map.type() == MapType.STACK
                    ? taken(map, value, size)
                    : visited(map, arena.allocate(map.def().keySize()), value);
        }
    }

    private List<String> taken(BpfMap map, long value, int size) {
        List<String> texts = new ArrayList<>();
        while (map.sysLookupAndDelete(cpu, 0, value, 0) == 0) {
            texts.add(hex(value, size));
        }
        return texts;
    }

    private List<String> visited(BpfMap map, long key, long value) {
        int keySize = map.def().keySize();
        List<String> keys = new ArrayList<>();
        for (int end = map.getNextKey(cpu, 0, key); end == 0; end = map.getNextKey(cpu, key, key)) {
            keys.add(hex(key, keySize));
        }
        keys.sort(null);
        List<String> texts = new ArrayList<>();
        for (String text : keys) {
            GuestMemory.copyIn(HexFormat.of().parseHex(text), 0, key, keySize);
            texts.add(text + "=" + value(map, key, value));
        }
        return texts;
    }

    private String value(BpfMap map, long key, long value) {
        int error = map.sysLookup(cpu, key, value, 0);
        if (map.type() == ARRAY_OF_MAPS || map.type() == HASH_OF_MAPS) {
            return error == 0 ? "map" : "-";
        }
        if (error != 0) {
            return "E" + -error;
        }
        int size = map.def().valueSize();
        if (!map.isPercpu()) {
            return hex(value, size);
        }
        int stride = (size + 7) / 8 * 8;
        List<String> copies = new ArrayList<>();
        for (int at = 0; at < map.sysValueSize(0); at += stride) {
            copies.add(hex(value + at, size));
        }
        return String.join("/", copies);
    }

    private static String hex(long address, int size) {
        return HexFormat.of().formatHex(GuestMemory.bytes(address, size));
    }
}
