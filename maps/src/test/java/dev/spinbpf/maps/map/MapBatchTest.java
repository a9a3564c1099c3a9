package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EAGAIN;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EPERM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The batch commands. */
class MapBatchTest {
    private static final int COUNT = 40;

    private final TestMachine machine = new TestMachine(2);
    private final long keys = machine.buffer();
    private final long values = machine.buffer();
    private final long cursor = machine.buffer();
    private final long count = machine.buffer();

    @AfterEach
    void close() {
        MapContents.assertNothingHeld(machine.cpu);
        machine.close();
    }

    private MapBatch batch(boolean first, int room, long elementFlags) {
        GuestMemory.putInt(count, room);
        return new MapBatch(first ? 0 : cursor, cursor, keys, values, count, elementFlags, 0);
    }

    private BpfMap map(MapType type) {
        return switch (type) {
            case RHASH -> machine.resizable(4, 8, COUNT, 0);
            case LPM_TRIE -> machine.map(type, 8, 8, COUNT, MapFlags.BPF_F_NO_PREALLOC);
            default -> machine.map(type, 4, 8, COUNT, 0);
        };
    }

    private void putKey(BpfMap map, int index, int number) {
        long key = keys + (long) index * map.keySize;
        GuestMemory.putInt(key, map.type() == MapType.LPM_TRIE ? 32 : number);
        if (map.type() == MapType.LPM_TRIE) {
            GuestMemory.putInt(key + 4, number);
        }
    }

    private int keyAt(BpfMap map, int index) {
        return GuestMemory.getInt(keys + (long) index * map.keySize + map.keySize - 4);
    }

    private void fill(BpfMap map) {
        int size = map.sysValueSize(0);
        for (int i = 0; i < COUNT; i++) {
            putKey(map, i, i);
            GuestMemory.putLong(values + (long) i * size, 100 + i);
        }
        assertThat(map.sysUpdateBatch(machine.cpu, batch(true, COUNT, 0))).isZero();
        assertThat(GuestMemory.getInt(count)).isEqualTo(COUNT);
    }

    private Map<Integer, Long> readAll(BpfMap map, int room, boolean delete) {
        Map<Integer, Long> all = new HashMap<>();
        int size = map.sysValueSize(0);
        int result = 0;
        for (boolean first = true; result == 0; first = false) {
            MapBatch batch = batch(first, room, 0);
            result = delete ? map.sysLookupAndDeleteBatch(machine.cpu, batch) : map.sysLookupBatch(machine.cpu, batch);
            assertThat(result).isIn(0, -ENOENT);
            for (int i = 0; i < GuestMemory.getInt(count); i++) {
                assertThat(all.put(keyAt(map, i), GuestMemory.getLong(values + (long) i * size)))
                        .isNull();
            }
        }
        return all;
    }

