package dev.spinbpf.maps.map;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The contents of a map that nothing uses at the moment; tells whether all its elements are accounted for. */
final class MapContents {
    private MapContents() {}

    /** Keys, as hexadecimal numbers, with the value's first word, or a text where there are no keys. */
    static Map<String, Long> of(BpfMap map, TestMachine machine) {
        Map<String, Long> contents = new TreeMap<>();
        long key = machine.buffer();
        long value = machine.buffer();
        Cpu cpu = machine.cpu;
        switch (map.type()) {
            case QUEUE, STACK -> drainInto(contents, map, machine, value);
            case RINGBUF -> contents.put("position", ((RingBufferMap) map).query(MapFlags.BPF_RB_PROD_POS));
            case TASK_STORAGE -> {
                for (int owner = 0; owner < machine.ownerCount(); owner++) {
                    GuestMemory.putInt(key, owner);
                    if (map.sysLookup(cpu, key, value, 0) == 0) {
                        contents.put("" + owner, GuestMemory.getLong(value));
                    }
                }
            }
            default -> {
                long previous = 0;
                while (map.getNextKey(cpu, previous, key) == 0) {
                    previous = key;
                    assertThat(map.sysLookup(cpu, key, value, 0)).isZero();
                    byte[] bytes = GuestMemory.bytes(key, map.keySize);
                    assertThat(contents.put(HexFormat.of().formatHex(bytes), GuestMemory.getLong(value)))
                            .as("a key twice")
                            .isNull();
                }
            }
        }
        return contents;
    }

    /** The only way to see all of a queue is to take it apart; it is put together again. */
    private static void drainInto(Map<String, Long> contents, BpfMap map, TestMachine machine, long value) {
        List<Long> values = new ArrayList<>();
        while (map.pop(machine.cpu, value) == 0) {
            values.add(GuestMemory.getLong(value));
        }
        for (int i = 0; i < values.size(); i++) {
            contents.put("%03d".formatted(i), values.get(i));
            int from = map.type() == MapType.QUEUE ? i : values.size() - 1 - i;
            assertThat(map.push(machine.cpu, machine.value(values.get(from)), 0))
                    .isZero();
        }
    }

    /** Fails unless each element of the map is in it or free, once. */
    static void assertConserved(BpfMap map, Cpu cpu) {
        switch (map) {
            case HashMapOfValues hash -> assertConserved(hash, hash.pool(), cpu);
            case PercpuHashMap hash -> assertConserved(hash, hash.pool(), cpu);
            case HashMapOfMaps hash -> assertConserved(hash, hash.pool(), null);
            case LruHashMap hash -> {
                assertReachable(hash, cpu);
                assertThat(hash.pool().countNodes()).as("nodes on lists").isEqualTo(hash.maxEntries());
                assertThat(hash.pool().countUsed()).as("nodes in use").isEqualTo(hash.entryCount());
            }
            case LpmTrieMap trie ->
                assertThat(trie.nodes().countUsed()).as("nodes in use").isEqualTo(trie.countNodes());
            case LocalStorageMap storage ->
                assertThat(storage.elements().countUsed()).as("elements in use").isEqualTo(storage.ownerCount());
            case ResizableHashMap hash -> {
                assertThat(hash.elements().countUsed()).as("elements in use").isEqualTo(hash.entryCount());
                assertThat(hash.forEach(
                                cpu,
                                (running, visited, key, value) -> 0,
                                hash.arena().allocate(hash.keySize)))
                        .isEqualTo(hash.entryCount());
            }
            default -> {}
        }
    }

    private static void assertConserved(HashTableMap map, ElementPool pool, @Nullable Cpu cpu) {
        if (cpu != null) {
            assertReachable(map, cpu);
        }
        PercpuFreelist freelist = pool.freelist();
        if (freelist != null) {
            assertThat(freelist.count() + map.entryCount())
                    .as("elements in the map or free")
                    .isEqualTo(map.maxEntries());
        }
        ElementCache cache = pool.cache();
        if (cache != null) {
            assertThat(cache.countUsed()).as("elements in use").isEqualTo(map.entryCount());
        }
    }

    private static void assertReachable(HashTableMap map, Cpu cpu) {
        assertThat(map.forEach(cpu, (running, visited, key, value) -> 0, 0))
                .as("elements that can be reached")
                .isEqualTo(map.entryCount());
    }

    /** Fails unless the CPU is as before any operation. */
    static void assertNothingHeld(Cpu cpu) {
        assertThat(cpu.heldLocks().count()).isZero();
        assertThat(cpu.preemptCount()).isZero();
        assertThat(cpu.irqsEnabled()).isTrue();
        assertThat(cpu.guardDepth()).isZero();
    }
}
