package dev.spinbpf.tools.snapshot;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.ElementBytes;
import dev.spinbpf.maps.map.MapCursor;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Moves the elements of maps between a machine and a snapshot, as user space sees them. What cannot be read there (ring
 * buffers, bloom filters, program arrays, local storage) is not moved: such a map comes back empty.
 */
final class MapTransfer {
    private final Cpu cpu;

    /** The machine's maps by their place in the snapshot; null where the machine does not have one. */
    private final List<@Nullable BpfMap> maps;

    MapTransfer(Cpu cpu, List<? extends @Nullable BpfMap> maps) {
        this.cpu = cpu;
        this.maps = Collections.unmodifiableList(maps);
    }

    static boolean isMapOfMaps(MapType type) {
        return type == MapType.ARRAY_OF_MAPS || type == MapType.HASH_OF_MAPS;
    }

    private static boolean isQueue(MapType type) {
        return type == MapType.QUEUE || type == MapType.STACK;
    }

    private static boolean isMoved(MapType type) {
        return switch (type) {
            case ARRAY,
                    PERCPU_ARRAY,
                    HASH,
                    PERCPU_HASH,
                    LRU_HASH,
                    LRU_PERCPU_HASH,
                    RHASH,
                    LPM_TRIE,
                    ARRAY_OF_MAPS,
                    HASH_OF_MAPS,
                    QUEUE,
                    STACK -> true;
            default -> false;
        };
    }

    /** A map with what is in it. Queues and stacks are empty for a moment meanwhile. */
    MapSnapshot.SavedMap save(BpfMap map, Btf types) throws SnapshotException {
        if (!isMoved(map.type())) {
            return new MapSnapshot.SavedMap(map.def(), types, List.of());
        }
        List<MapSnapshot.Element> elements = elements(map);
        if (map.def().isGlobalData()) {
            MapDef withData = map.def().toBuilder()
                    .initialData(elements.getFirst().value())
                    .build();
            return new MapSnapshot.SavedMap(withData, types, List.of());
        }
        return new MapSnapshot.SavedMap(map.def(), types, elements);
    }

    private List<MapSnapshot.Element> elements(BpfMap map) throws SnapshotException {
        if (isQueue(map.type())) {
            return queued(map);
        }
        List<MapSnapshot.Element> elements = new ArrayList<>();
        try (MapCursor cursor = new MapCursor(map, cpu)) {
            while (cursor.next()) {
                int error = cursor.read();
                if (error == 0) {
                    elements.add(new MapSnapshot.Element(cursor.key(), valueOf(map, cursor.value())));
                } else if (error != -Errno.ENOENT) {
                    throw new SnapshotException("map '" + map.name() + "' cannot be read: " + Errno.name(error));
                }
            }
        }
        return elements;
    }

    /** The bytes of a value; in a map of maps the place of the inner map. */
    private byte[] valueOf(BpfMap map, byte[] value) {
        if (!isMapOfMaps(map.type())) {
            return value;
        }
        int id = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt();
        for (int place = 0; place < maps.size(); place++) {
            BpfMap inner = maps.get(place);
            if (inner != null && inner.id() == id) {
                return placeBytes(place + 1);
            }
        }
        return placeBytes(0);
    }

    private static byte[] placeBytes(int place) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(place)
                .array();
    }

    private List<MapSnapshot.Element> queued(BpfMap map) {
        int size = map.sysValueSize(0);
        List<MapSnapshot.Element> elements = new ArrayList<>();
        try (GuestArena arena = new GuestArena("snapshot")) {
            long value = arena.allocate(size);
            while (map.pop(cpu, value) == 0) {
                elements.add(new MapSnapshot.Element(new byte[0], GuestMemory.bytes(value, size)));
            }
            if (map.type() == MapType.STACK) {
                Collections.reverse(elements);
            }
            for (MapSnapshot.Element element : elements) {
                GuestMemory.copyIn(element.value(), 0, value, size);
                map.push(cpu, value, MapFlags.BPF_ANY);
            }
        }
        return elements;
    }

    /** Puts what was saved into a map of the machine that is empty, or an array. */
    void load(BpfMap map, MapSnapshot.SavedMap saved) throws SnapshotException {
        byte[] data = saved.def().initialData();
        if (data != null && saved.def().isGlobalData()) {
            if (!map.isFrozen()) {
                put(
                        map,
                        new MapSnapshot.Element(
                                new byte[Integer.BYTES],
                                Arrays.copyOf(data, saved.def().valueSize())));
            }
            return;
        }
        if (!isMoved(map.type())) {
            return;
        }
        for (MapSnapshot.Element element : saved.elements()) {
            put(map, element);
        }
    }

    private void put(BpfMap map, MapSnapshot.Element element) throws SnapshotException {
        int keySize = isQueue(map.type()) ? 0 : map.def().keySize();
        int valueSize = map.sysValueSize(0);
        byte[] bytes = isMapOfMaps(map.type()) ? innerId(map, element.value()) : element.value();
        if (element.key().length != keySize || bytes.length != valueSize) {
            throw new SnapshotException("map '" + map.name() + "': an element has " + element.key().length + "+"
                    + bytes.length + " bytes, not " + keySize + "+" + valueSize);
        }
        int error = ElementBytes.put(map, cpu, element.key(), bytes, MapFlags.BPF_ANY);
        if (error != 0) {
            throw new SnapshotException("map '" + map.name() + "': an element cannot be put in: " + Errno.name(error));
        }
    }

    private byte[] innerId(BpfMap map, byte[] place) throws SnapshotException {
        int number = place.length == Integer.BYTES
                ? ByteBuffer.wrap(place).order(ByteOrder.LITTLE_ENDIAN).getInt()
                : 0;
        BpfMap inner = number < 1 || number > maps.size() ? null : maps.get(number - 1);
        if (inner == null) {
            throw new SnapshotException("map '" + map.name() + "' refers to a map that is not there");
        }
        return placeBytes(inner.id());
    }
}