    @ParameterizedTest
    @CsvSource({
        "HASH,7",
        "HASH,100",
        "PERCPU_HASH,8",
        "LRU_HASH,20",
        "LRU_PERCPU_HASH,9",
        "LPM_TRIE,1",
        "LPM_TRIE,7",
        "ARRAY,3",
        "ARRAY,40",
        "PERCPU_ARRAY,11",
        "RHASH,1",
        "RHASH,7",
        "RHASH,100"
    })
    void readsAllThereIsInBatches(MapType type, int room) {
        BpfMap map = map(type);
        fill(map);
        Map<Integer, Long> all = readAll(map, room, false);
        assertThat(all).hasSize(COUNT);
        all.forEach((key, value) -> assertThat(value).isEqualTo(100 + key));
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"HASH", "PERCPU_HASH", "LRU_HASH", "LRU_PERCPU_HASH"})
    void takesAllOutInBatches(MapType type) {
        BpfMap map = map(type);
        fill(map);
        assertThat(readAll(map, 9, true)).hasSize(COUNT);
        assertThat(((HashTableMap) map).entryCount()).isZero();
        MapContents.assertConserved(map, machine.cpu);
        fill(map);
        MapContents.assertConserved(map, machine.cpu);
    }

    /** The element that a batch would go on from is not deleted with it, unless it was the last. */
    @Test
    void takesAllOutOfAResizableHash() {
        BpfMap map = map(MapType.RHASH);
        fill(map);
        assertThat(readAll(map, 100, true)).hasSize(COUNT);
        fill(map);
        assertThat(map.sysLookupAndDeleteBatch(machine.cpu, batch(true, 10, 0))).isZero();
        assertThat(((ResizableHashMap) map).entryCount()).isEqualTo(COUNT - 10);
        assertThat(map.delete(machine.cpu, cursor)).isZero();
        assertThat(map.sysLookupBatch(machine.cpu, batch(false, 10, 0))).isEqualTo(-EAGAIN);
        MapContents.assertConserved(map, machine.cpu);
    }

    @Test
    void bucketThatDoesNotFitIsLeftForTheNextBatch() {
        // All in one bucket.
        BpfMap map = machine.map(MapType.HASH, 4, 8, 1, MapFlags.BPF_F_NO_PREALLOC);
        BpfMap two = machine.map(MapType.HASH, 4, 8, 2, 0);
        machine.update(map, 1, 1);
        assertThat(map.sysLookupBatch(machine.cpu, batch(true, 1, 0))).isEqualTo(-ENOENT);
        assertThat(GuestMemory.getInt(count)).isEqualTo(1);
        int other = 2;
        while (((HashTableMap) two).lockOf(machine.key(other)) != ((HashTableMap) two).lockOf(machine.key(1))) {
            other++;
        }
        machine.update(two, 1, 1);
        machine.update(two, other, 1);
        assertThat(two.sysLookupBatch(machine.cpu, batch(true, 1, 0))).isEqualTo(-ENOSPC);
        assertThat(GuestMemory.getInt(count)).isZero();
    }

    @Test
    void stopsAtTheFirstFailureAndTellsHowManyWereDone() {
        BpfMap map = map(MapType.HASH);
        machine.update(map, 2, 0);
        for (int i = 0; i < 4; i++) {
            putKey(map, i, i);
        }
        assertThat(map.sysUpdateBatch(machine.cpu, batch(true, 4, MapFlags.BPF_NOEXIST)))
                .isEqualTo(-EINVAL);
        for (int i = 0; i < COUNT; i++) {
            putKey(map, i, 100 + i);
        }
        assertThat(map.sysUpdateBatch(machine.cpu, batch(true, COUNT, 0))).isEqualTo(-E2BIG);
        assertThat(GuestMemory.getInt(count)).isEqualTo(COUNT - 1);
        putKey(map, 3, 7);
        assertThat(map.sysDeleteBatch(machine.cpu, batch(true, 10, 0))).isEqualTo(-ENOENT);
        assertThat(GuestMemory.getInt(count)).isEqualTo(3);
    }

    @Test
    void refusesWhatTheKindDoesNotDo() {
        BpfMap array = map(MapType.ARRAY);
        assertThat(array.sysDeleteBatch(machine.cpu, batch(true, 1, 0))).isEqualTo(-ENOTSUPP);
        assertThat(array.sysLookupAndDeleteBatch(machine.cpu, batch(true, 1, 0)))
                .isEqualTo(-ENOTSUPP);
        BpfMap trie = map(MapType.LPM_TRIE);
        assertThat(trie.sysLookupAndDeleteBatch(machine.cpu, batch(true, 1, 0))).isEqualTo(-ENOTSUPP);
        BpfMap queue = machine.map(MapType.QUEUE, 0, 8, 4, 0);
        assertThat(queue.sysLookupBatch(machine.cpu, batch(true, 1, 0))).isEqualTo(-ENOTSUPP);
        assertThat(queue.sysUpdateBatch(machine.cpu, batch(true, 1, 0))).isEqualTo(-ENOTSUPP);
        BpfMap hash = map(MapType.HASH);
        assertThat(hash.sysLookupBatch(machine.cpu, batch(true, 1, MapFlags.BPF_F_LOCK)))
                .isEqualTo(-EINVAL);
        assertThat(hash.sysLookupBatch(machine.cpu, new MapBatch(0, cursor, keys, values, count, 0, 1)))
                .isEqualTo(-EINVAL);
        assertThat(hash.sysLookupBatch(machine.cpu, batch(true, 0, 0))).isZero();
        BpfMap readOnly = machine.map(MapType.HASH, 4, 8, 4, MapFlags.BPF_F_RDONLY);
        assertThat(readOnly.sysUpdateBatch(machine.cpu, batch(true, 1, 0))).isEqualTo(-EPERM);
        assertThat(readOnly.sysLookupAndDeleteBatch(machine.cpu, batch(true, 1, 0)))
                .isEqualTo(-EPERM);
        BpfMap writeOnly = machine.map(MapType.HASH, 4, 8, 4, MapFlags.BPF_F_WRONLY);
        assertThat(writeOnly.sysLookupBatch(machine.cpu, batch(true, 1, 0))).isEqualTo(-EPERM);
    }
}
