package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.MapType;
import java.util.List;
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
    private final GuestArena arena = new GuestArena("test");

    TestMachine(int cpuCount) {
        this(new Cpus(cpuCount, Clock.REAL));
    }

    TestMachine(Cpus cpus) {
        this.cpus = cpus;
        cpu = cpus.get(0);
        environment = MapEnvironment.of(cpus, () -> 0x5eed);
        key = buffer();
        value = buffer();
        out = buffer();
    }

    long buffer() {
        return arena.allocate(BUFFER_SIZE);
    }

    static MapDef def(MapType type, int keySize, int valueSize, long maxEntries, long flags) {
        return def(type, keySize, valueSize, maxEntries, flags, null);
    }

    static MapDef def(MapType type, int keySize, int valueSize, long maxEntries, long flags, @Nullable MapDef inner) {
        return new MapDef("m", type, keySize, valueSize, maxEntries, flags, 0, 0, 0, 0, inner, List.of(), null, false);
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
}
