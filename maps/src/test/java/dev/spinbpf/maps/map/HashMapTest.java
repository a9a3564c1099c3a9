package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.EPERM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HashMapTest {
    private final TestMachine machine = new TestMachine(2);

    @AfterEach
    void close() {
        machine.close();
    }

    private BpfMap map(long flags, int entries) {
        return machine.map(MapType.HASH, 4, 8, entries, flags);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC, MapFlags.BPF_F_ZERO_SEED})
    void updatesFindsAndDeletes(long flags) {
        BpfMap map = map(flags, 8);
        assertThat(machine.get(map, 1)).isNull();
        assertThat(machine.update(map, 1, 10)).isZero();
        assertThat(machine.update(map, 2, 20)).isZero();
        assertThat(machine.get(map, 1)).isEqualTo(10);
        assertThat(machine.update(map, 1, 11)).isZero();
        assertThat(machine.get(map, 1)).isEqualTo(11);
        assertThat(machine.delete(map, 1)).isZero();
        assertThat(machine.get(map, 1)).isNull();
        assertThat(machine.delete(map, 1)).isEqualTo(-ENOENT);
        assertThat(((HashTableMap) map).entryCount()).isEqualTo(1);
    }

    /** Elements are linked by number: their size must not matter. */
    @ParameterizedTest
    @ValueSource(ints = {1, 8, 9, 17, 24, 40, 56, 64, 88, 136, 184, 248, 1000, 4000})
    void elementsOfAnySizeAreFoundAndTakenOut(int valueSize) {
        int entries = 100;
        for (long flags : new long[] {0, MapFlags.BPF_F_NO_PREALLOC}) {
            HashTableMap map = (HashTableMap) machine.map(MapType.HASH, 5, valueSize, entries, flags);
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < entries; i++) {
                    GuestMemory.putByte(machine.value, (byte) i);
                    assertThat(map.update(machine.cpu, machine.key(i), machine.value, 0))
                            .isZero();
                }
                for (int i = 0; i < entries; i += round + 1) {
                    assertThat(GuestMemory.getByte(map.lookup(machine.cpu, machine.key(i))))
                            .isEqualTo((byte) i);
                    assertThat(machine.delete(map, i)).isZero();
                }
                MapContents.assertConserved(map, machine.cpu);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void existenceFlagsAreChecked(long flags) {
        BpfMap map = map(flags, 8);
        assertThat(machine.update(map, 1, 1, MapFlags.BPF_EXIST)).isEqualTo(-ENOENT);
        assertThat(machine.update(map, 1, 1, MapFlags.BPF_NOEXIST)).isZero();
        assertThat(machine.update(map, 1, 1, MapFlags.BPF_NOEXIST)).isEqualTo(-EEXIST);
        assertThat(machine.update(map, 1, 2, MapFlags.BPF_EXIST)).isZero();
        assertThat(machine.update(map, 1, 1, 3)).isEqualTo(-EINVAL);
        assertThat(machine.update(map, 1, 1, -1)).isEqualTo(-EINVAL);
        assertThat(machine.update(map, 1, 1, MapFlags.BPF_F_LOCK)).isEqualTo(-EINVAL);
        assertThat(machine.get(map, 1)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void fullMapTakesReplacementsOnly(long flags) {
        BpfMap map = map(flags, 3);
        for (int key = 0; key < 3; key++) {
            assertThat(machine.update(map, key, key)).isZero();
        }
        assertThat(machine.update(map, 3, 3)).isEqualTo(-E2BIG);
        for (int round = 0; round < 10; round++) {
            assertThat(machine.update(map, round % 3, 100 + round)).isZero();
        }
        assertThat(machine.delete(map, 0)).isZero();
        assertThat(machine.update(map, 3, 3)).isZero();
        assertThat(machine.update(map, 4, 4)).isEqualTo(-E2BIG);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void keysAreSteppedThroughOnce(long flags) {
        BpfMap map = map(flags, 100);
        for (int key = 0; key < 60; key++) {
            machine.update(map, key * 7, key);
        }
        Set<Integer> seen = new HashSet<>();
        long next = machine.out;
        for (int error = map.getNextKey(machine.cpu, 0, next);
                error == 0;
                error = map.getNextKey(machine.cpu, next, next)) {
            assertThat(seen.add(GuestMemory.getInt(next))).isTrue();
        }
        assertThat(seen).hasSize(60).contains(0, 7, 413);
        machine.key(99_999);
        assertThat(map.getNextKey(machine.cpu, machine.key, next)).isZero();
        Set<Integer> visited = new HashSet<>();
        assertThat(map.forEach(
                        machine.cpu,
                        (cpu, visitedMap, key, value) -> {
                            visited.add(GuestMemory.getInt(key));
                            return 0;
                        },
                        0))
                .isEqualTo(60);
        assertThat(visited).isEqualTo(seen);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void elementsCanBeDeletedWhileVisited(long flags) {
        BpfMap map = map(flags, 50);
        for (int key = 0; key < 50; key++) {
            machine.update(map, key, key);
        }
        assertThat(map.forEach(machine.cpu, (cpu, visited, key, value) -> visited.delete(cpu, key), machine.out))
                .isEqualTo(50);
        assertThat(((HashTableMap) map).entryCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void userSpaceTakesAValueOut(long flags) {
        BpfMap map = map(flags, 8);
        machine.update(map, 5, 55);
        assertThat(map.sysLookupAndDelete(machine.cpu, machine.key(5), machine.out, 0))
                .isZero();
        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(55);
        assertThat(map.sysLookupAndDelete(machine.cpu, machine.key(5), machine.out, 0))
                .isEqualTo(-ENOENT);
        assertThat(map.sysLookup(machine.cpu, machine.key(5), machine.out, 0)).isEqualTo(-ENOENT);
        assertThat(map.sysLookupAndDelete(machine.cpu, machine.key(5), machine.out, 1))
                .isEqualTo(-EINVAL);
        assertThat(map.sysLookupAndDelete(machine.cpu, machine.key(5), machine.out, MapFlags.BPF_F_LOCK))
                .isEqualTo(-EINVAL);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5, 8, 12, 16, 17, 40, 200})
    void keysOfAnySizeDiffer(int keySize) {
        BpfMap map = machine.map(MapType.HASH, keySize, 8, 300, 0);
        for (int i = 0; i < 200; i++) {
            GuestMemory.putByte(machine.key + keySize - 1, (byte) i);
            assertThat(map.update(machine.cpu, machine.key, machine.value(i), MapFlags.BPF_NOEXIST))
                    .isZero();
        }
        for (int i = 0; i < 200; i++) {
            GuestMemory.putByte(machine.key + keySize - 1, (byte) i);
            assertThat(GuestMemory.getLong(map.lookup(machine.cpu, machine.key)))
                    .isEqualTo(i);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void accessFlagsBindUserSpace(long flags) {
        BpfMap readOnly = map(flags | MapFlags.BPF_F_RDONLY, 8);
        assertThat(machine.update(readOnly, 1, 1)).isZero();
        assertThat(readOnly.sysUpdate(machine.cpu, machine.key(1), machine.value, 0))
                .isEqualTo(-EPERM);
        assertThat(readOnly.sysDelete(machine.cpu, machine.key(1))).isEqualTo(-EPERM);
        BpfMap writeOnly = map(flags | MapFlags.BPF_F_WRONLY, 8);
        assertThat(writeOnly.sysUpdate(machine.cpu, machine.key(1), machine.value, 0))
                .isZero();
        assertThat(writeOnly.sysLookup(machine.cpu, machine.key(1), machine.out, 0))
                .isEqualTo(-EPERM);
        assertThat(writeOnly.sysFreeze()).isZero();
        assertThat(writeOnly.sysUpdate(machine.cpu, machine.key(1), machine.value, 0))
                .isEqualTo(-EPERM);
        assertThat(writeOnly.update(machine.cpu, machine.key(1), machine.value, 0))
                .isZero();
        assertThat(writeOnly.sysFreeze()).isEqualTo(-EPERM);
        assertThat(readOnly.sysFreeze()).isEqualTo(-EPERM);
        assertThat(readOnly.isFrozen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void percpuHashKeepsAValueForEachCpu(long flags) {
        BpfMap map = machine.map(MapType.PERCPU_HASH, 4, 8, 4, flags);
        assertThat(map.update(machine.cpus.get(1), machine.key(1), machine.value(5), 0))
                .isZero();
        assertThat(machine.get(map, 1)).isZero();
        assertThat(GuestMemory.getLong(map.lookupPercpu(machine.cpu, machine.key(1), 1)))
                .isEqualTo(5);
        assertThat(machine.update(map, 1, 6, MapFlags.BPF_NOEXIST)).isEqualTo(-EEXIST);
        assertThat(machine.update(map, 1, 6, MapFlags.BPF_EXIST)).isZero();
        assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, 0)).isZero();
        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(6);
        assertThat(GuestMemory.getLong(machine.out + 8)).isEqualTo(5);
        assertThat(machine.delete(map, 1)).isZero();
        // A reused element starts from zero on CPUs that are given nothing.
        for (int key = 10; key < 14; key++) {
            assertThat(machine.update(map, key, 1)).isZero();
            assertThat(GuestMemory.getLong(map.lookupPercpu(machine.cpu, machine.key(key), 1)))
                    .isZero();
        }
        assertThat(machine.update(map, 99, 1)).isEqualTo(-E2BIG);
        assertThat(map.sysLookupAndDelete(machine.cpu, machine.key(10), machine.out, 0))
                .isZero();
        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(1);
    }
}
