package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MapCreationTest {
    private final TestMachine machine = new TestMachine(3);

    @AfterEach
    void close() {
        machine.close();
    }

    private int errno(MapDef def) {
        try {
            MapFactory.create(def, Btf.EMPTY, machine.environment);
            return 0;
        } catch (MapCreationException e) {
            assertThat(e).hasMessageStartingWith("map 'm': ");
            return e.errno();
        }
    }

    @ParameterizedTest
    @CsvSource({
        // type, key, value, entries, flags, errno
        "ARRAY,          4,       8,          1,    0, 0",
        "ARRAY,          8,       8,          1,    0, " + EINVAL,
        "ARRAY,          4,       0,          1,    0, " + EINVAL,
        "ARRAY,          4,       8,          0,    0, " + EINVAL,
        "ARRAY,          4,       8,          1,    1, " + EINVAL,
        "ARRAY,          4,       8,          1, 1024, 0",
        "ARRAY,          4,       8,          1, 4096, 0",
        "ARRAY,          4,       8,          1,  384, " + EINVAL,
        "ARRAY,          4,       8,          1, 2048, " + EINVAL,
        "ARRAY,          4,      -1,          1,    0, " + E2BIG,
        "ARRAY,          4, 2147483647, 4294967295, 0, " + ENOMEM,
        "PERCPU_ARRAY,   4,   32768,          1,    0, 0",
        "PERCPU_ARRAY,   4,   32769,          1,    0, " + E2BIG,
        "PERCPU_ARRAY,   4,       8,          1, 1024, " + EINVAL,
        "PROG_ARRAY,     4,       8,          1,    0, " + EINVAL,
        "PROG_ARRAY,     4,       4,          1,  128, " + EINVAL,
        "PROG_ARRAY,     4,       4,          1,    0, 0",
        "PERF_EVENT_ARRAY, 4,     4,          1, 2048, 0",
        "HASH,           4,       8,          1,    0, 0",
        "HASH,           0,       8,          1,    0, " + EINVAL,
        "HASH,           4,       0,          1,    0, " + EINVAL,
        "HASH,           4,       8,          0,    0, " + EINVAL,
        "HASH,           4,       8,          1,    2, " + EINVAL,
        "HASH,           4,       8,          1, 1024, " + EINVAL,
        "HASH,           4,       8,          1,   24, " + EINVAL,
        "HASH,           4, 4194251,          1,    0, 0",
        "HASH,           4, 4194252,          1,    0, " + E2BIG,
        "HASH,           4,       8, 2147483649,    0, " + E2BIG,
        "HASH,           4,       8, 2147483648,    1, " + E2BIG,
        "PERCPU_HASH,    4,   32769,          1,    0, " + E2BIG,
        "LRU_HASH,       4,       8,          4,    1, " + ENOTSUPP,
        "LRU_HASH,       4,       8,          4,    2, 0",
        "LRU_PERCPU_HASH,4,       8,          4,    0, 0",
        "LPM_TRIE,       8,       8,          4,    0, " + EINVAL,
        "LPM_TRIE,       8,       8,          4,    1, 0",
        "LPM_TRIE,       4,       8,          4,    1, " + EINVAL,
        "LPM_TRIE,     260,       8,          4,    1, 0",
        "LPM_TRIE,     261,       8,          4,    1, " + EINVAL,
        "LPM_TRIE,       8,       0,          4,    1, " + EINVAL,
        "QUEUE,          0,       8,          4,    0, 0",
        "QUEUE,          4,       8,          4,    0, " + EINVAL,
        "STACK,          0,       0,          4,    0, " + EINVAL,
        "STACK,          0, 4194305,          4,    0, " + E2BIG,
        "RINGBUF,        0,       0,       4096,    0, 0",
        "RINGBUF,        0,       0,       2048,    0, " + EINVAL,
        "RINGBUF,        0,       0,      12288,    0, " + EINVAL,
        "RINGBUF,        0,       8,       4096,    0, " + EINVAL,
        "RINGBUF,        0,       0,       4096,    1, " + EINVAL,
        "BLOOM_FILTER,   0,       8,        100,    0, 0",
        "BLOOM_FILTER,   4,       8,        100,    0, " + EINVAL,
        "CGROUP_STORAGE, 8,       8,          0,    0, 0",
        "USER_RINGBUF,   0,       0,       4096,    0, 0",
        "USER_RINGBUF,   0,       0,       4097,    0, " + EINVAL,
        "USER_RINGBUF,   0,       0,       4096, 524288, " + EINVAL,
        "RHASH,          4,       8,          4,    1, 0",
        "RHASH,          4,       8,          4,    0, " + EINVAL,
        "RHASH,          4,       8,          4,   65, " + EINVAL,
        "RHASH,      65536,       8,          4,    1, " + E2BIG,
        "RHASH,          4,       8, 2147483649,    1, " + E2BIG,
        "TASK_STORAGE,   4,       8,          0,    1, " + EINVAL,
        "ARRAY_OF_MAPS,  4,       4,          1,    0, " + EINVAL,
    })
    void makesOrRefusesAsLinuxDoes(MapType type, int keySize, int valueSize, long entries, long flags, int errno) {
        assertThat(errno(TestMachine.def(type, keySize, valueSize, entries, flags)))
                .isEqualTo(errno);
    }

    private static MapDef resizable(long maxEntries, long hint) {
        return MapDef.builder("m", MapType.RHASH)
                .keySize(4)
                .valueSize(8)
                .maxEntries(maxEntries)
                .flags(1)
                .mapExtra(hint)
                .build();
    }

    @Test
    void sizeHintOfAnRhashIsALimitedNumber() {
        assertThat(errno(resizable(1000, 1000))).isZero();
        assertThat(errno(resizable(1000, 1001))).isEqualTo(EINVAL);
        assertThat(errno(resizable(1 << 20, 65536))).isEqualTo(E2BIG);
        assertThat(errno(resizable(1 << 20, 1L << 32))).isEqualTo(EINVAL);
        assertThat(errno(TestMachine.def(MapType.HASH, 4, 8, 4, 0))).isZero();
    }

    private static MapDef storage(int keySize, int valueSize, long maxEntries, long flags, int valueTypeId) {
        return MapDef.builder("m", MapType.TASK_STORAGE)
                .keySize(keySize)
                .valueSize(valueSize)
                .maxEntries(maxEntries)
                .flags(flags)
                .typeIds(1, valueTypeId)
                .build();
    }

    @Test
    void localStorageHasAValueForEachOwnerAndTypes() {
        assertThat(errno(storage(4, 8, 0, 1, 2))).isZero();
        assertThat(errno(storage(4, 8, 0, 1, 0))).isEqualTo(EINVAL);
        assertThat(errno(storage(8, 8, 0, 1, 2))).isEqualTo(EINVAL);
        assertThat(errno(storage(4, 0, 0, 1, 2))).isEqualTo(EINVAL);
        assertThat(errno(storage(4, 8, 1, 1, 2))).isEqualTo(EINVAL);
        assertThat(errno(storage(4, 8, 0, 0, 2))).isEqualTo(EINVAL);
        assertThat(errno(storage(4, 8, 0, 65, 2))).isEqualTo(EINVAL);
        assertThat(errno(storage(4, 65408, 0, 1, 2))).isEqualTo(E2BIG);
    }

    @Test
    void refusesUnsupportedKindsByName() {
        MapDef def = TestMachine.def(MapType.STRUCT_OPS, 4, 4, 1, 0);
        assertThatThrownBy(() -> MapFactory.create(def, Btf.EMPTY, machine.environment))
                .hasMessage("map 'm': maps of type struct_ops are not supported (EOPNOTSUPP)");
    }

    @Test
    void refusesMapsOfMapsOfMaps() {
        MapDef innermost = TestMachine.def(MapType.ARRAY, 4, 4, 1, 0);
        MapDef inner = TestMachine.def(MapType.ARRAY_OF_MAPS, 4, 4, 1, 0, innermost);
        assertThat(errno(TestMachine.def(MapType.ARRAY_OF_MAPS, 4, 4, 1, 0, inner)))
                .isEqualTo(EINVAL);
        MapDef programs = TestMachine.def(MapType.PROG_ARRAY, 4, 4, 1, 0);
        assertThat(errno(TestMachine.def(MapType.HASH_OF_MAPS, 4, 4, 1, 0, programs)))
                .isEqualTo(ENOTSUPP);
    }

    @Test
    void percpuListsRoundTheEntriesUp() {
        BpfMap map = machine.map(MapType.LRU_HASH, 4, 8, 4, MapFlags.BPF_F_NO_COMMON_LRU);
        assertThat(map.maxEntries()).isEqualTo(6);
    }

    @Test
    void closedMapGivesItsMemoryBack() {
        BpfMap map = machine.map(MapType.HASH, 4, 8, 1000, 0);
        long address = map.address();
        assertThat(map.memoryBytes()).isGreaterThan(1000 * 30);
        map.close();
        assertThat(machine.environment.table().byId(map.id())).isNull();
        assertThat(machine.environment.table().byAddress(address)).isNull();
    }
}
