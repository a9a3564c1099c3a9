package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.btf.BtfType.Composite;
import dev.spinbpf.programs.btf.BtfType.Member;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Values with locks and timers in them. */
class SpecialFieldsTest {
    private static final int VALUE_SIZE = 40;
    private static final int LOCK_OFFSET = 4;
    private static final int TIMER_OFFSET = 8;

    /** struct { int before; struct bpf_spin_lock lock; struct bpf_timer timer; long after[2]; }. */
    private static final Btf BTF = new Btf(List.of(
            new BtfType.Void(),
            new BtfType.Int("int", 4, 32, 0, true, false, false),
            new Composite("bpf_spin_lock", false, 4, List.of()),
            new Composite("bpf_timer", false, 16, List.of()),
            new Composite(
                    "value",
                    false,
                    VALUE_SIZE,
                    List.of(
                            new Member("before", 1, 0, 0),
                            new Member("lock", 2, LOCK_OFFSET * 8, 0),
                            new Member("timer", 3, TIMER_OFFSET * 8, 0))),
            new Composite(
                    "locked",
                    false,
                    VALUE_SIZE,
                    List.of(new Member("before", 1, 0, 0), new Member("lock", 2, LOCK_OFFSET * 8, 0)))));

    private final TestMachine machine = new TestMachine(2);

    @AfterEach
    void close() {
        machine.close();
    }

    private static MapDef def(MapType type, long flags) {
        return MapDef.builder("m", type)
                .keySize(4)
                .valueSize(VALUE_SIZE)
                .maxEntries(4)
                .flags(flags)
                .typeIds(1, 4)
                .build();
    }

    private void fillValue(int with) {
        GuestMemory.fill(machine.value, VALUE_SIZE, (byte) with);
    }

