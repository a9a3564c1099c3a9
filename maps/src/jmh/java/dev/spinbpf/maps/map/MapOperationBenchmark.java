package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Operations on maps of 100,000 entries of 4+8 bytes (the trie: 10,000 prefixes), a thousand of them an invocation, by random
 * keys: microseconds an invocation are nanoseconds an operation. Making the key, storing it and reading the value that was found
 * are part of it, as they are of a program that does the same on Linux. Invocations are so short that most of them are free of
 * what else the processor does: look at the median (p0.50) rather than the mean.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MapOperationBenchmark {
    private static final int OPERATIONS = 1000;
    private static final int KEYS = 1_000_000;
    private static final int ENTRIES = 100_000;
    private static final int PREFIXES = 10_000;
    private static final int LONGEST_PREFIX = 32;

    /** A machine with one map, and memory for a key and a value. */
    @State(Scope.Thread)
    public abstract static class Fixture {
        final GuestArena arena = new GuestArena("benchmark");
        final long key = arena.allocate(64);
        final long value = arena.allocate(64);
        final Cpus cpus = new Cpus(2, Clock.REAL);
        final Cpu cpu = cpus.get(0);
        BpfMap map;
        private int next;

        /** The first of the numbers from which the keys of an invocation are made; each number comes once in a million. */
        final int takeNumbers() {
            int first = next;
            next = first + OPERATIONS == KEYS ? 0 : first + OPERATIONS;
            return first;
        }

        abstract BpfMap make() throws MapCreationException;

        final BpfMap make(MapType type, int keySize, long flags) throws MapCreationException {
            MapDef def = MapDef.builder("map", type)
                    .keySize(keySize)
                    .valueSize(Long.BYTES)
                    .maxEntries(ENTRIES)
                    .flags(flags)
                    .build();
            return MapFactory.create(def, Btf.EMPTY, MapEnvironment.of(cpus, () -> 0x5eed));
        }

        @Setup
        public final void setUp() throws MapCreationException {
            map = make();
            fill();
        }

        void fill() {
            for (int i = 0; i < ENTRIES; i++) {
                update(i, i);
            }
        }

        final long lookup(int keyNumber) {
            GuestMemory.putInt(key, keyNumber);
            return valueAt(map.lookup(cpu, key));
        }

        static long valueAt(long found) {
            return found == 0 ? 0 : GuestMemory.getLong(found);
        }

        final int update(int keyNumber, long number) {
            GuestMemory.putInt(key, keyNumber);
            GuestMemory.putLong(value, number);
            return map.update(cpu, key, value, MapFlags.BPF_ANY);
        }

        final int replace(int keyNumber, long number) {
            GuestMemory.putInt(key, keyNumber);
            GuestMemory.putLong(value, number);
            return map.delete(cpu, key) + map.update(cpu, key, value, MapFlags.BPF_ANY);
        }

        @TearDown
        public final void tearDown() {
            map.close();
            arena.close();
        }
    }

    public static class Hash extends Fixture {
        @Override
        BpfMap make() throws MapCreationException {
            return make(MapType.HASH, Integer.BYTES, 0);
        }
    }

    public static class NoPreallocHash extends Fixture {
        @Override
        BpfMap make() throws MapCreationException {
            return make(MapType.HASH, Integer.BYTES, MapFlags.BPF_F_NO_PREALLOC);
        }
    }

    public static class PercpuHash extends Fixture {
        @Override
        BpfMap make() throws MapCreationException {
            return make(MapType.PERCPU_HASH, Integer.BYTES, 0);
        }
    }

    public static class LruHash extends Fixture {
        @Override
        BpfMap make() throws MapCreationException {
            return make(MapType.LRU_HASH, Integer.BYTES, 0);
        }
    }

    public static class Array extends Fixture {
        @Override
        BpfMap make() throws MapCreationException {
            return make(MapType.ARRAY, Integer.BYTES, 0);
        }
    }

    public static class LpmTrie extends Fixture {
        @Override
        BpfMap make() throws MapCreationException {
            return make(MapType.LPM_TRIE, 2 * Integer.BYTES, MapFlags.BPF_F_NO_PREALLOC);
        }

        @Override
        void fill() {
            for (int i = 0; i < PREFIXES; i++) {
                int random = random(i);
                GuestMemory.putInt(key, 8 + Integer.remainderUnsigned(random, 25));
                GuestMemory.putInt(key + 4, random(random));
                GuestMemory.putLong(value, i);
                map.update(cpu, key, value, MapFlags.BPF_ANY);
            }
        }

        long lookupAddress(int address) {
            GuestMemory.putInt(key, LONGEST_PREFIX);
            GuestMemory.putInt(key + 4, address);
            return valueAt(map.lookup(cpu, key));
        }
    }

    /** A mixture of the bits of {@code i}. */
    static int random(int i) {
        long mixed = (i & 0xffff_ffffL) * 0x9E3779B97F4A7C15L;
        mixed ^= mixed >>> 29;
        mixed *= 0xBF58476D1CE4E5B9L;
        return (int) (mixed ^ mixed >>> 32);
    }

    private static int randomKey(int i) {
        return (int) ((random(i) & 0xffff_ffffL) % ENTRIES);
    }

    private static long lookups(Fixture fixture) {
        long sum = 0;
        int first = fixture.takeNumbers();
        for (int i = first; i < first + OPERATIONS; i++) {
            sum += fixture.lookup(randomKey(i));
        }
        return sum;
    }

    private static int updates(Fixture fixture) {
        int errors = 0;
        int first = fixture.takeNumbers();
        for (int i = first; i < first + OPERATIONS; i++) {
            errors += fixture.update(randomKey(i), i);
        }
        return errors;
    }

    private static int replacements(Fixture fixture) {
        int errors = 0;
        int first = fixture.takeNumbers();
        for (int i = first; i < first + OPERATIONS; i++) {
            errors += fixture.replace(i % ENTRIES, i);
        }
        return errors;
    }

    @Benchmark
    public long hashLookup(Hash fixture) {
        return lookups(fixture);
    }

    @Benchmark
    public int hashUpdate(Hash fixture) {
        return updates(fixture);
    }

    @Benchmark
    public int hashDeleteInsert(Hash fixture) {
        return replacements(fixture);
    }

    @Benchmark
    public long noPreallocLookup(NoPreallocHash fixture) {
        return lookups(fixture);
    }

    @Benchmark
    public int noPreallocUpdate(NoPreallocHash fixture) {
        return updates(fixture);
    }

    @Benchmark
    public int noPreallocDeleteInsert(NoPreallocHash fixture) {
        return replacements(fixture);
    }

    @Benchmark
    public long percpuHashLookup(PercpuHash fixture) {
        return lookups(fixture);
    }

    @Benchmark
    public int percpuHashUpdate(PercpuHash fixture) {
        return updates(fixture);
    }

    @Benchmark
    public long lruLookup(LruHash fixture) {
        return lookups(fixture);
    }

    @Benchmark
    public int lruUpdate(LruHash fixture) {
        return updates(fixture);
    }

    @Benchmark
    public int lruDeleteInsert(LruHash fixture) {
        return replacements(fixture);
    }

    @Benchmark
    public long arrayLookup(Array fixture) {
        return lookups(fixture);
    }

    @Benchmark
    public long lpmLookup(LpmTrie fixture) {
        long sum = 0;
        int first = fixture.takeNumbers();
        for (int i = first; i < first + OPERATIONS; i++) {
            sum += fixture.lookupAddress(random(random(i % ENTRIES)));
        }
        return sum;
    }
}
