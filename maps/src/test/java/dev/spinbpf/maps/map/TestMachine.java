package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.lock.RqSpinLock;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sched.Scenario;
import dev.spinbpf.maps.sched.Simulation;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A machine for tests, with buffers for keys and values. */
final class TestMachine implements AutoCloseable {
    private static final int BUFFER_SIZE = 8192;

    final Cpus cpus;
    final Cpu cpu;
    final MapEnvironment environment;
    final long key;
    final long value;
    final long out;
    final long inner;
    private final GuestArena arena = new GuestArena("test");
    private final List<Long> owners = new ArrayList<>();

    TestMachine(int cpuCount) {
        this(new Cpus(cpuCount, Clock.REAL));
    }

    /** A machine for real threads, whose clock runs so slowly that no lock times out because its holder waits for a processor. */
    static TestMachine ofThreads(int cpuCount) {
        return new TestMachine(new Cpus(cpuCount, () -> System.nanoTime() / 50));
    }

    TestMachine(Cpus cpus) {
        this(cpus, new RqSpinLock(new LockStats(cpus.count())));
    }

    TestMachine(Cpus cpus, LockAlgorithm locks) {
        this.cpus = cpus;
        cpu = cpus.get(0);
        environment = new MapEnvironment(
                cpus,
                locks,
                new MapTable(),
                () -> 0x5eed,
                MapEnvironment.DEFAULT_LIMIT_BYTES,
                FieldCanceller.NONE,
                handle -> handle >= 0 && handle < owners.size() ? owners.get(handle) : 0);
        key = buffer();
        value = buffer();
        out = buffer();
        inner = buffer();
    }

    long buffer() {
        return arena.allocate(BUFFER_SIZE);
    }

    static MapDef def(MapType type, int keySize, int valueSize, long maxEntries, long flags) {
        return def(type, keySize, valueSize, maxEntries, flags, null);
    }

    static MapDef def(MapType type, int keySize, int valueSize, long maxEntries, long flags, @Nullable MapDef inner) {
        return MapDef.builder("m", type)
                .keySize(keySize)
                .valueSize(valueSize)
                .maxEntries(maxEntries)
                .flags(flags)
                .inner(inner)
                .build();
    }

    /** An rhash with room for {@code hint} elements at first. */
    ResizableHashMap resizable(int keySize, int valueSize, long maxEntries, long hint) {
        long flags = MapFlags.BPF_F_NO_PREALLOC;
        MapDef def = MapDef.builder("m", MapType.RHASH)
                .keySize(keySize)
                .valueSize(valueSize)
                .maxEntries(maxEntries)
                .flags(flags)
                .mapExtra(hint)
                .build();
        return (ResizableHashMap) map(def, Btf.EMPTY);
    }

    /** Storage for tasks; {@link #storage} makes owners. */
    LocalStorageMap taskStorage(int valueSize) {
        Btf btf = new Btf(List.of(
                new BtfType.Void(),
                new BtfType.Int("int", 4, 32, 0, true, false, false),
                new BtfType.Composite("value", false, valueSize, List.of())));
        MapDef def = MapDef.builder("m", MapType.TASK_STORAGE)
                .keySize(4)
                .valueSize(valueSize)
                .flags(MapFlags.BPF_F_NO_PREALLOC)
                .typeIds(1, 2)
                .build();
        return (LocalStorageMap) map(def, btf);
    }

    /** A new owner of local storage, whose handle is its number from 0 on. */
    long storage() {
        long storage = arena.allocate(LocalStorageMap.STORAGE_SIZE, 64);
        owners.add(storage);
        return storage;
    }

    /** Storage of the owner with a handle. */
    long ownerAt(int handle) {
        return owners.get(handle);
    }

    int ownerCount() {
        return owners.size();
    }

    BpfMap map(MapType type, int keySize, int valueSize, long maxEntries, long flags) {
        return map(def(type, keySize, valueSize, maxEntries, flags), Btf.EMPTY);
    }

    BpfMap map(MapDef def, Btf btf) {
        try {
            return MapFactory.create(def, btf, environment);
        } catch (MapCreationException e) {
            throw new AssertionError(e);
        }
    }

    long key(int number) {
        GuestMemory.putInt(key, number);
        return key;
    }

    long value(long number) {
        GuestMemory.putLong(value, number);
        return value;
    }

    int update(BpfMap map, int keyNumber, long valueNumber, long flags) {
        return map.update(cpu, key(keyNumber), value(valueNumber), flags);
    }

    int update(BpfMap map, int keyNumber, long valueNumber) {
        return update(map, keyNumber, valueNumber, MapFlags.BPF_ANY);
    }

    int delete(BpfMap map, int keyNumber) {
        return map.delete(cpu, key(keyNumber));
    }

    /** The value, or null. */
    @Nullable
    Long get(BpfMap map, int keyNumber) {
        long found = map.lookup(cpu, key(keyNumber));
        return found == 0 ? null : GuestMemory.getLong(found);
    }

    @Override
    public void close() {
        for (BpfMap map : environment.table().all()) {
            map.close();
        }
        arena.close();
    }

    /** A scenario on a new machine, which is closed after the run and its checks. */
    static Scenario scenario(int cpus, BiConsumer<Simulation, TestMachine> body) {
        TestMachine[] previous = new TestMachine[1];
        return simulation -> {
            if (previous[0] != null) {
                previous[0].close();
            }
            TestMachine machine = new TestMachine(simulation.machine(cpus));
            previous[0] = machine;
            body.accept(simulation, machine);
        };
    }
}