    @Test
    void initialDataLeavesThemZero() {
        byte[] data = new byte[VALUE_SIZE];
        Arrays.fill(data, (byte) 0x11);
        BpfMap map = machine.map(
                MapDef.builder("m", MapType.ARRAY)
                        .keySize(4)
                        .valueSize(VALUE_SIZE)
                        .maxEntries(1)
                        .typeIds(1, 4)
                        .initialData(data)
                        .build(),
                BTF);

        long value = map.lookup(machine.cpu, machine.key(0));

        assertThat(GuestMemory.getInt(value)).isEqualTo(0x11111111);
        assertThat(GuestMemory.getInt(value + LOCK_OFFSET)).isZero();
        assertThat(GuestMemory.getLong(value + TIMER_OFFSET)).isZero();
        assertThat(GuestMemory.getLong(value + TIMER_OFFSET + 8)).isZero();
        assertThat(GuestMemory.getLong(value + TIMER_OFFSET + 16)).isEqualTo(0x1111111111111111L);
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"ARRAY", "HASH"})
    void updateLeavesThemAlone(MapType type) {
        BpfMap map = machine.map(def(type, 0), BTF);
        assertThat(map.layout().record().fields())
                .extracting(BtfField::kind)
                .containsExactly(BtfField.Kind.BPF_SPIN_LOCK, BtfField.Kind.BPF_TIMER);
        fillValue(0x11);
        assertThat(map.update(machine.cpu, machine.key(1), machine.value, 0)).isZero();
        long value = map.lookup(machine.cpu, machine.key(1));
        assertThat(GuestMemory.getInt(value)).isEqualTo(0x11111111);
        assertThat(GuestMemory.getInt(value + LOCK_OFFSET)).isZero();
        assertThat(GuestMemory.getLong(value + TIMER_OFFSET)).isZero();
        assertThat(GuestMemory.getLong(value + 32)).isEqualTo(0x1111111111111111L);
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"ARRAY", "HASH"})
    void userSpaceDoesNotSeeThem(MapType type) {
        BpfMap map = machine.map(def(type, 0), BTF);
        fillValue(0x11);
        map.update(machine.cpu, machine.key(1), machine.value, 0);
        GuestMemory.putLong(map.lookup(machine.cpu, machine.key(1)) + TIMER_OFFSET, 0x1234);
        GuestMemory.fill(machine.out, VALUE_SIZE, (byte) 0x77);
        assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, MapFlags.BPF_F_LOCK))
                .isZero();
        assertThat(GuestMemory.getInt(machine.out)).isEqualTo(0x11111111);
        assertThat(GuestMemory.getLong(machine.out + TIMER_OFFSET)).isZero();
        assertThat(GuestMemory.getInt(machine.out + LOCK_OFFSET)).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"ARRAY", "HASH"})
    void lockedUpdateWritesInPlaceAndLetsGo(MapType type) {
        BpfMap map = machine.map(def(type, 0), BTF);
        fillValue(0x11);
        assertThat(map.update(machine.cpu, machine.key(1), machine.value, 0)).isZero();
        long value = map.lookup(machine.cpu, machine.key(1));
        fillValue(0x22);
        assertThat(map.update(machine.cpu, machine.key(1), machine.value, MapFlags.BPF_F_LOCK))
                .isZero();
        assertThat(map.lookup(machine.cpu, machine.key(1))).isEqualTo(value);
        assertThat(GuestMemory.getInt(value)).isEqualTo(0x22222222);
        assertThat(GuestMemory.getInt(value + LOCK_OFFSET)).isZero();
        assertThat(machine.cpu.irqsEnabled()).isTrue();
    }

    @Test
    void lockedUpdateMakesAnElementThatIsMissing() {
        BpfMap map = machine.map(def(MapType.HASH, MapFlags.BPF_F_NO_PREALLOC), BTF);
        fillValue(0x22);
        assertThat(map.update(machine.cpu, machine.key(1), machine.value, MapFlags.BPF_F_LOCK))
                .isZero();
        assertThat(GuestMemory.getInt(map.lookup(machine.cpu, machine.key(1)))).isEqualTo(0x22222222);
    }

    /** A map whose values have a lock; key 1 is there in an array, and may be there in the others. */
    private BpfMap locked(MapType type, long flags) {
        boolean storage = type == MapType.TASK_STORAGE;
        for (int i = 0; storage && i < 2; i++) {
            machine.storage();
        }
        return machine.map(
                MapDef.builder("m", type)
                        .keySize(4)
                        .valueSize(VALUE_SIZE)
                        .maxEntries(storage ? 0 : 4)
                        .flags(flags)
                        .typeIds(1, 5)
                        .build(),
                BTF);
    }

    private long acquisitions(long value) {
        return machine.environment
                .locks()
                .stats()
                .ofAddress(value + LOCK_OFFSET)
                .attempts();
    }

    private long valueAt(BpfMap map) {
        return map instanceof LocalStorageMap storage
                ? storage.get(machine.cpu, machine.ownerAt(1), 0, 0)
                : map.lookup(machine.cpu, machine.key(1));
    }

    @ParameterizedTest
    @CsvSource({"ARRAY,0", "HASH,0", "HASH,1", "RHASH,1", "TASK_STORAGE,1"})
    void lockedOperationsOfUserSpaceHoldTheValuesLock(MapType type, long flags) {
        BpfMap map = locked(type, flags);
        machine.key(1);
        if (type != MapType.ARRAY) {
            assertThat(map.sysLookup(machine.cpu, machine.key, machine.out, MapFlags.BPF_F_LOCK))
                    .isEqualTo(-ENOENT);
            long exist = MapFlags.BPF_F_LOCK | MapFlags.BPF_EXIST;
            assertThat(map.sysUpdate(machine.cpu, machine.key, machine.value, exist))
                    .isEqualTo(-ENOENT);
        }
        fillValue(0x11);
        assertThat(map.sysUpdate(machine.cpu, machine.key, machine.value, MapFlags.BPF_F_LOCK))
                .isZero();
        long value = valueAt(map);
        long before = acquisitions(value);

        fillValue(0x22);
        assertThat(map.sysUpdate(machine.cpu, machine.key, machine.value, MapFlags.BPF_F_LOCK))
                .isZero();
        assertThat(valueAt(map)).as("written in place").isEqualTo(value);
        assertThat(acquisitions(value)).isEqualTo(before + 1);
        assertThat(GuestMemory.getInt(value)).isEqualTo(0x22222222);
        assertThat(GuestMemory.getInt(value + LOCK_OFFSET)).as("lock").isZero();
        assertThat(GuestMemory.getLong(value + VALUE_SIZE - 8)).isEqualTo(0x2222222222222222L);

        GuestMemory.fill(machine.out, VALUE_SIZE, (byte) 0x77);
        assertThat(map.sysLookup(machine.cpu, machine.key, machine.out, MapFlags.BPF_F_LOCK))
                .isZero();
        assertThat(acquisitions(value)).isEqualTo(before + 2);
        assertThat(GuestMemory.getInt(machine.out)).isEqualTo(0x22222222);
        assertThat(GuestMemory.getInt(machine.out + LOCK_OFFSET)).isZero();

        long noExist = MapFlags.BPF_F_LOCK | MapFlags.BPF_NOEXIST;
        assertThat(map.sysUpdate(machine.cpu, machine.key, machine.value, noExist))
                .isEqualTo(-EEXIST);
        MapContents.assertNothingHeld(machine.cpu);
    }

    @ParameterizedTest
    @CsvSource({"HASH,0", "HASH,1", "RHASH,1"})
    void lockedTakingCopiesUnderTheValuesLock(MapType type, long flags) {
        BpfMap map = locked(type, flags);
        fillValue(0x11);
        assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value, 0)).isZero();
        long value = valueAt(map);
        long before = acquisitions(value);
        assertThat(map.sysLookupAndDelete(machine.cpu, machine.key, machine.out, MapFlags.BPF_F_LOCK))
                .isZero();
        assertThat(acquisitions(value)).isEqualTo(before + 1);
        assertThat(GuestMemory.getInt(machine.out)).isEqualTo(0x11111111);
        assertThat(GuestMemory.getInt(machine.out + LOCK_OFFSET)).isZero();
        assertThat(map.lookup(machine.cpu, machine.key(1))).isZero();
        MapContents.assertConserved(map, machine.cpu);
    }

    @Test
    void mapsOfValuesWithThemCannotBeFrozen() {
        BpfMap map = machine.map(def(MapType.ARRAY, 0), BTF);
        assertThat(map.sysFreeze()).isEqualTo(-ENOTSUPP);
        assertThat(map.isFrozen()).isFalse();
    }

    @Test
    void kindsThatMayNotHoldThemHaveNone() {
        for (MapType type : List.of(MapType.LRU_HASH, MapType.PERCPU_ARRAY)) {
            BpfMap map = machine.map(def(type, 0), BTF);
            assertThat(map.layout().record().isEmpty()).isTrue();
            assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, MapFlags.BPF_F_LOCK))
                    .isEqualTo(-EINVAL);
        }
    }

    @Test
    void timersOfValuesThatGoAreCancelled() {
        List<Long> cancelled = new ArrayList<>();
        Cpus cpus = new Cpus(1, Clock.REAL);
        MapEnvironment plain = MapEnvironment.of(cpus, () -> 0);
        MapEnvironment environment = new MapEnvironment(
                cpus,
                plain.locks(),
                plain.table(),
                () -> 0,
                MapEnvironment.DEFAULT_LIMIT_BYTES,
                (cpu, map, value) -> cancelled.add(value),
                LocalStorageOwners.NONE);
        try (BpfMap map = MapFactory.create(def(MapType.HASH, 0), BTF, environment)) {
            map.update(cpus.get(0), machine.key(1), machine.value, 0);
            long first = map.lookup(cpus.get(0), machine.key(1));
            assertThat(cancelled).isEmpty();
            map.update(cpus.get(0), machine.key(1), machine.value, 0);
            long second = map.lookup(cpus.get(0), machine.key(1));
            map.delete(cpus.get(0), machine.key(1));
            assertThat(cancelled).containsExactly(first, second);
        } catch (MapCreationException e) {
            throw new AssertionError(e);
        }
    }
}
