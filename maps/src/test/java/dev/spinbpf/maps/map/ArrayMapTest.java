package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.EPERM;
import static dev.spinbpf.programs.linux.Errno.ERANGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArrayMapTest {
    private final TestMachine machine = new TestMachine(3);

    @AfterEach
    void close() {
        machine.close();
    }

    @Test
    void elementsAreZeroAtFirstAndKeepWhatIsWritten() {
        BpfMap map = machine.map(MapType.ARRAY, 4, 8, 4, 0);
        assertThat(machine.get(map, 3)).isZero();
        assertThat(machine.update(map, 3, 42)).isZero();
        assertThat(machine.get(map, 3)).isEqualTo(42);
        assertThat(machine.get(map, 4)).isNull();
        assertThat(machine.get(map, -1)).isNull();
    }

    @Test
    void updateFailsAsLinuxDoes() {
        BpfMap map = machine.map(MapType.ARRAY, 4, 8, 4, 0);
        assertThat(machine.update(map, 4, 1)).isEqualTo(-E2BIG);
        assertThat(machine.update(map, 0, 1, MapFlags.BPF_NOEXIST)).isEqualTo(-EEXIST);
        assertThat(machine.update(map, 0, 1, MapFlags.BPF_EXIST)).isZero();
        assertThat(machine.update(map, 0, 1, 3)).isEqualTo(-EINVAL);
        assertThat(machine.update(map, 0, 1, MapFlags.BPF_F_LOCK)).isEqualTo(-EINVAL);
        assertThat(machine.delete(map, 0)).isEqualTo(-EINVAL);
    }

    @Test
    void stepsThroughIndices() {
        BpfMap map = machine.map(MapType.ARRAY, 4, 8, 2, 0);
        assertThat(map.getNextKey(machine.cpu, 0, machine.out)).isZero();
        assertThat(GuestMemory.getInt(machine.out)).isZero();
        assertThat(map.getNextKey(machine.cpu, machine.key(0), machine.out)).isZero();
        assertThat(GuestMemory.getInt(machine.out)).isEqualTo(1);
        assertThat(map.getNextKey(machine.cpu, machine.key(1), machine.out)).isEqualTo(-ENOENT);
        assertThat(map.getNextKey(machine.cpu, machine.key(9), machine.out)).isZero();
        assertThat(GuestMemory.getInt(machine.out)).isZero();
    }

    @Test
    void globalDataHasItsInitialContentsAndAnAddress() {
        byte[] initial = {1, 2, 3, 4, 5};
        MapDef def = MapDef.builder(".rodata", MapType.ARRAY)
                .keySize(4)
                .valueSize(5)
                .maxEntries(1)
                .initialData(initial)
                .readOnly(true)
                .build();
        BpfMap map = machine.map(def, Btf.EMPTY);
        assertThat(map.directValueAddress()).isEqualTo(map.lookup(machine.cpu, machine.key(0)));
        assertThat(GuestMemory.bytes(map.directValueAddress(), 5)).isEqualTo(initial);
        assertThat(map.sysUpdate(machine.cpu, machine.key(0), machine.value, 0)).isEqualTo(-EPERM);
        assertThat(machine.map(MapType.ARRAY, 4, 8, 2, 0).directValueAddress()).isZero();
    }

    @Test
    void forEachVisitsUntilToldToStop() {
        BpfMap map = machine.map(MapType.ARRAY, 4, 8, 5, 0);
        for (int i = 0; i < 5; i++) {
            machine.update(map, i, i * 10L);
        }
        long[] sum = new long[1];
        assertThat(map.forEach(
                        machine.cpu,
                        (cpu, visited, key, value) -> {
                            sum[0] += GuestMemory.getInt(key) + GuestMemory.getLong(value);
                            return 0;
                        },
                        machine.out))
                .isEqualTo(5);
        assertThat(sum[0]).isEqualTo(110);
        assertThat(map.forEach(
                        machine.cpu, (cpu, visited, key, value) -> GuestMemory.getInt(key) == 2 ? 1 : 0, machine.out))
                .isEqualTo(3);
    }

    @Test
    void mapPointerLeadsToTheMapAndShowsItsAttributes() {
        BpfMap map = machine.map(MapType.ARRAY, 4, 8, 5, 0);
        assertThat(machine.environment.table().byAddress(map.address())).isSameAs(map);
        assertThat(machine.environment.table().byAddress(map.address() + 8)).isNull();
        assertThat(GuestMemory.getInt(map.address() + 76)).isEqualTo(5);
    }

    @Test
    void percpuArrayHasAValueForEachCpu() {
        BpfMap map = machine.map(MapType.PERCPU_ARRAY, 4, 12, 2, 0);
        for (int cpu = 0; cpu < 3; cpu++) {
            map.update(machine.cpus.get(cpu), machine.key(1), machine.value(100 + cpu), 0);
        }
        assertThat(GuestMemory.getLong(map.lookup(machine.cpus.get(2), machine.key(1))))
                .isEqualTo(102);
        assertThat(GuestMemory.getLong(map.lookupPercpu(machine.cpu, machine.key(1), 1)))
                .isEqualTo(101);
        assertThat(map.lookupPercpu(machine.cpu, machine.key(1), 3)).isZero();
        assertThat(map.sysValueSize(0)).isEqualTo(3 * 16);
        assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, 0)).isZero();
        for (int cpu = 0; cpu < 3; cpu++) {
            assertThat(GuestMemory.getLong(machine.out + cpu * 16L)).isEqualTo(100 + cpu);
        }
        assertThat(map.sysLookup(machine.cpu, machine.key(2), machine.out, 0)).isEqualTo(-ENOENT);
    }

    @Test
    void percpuArrayIsWrittenForOneOrAllCpus() {
        BpfMap map = machine.map(MapType.PERCPU_ARRAY, 4, 8, 2, 0);
        for (int cpu = 0; cpu < 3; cpu++) {
            GuestMemory.putLong(machine.value + cpu * 8L, 7 + cpu);
        }
        assertThat(map.sysUpdate(machine.cpu, machine.key(0), machine.value, 0)).isZero();
        assertThat(GuestMemory.getLong(map.lookupPercpu(machine.cpu, machine.key(0), 2)))
                .isEqualTo(9);
        long second = MapFlags.BPF_F_CPU | 1L << 32;
        assertThat(map.sysUpdate(machine.cpu, machine.key(0), machine.value(50), second))
                .isZero();
        assertThat(GuestMemory.getLong(map.lookupPercpu(machine.cpu, machine.key(0), 1)))
                .isEqualTo(50);
        assertThat(GuestMemory.getLong(map.lookupPercpu(machine.cpu, machine.key(0), 0)))
                .isEqualTo(7);
        assertThat(map.sysLookup(machine.cpu, machine.key(0), machine.out, second))
                .isZero();
        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(50);
        assertThat(map.sysUpdate(machine.cpu, machine.key(0), machine.value(60), MapFlags.BPF_F_ALL_CPUS))
                .isZero();
        assertThat(GuestMemory.getLong(map.lookupPercpu(machine.cpu, machine.key(0), 2)))
                .isEqualTo(60);
        long third = MapFlags.BPF_F_CPU | 3L << 32;
        assertThat(map.sysUpdate(machine.cpu, machine.key(0), machine.value, third))
                .isEqualTo(-ERANGE);
        BpfMap plain = machine.map(MapType.ARRAY, 4, 8, 2, 0);
        assertThat(plain.sysUpdate(machine.cpu, machine.key(0), machine.value, second))
                .isEqualTo(-EINVAL);
    }
}
