package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EBADF;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENODEV;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.EOVERFLOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Maps of devices, CPUs, sockets and cgroups as user space sees them. */
class TargetMapTest {
    private static final int LOOPBACK = TargetMap.LOOPBACK;

    private final TestMachine machine = new TestMachine(2);
    private final GuestArena arena = new GuestArena("test");
    private final long key = arena.allocate(16);
    private final long value = arena.allocate(16);
    private final Cpu cpu = machine.cpus.get(0);

    @AfterEach
    void close() {
        arena.close();
    }

    private BpfMap map(MapType type, int entries) throws MapCreationException {
        return MapFactory.create(TestMachine.def(type, 4, 4, entries, 0), Btf.EMPTY, machine.environment);
    }

    private int update(BpfMap map, int at, int target, long flags) {
        GuestMemory.putInt(key, at);
        GuestMemory.putInt(value, target);
        return map.sysUpdate(cpu, key, value, flags);
    }

    private int delete(BpfMap map, int at) {
        GuestMemory.putInt(key, at);
        return map.sysDelete(cpu, key);
    }

    @Test
    void devicesAreThoseOfTheMachine() throws Exception {
        try (BpfMap map = map(MapType.DEVMAP, 2)) {
            assertThat(update(map, 0, LOOPBACK, MapFlags.BPF_ANY)).isZero();
            assertThat(update(map, 0, 7, MapFlags.BPF_ANY)).isEqualTo(-EINVAL);
            assertThat(update(map, 2, LOOPBACK, MapFlags.BPF_ANY)).isEqualTo(-E2BIG);
            assertThat(update(map, 1, LOOPBACK, MapFlags.BPF_NOEXIST)).isEqualTo(-EEXIST);
            assertThat(update(map, 1, LOOPBACK, 3)).isEqualTo(-EINVAL);
            assertThat(((TargetMap) map).contains(0)).isTrue();
            assertThat(delete(map, 0)).isZero();
            assertThat(delete(map, 0)).isZero();
            assertThat(delete(map, 2)).isEqualTo(-EINVAL);
            assertThat(((TargetMap) map).contains(0)).isFalse();
        }
    }

    @Test
    void devicesInAHashHaveAnyKey() throws Exception {
        try (BpfMap map = map(MapType.DEVMAP_HASH, 1)) {
            assertThat(update(map, 99, LOOPBACK, MapFlags.BPF_NOEXIST)).isZero();
            assertThat(update(map, 99, LOOPBACK, MapFlags.BPF_NOEXIST)).isEqualTo(-EEXIST);
            assertThat(update(map, 98, LOOPBACK, MapFlags.BPF_ANY)).isEqualTo(-E2BIG);
            assertThat(update(map, 99, 0, MapFlags.BPF_ANY)).isEqualTo(-EINVAL);
            assertThat(map.getNextKey(cpu, 0, key)).isZero();
            assertThat(GuestMemory.getInt(key)).isEqualTo(99);
            assertThat(map.getNextKey(cpu, key, key)).isEqualTo(-ENOENT);
            assertThat(delete(map, 99)).isZero();
            assertThat(delete(map, 99)).isEqualTo(-ENOENT);
        }
    }

    @Test
    void processorsHaveQueuesOfALimitedLength() throws Exception {
        try (BpfMap map = map(MapType.CPUMAP, 4)) {
            assertThat(update(map, 1, 16384, MapFlags.BPF_ANY)).isZero();
            assertThat(update(map, 1, 16385, MapFlags.BPF_ANY)).isEqualTo(-EOVERFLOW);
            assertThat(update(map, 2, 1, MapFlags.BPF_ANY)).isEqualTo(-ENODEV);
            assertThat(update(map, 4, 1, MapFlags.BPF_ANY)).isEqualTo(-E2BIG);
            assertThat(map.entryCount()).isEqualTo(1);
            assertThat(update(map, 1, 0, MapFlags.BPF_ANY)).isZero();
            assertThat(map.entryCount()).isZero();
        }
    }

    @Test
    void noDescriptorIsASocket() throws Exception {
        try (BpfMap sockets = map(MapType.SOCKMAP, 2);
                BpfMap queues = map(MapType.XSKMAP, 2);
                BpfMap group = map(MapType.REUSEPORT_SOCKARRAY, 2)) {
            assertThat(update(sockets, 0, 3, MapFlags.BPF_ANY)).isEqualTo(-EBADF);
            assertThat(update(queues, 2, 3, MapFlags.BPF_ANY)).isEqualTo(-E2BIG);
            assertThat(update(group, 1, 3, MapFlags.BPF_ANY)).isEqualTo(-EBADF);
            assertThat(delete(sockets, 0)).isEqualTo(-EINVAL);
            assertThat(delete(queues, 0)).isZero();
            assertThat(delete(group, 0)).isEqualTo(-ENOENT);
            assertThat(delete(group, 2)).isEqualTo(-E2BIG);
        }
    }

    @Test
    void aCgroupHasOneValue() throws Exception {
        try (BpfMap map = MapFactory.create(
                TestMachine.def(MapType.CGROUP_STORAGE, 8, 8, 0, 0), Btf.EMPTY, machine.environment)) {
            GuestMemory.putLong(key, CgroupStorageMap.ROOT_CGROUP_ID);
            GuestMemory.putLong(value, 42);
            assertThat(map.sysUpdate(cpu, key, value, MapFlags.BPF_ANY)).isZero();
            assertThat(GuestMemory.getLong(((CgroupStorageMap) map).value(cpu))).isEqualTo(42);
            assertThat(map.sysUpdate(cpu, key, value, MapFlags.BPF_NOEXIST)).isEqualTo(-EINVAL);
            assertThat(map.sysDelete(cpu, key)).isEqualTo(-EINVAL);
            GuestMemory.putLong(key, 77);
            assertThat(map.sysLookup(cpu, key, value, 0)).isEqualTo(-ENOENT);
        }
    }
}
