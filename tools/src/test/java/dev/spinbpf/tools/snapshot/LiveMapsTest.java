package dev.spinbpf.tools.snapshot;

import static dev.spinbpf.tools.snapshot.SnapshotDirectoryTest.def;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.util.List;
import org.junit.jupiter.api.Test;

class LiveMapsTest {
    private static final MapSnapshot EMPTY = MapSnapshot.empty(3);

    private static MapSnapshot throughDisk(LiveMaps live) throws SnapshotException {
        return SnapshotReader.read("file", SnapshotWriter.write(live.snapshot()));
    }

    /** Puts four elements into a map, with keys 0 to 3 or pushed in that order. */
    private static void fill(LiveMaps live, BpfMap map) {
        try (GuestArena arena = new GuestArena("test")) {
            long key = arena.allocate(16);
            long value = arena.allocate(map.sysValueSize(0));
            for (int i = 0; i < 4; i++) {
                GuestMemory.putInt(key, map.type() == MapType.LPM_TRIE ? 8 * i : i);
                for (int at = 0; at < map.sysValueSize(0); at += 8) {
                    GuestMemory.putLong(value + at, 100L * i + at);
                }
                boolean pushed = map.type() == MapType.QUEUE || map.type() == MapType.STACK;
                int error = pushed
                        ? map.push(live.cpu(), value, MapFlags.BPF_ANY)
                        : map.sysUpdate(live.cpu(), key, value, MapFlags.BPF_ANY);
                assertThat(error).as(map.toString()).isZero();
            }
        }
    }

    private static List<String> elements(MapSnapshot snapshot) {
        return snapshot.maps().stream()
                .flatMap(map -> map.elements().stream()
                        .map(element -> map.def().name()
                                + java.util.Arrays.toString(element.key())
                                + java.util.Arrays.toString(element.value())))
                .sorted()
                .toList();
    }

    @Test
    void shouldKeepEachKindOfMap() throws Exception {
        List<MapType> keyed = List.of(
                MapType.ARRAY,
                MapType.PERCPU_ARRAY,
                MapType.HASH,
                MapType.PERCPU_HASH,
                MapType.LRU_HASH,
                MapType.LRU_PERCPU_HASH);
        try (LiveMaps live = LiveMaps.of(EMPTY)) {
            for (MapType type : keyed) {
                fill(live, live.create(def(type, type.display(), 4, 8, 4), Btf.EMPTY));
            }
            fill(live, live.create(def(MapType.QUEUE, "queue", 0, 8, 4), Btf.EMPTY));
            fill(live, live.create(def(MapType.STACK, "stack", 0, 8, 4), Btf.EMPTY));
            MapDef trie = MapDef.builder("trie", MapType.LPM_TRIE)
                    .keySize(8)
                    .valueSize(8)
                    .maxEntries(4)
                    .flags(MapFlags.BPF_F_NO_PREALLOC)
                    .build();
            fill(live, live.create(trie, Btf.EMPTY));
            MapSnapshot saved = throughDisk(live);
            assertThat(elements(saved)).hasSize(9 * 4);
            try (LiveMaps again = LiveMaps.of(saved)) {
                assertThat(elements(again.snapshot())).isEqualTo(elements(saved));
                assertThat(again.cpuCount()).isEqualTo(3);
                assertThat(firstOut(again, "queue")).isZero();
                assertThat(firstOut(again, "stack")).isEqualTo(300);
            }
        }
    }

    private static long firstOut(LiveMaps live, String name) {
        BpfMap map = live.maps().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        try (GuestArena arena = new GuestArena("test")) {
            long value = arena.allocate(8);
            assertThat(map.pop(live.cpu(), value)).isZero();
            return GuestMemory.getLong(value);
        }
    }

    @Test
    void shouldKeepWhichMapsAreInAMapOfMaps() throws Exception {
        try (LiveMaps live = LiveMaps.of(EMPTY);
                GuestArena arena = new GuestArena("test")) {
            MapDef inner = def(MapType.ARRAY, "inner", 4, 8, 2);
            live.create(inner, Btf.EMPTY);
            BpfMap second = live.create(def(MapType.ARRAY, "second", 4, 8, 2), Btf.EMPTY);
            MapDef def = MapDef.builder("outer", MapType.HASH_OF_MAPS)
                    .keySize(4)
                    .valueSize(4)
                    .maxEntries(4)
                    .inner(inner)
                    .build();
            BpfMap outer = live.create(def, Btf.EMPTY);
            long key = arena.allocate(8);
            long value = arena.allocate(8);
            GuestMemory.putInt(key, 7);
            GuestMemory.putInt(value, second.id());
            assertThat(outer.sysUpdate(live.cpu(), key, value, MapFlags.BPF_ANY))
                    .isZero();
            try (LiveMaps again = LiveMaps.of(throughDisk(live))) {
                BpfMap restored = again.maps().get(2);
                assertThat(restored.lookup(again.cpu(), key))
                        .isEqualTo(again.maps().get(1).address());
            }
        }
    }

    @Test
    void shouldSayWhichMapCannotBeMadeAgain() {
        MapSnapshot bad = new MapSnapshot(
                1, List.of(new MapSnapshot.SavedMap(def(MapType.ARRAY, "broken", 8, 8, 1), Btf.EMPTY, List.of())));
        assertThatThrownBy(() -> LiveMaps.of(bad))
                .isInstanceOf(SnapshotException.class)
                .hasMessageContaining("map 'broken'");
    }

    @Test
    void shouldRefuseElementsOfTheWrongSize() {
        MapSnapshot.Element element = new MapSnapshot.Element(new byte[3], new byte[8]);
        MapSnapshot bad = new MapSnapshot(
                1, List.of(new MapSnapshot.SavedMap(def(MapType.HASH, "short", 4, 8, 1), Btf.EMPTY, List.of(element))));
        assertThatThrownBy(() -> LiveMaps.of(bad)).hasMessageContaining("an element has 3+8 bytes, not 4+8");
    }
}
