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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Two threads, nine lookups to one update, by random keys that are all there: a map beside a {@link ConcurrentHashMap} whose keys
 * are byte arrays in a wrapper with {@code equals} and {@code hashCode}. Each gets its key as bytes and reads the first word of the
 * value; an update brings a new value.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 8, time = 1)
@Threads(2)
@Fork(1)
public class ReadMostlyBenchmark {
    private static final int UPDATE_EVERY = 10;

    /** The contents of both maps. */
    @State(Scope.Benchmark)
    public static class Sizes {
        @Param({"100000", "1000000"})
        int entries;

        @Param("8")
        int valueSize;
    }

    /** A byte array as a key. */
    record Key(byte[] bytes) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && Arrays.equals(bytes, key.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }
    }

    @State(Scope.Benchmark)
    public static class Guest {
        final Cpus cpus = new Cpus(2, Clock.REAL);
        final AtomicInteger nextCpu = new AtomicInteger();
        BpfMap map;

        @Setup
        public void setUp(Sizes sizes) throws MapCreationException {
            MapDef def = MapDef.builder("map", MapType.HASH)
                    .keySize(Long.BYTES)
                    .valueSize(sizes.valueSize)
                    .maxEntries(sizes.entries)
                    .build();
            map = MapFactory.create(def, Btf.EMPTY, MapEnvironment.of(cpus, () -> 0x5eed));
            GuestThread thread = new GuestThread();
            thread.setUp(this, sizes);
            for (int i = 0; i < sizes.entries; i++) {
                thread.update(i, i);
            }
            thread.arena.close();
            nextCpu.set(0);
        }

        @TearDown
        public void tearDown() {
            map.close();
        }
    }

    /** One thread's CPU and buffers. */
    @State(Scope.Thread)
    public static class GuestThread {
        final GuestArena arena = new GuestArena("benchmark");
        BpfMap map;
        Cpu cpu;
        long key;
        long value;
        int turn;

        @Setup
        public void setUp(Guest guest, Sizes sizes) {
            map = guest.map;
            cpu = guest.cpus.get(guest.nextCpu.getAndIncrement());
            key = arena.allocate(64);
            value = arena.allocate(Math.max(64, sizes.valueSize));
            turn = cpu.id() << 30;
        }

        long lookup(long keyNumber) {
            GuestMemory.putLong(key, keyNumber);
            return MapOperationBenchmark.Fixture.valueAt(map.lookup(cpu, key));
        }

        long update(long keyNumber, long number) {
            GuestMemory.putLong(key, keyNumber);
            GuestMemory.putLong(value, number);
            return map.update(cpu, key, value, MapFlags.BPF_ANY);
        }
    }

    @State(Scope.Benchmark)
    public static class Heap {
        final ConcurrentHashMap<Key, byte[]> map = new ConcurrentHashMap<>();

        @Setup
        public void setUp(Sizes sizes) {
            for (int i = 0; i < sizes.entries; i++) {
                map.put(key(i), value(i, sizes.valueSize));
            }
        }

        static Key key(long keyNumber) {
            return new Key(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(keyNumber)
                    .array());
        }

        static byte[] value(long number, int size) {
            return ByteBuffer.allocate(size)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(number)
                    .array();
        }

        long lookup(long keyNumber) {
            byte[] found = map.get(key(keyNumber));
            return found == null
                    ? 0
                    : ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN).getLong();
        }
    }

    /** One thread's place in the sequence of keys. */
    @State(Scope.Thread)
    public static class HeapThread {
        int turn = (int) Thread.currentThread().threadId() << 20;
    }

    private static long keyOf(int turn, Sizes sizes) {
        return (MapOperationBenchmark.random(turn) & 0xffff_ffffL) % sizes.entries;
    }

    @Benchmark
    public long guestHash(GuestThread thread, Sizes sizes) {
        int turn = thread.turn++;
        long key = keyOf(turn, sizes);
        return turn % UPDATE_EVERY == 0 ? thread.update(key, turn) : thread.lookup(key);
    }

    @Benchmark
    public long concurrentHashMap(Heap heap, HeapThread thread, Sizes sizes) {
        int turn = thread.turn++;
        long key = keyOf(turn, sizes);
        if (turn % UPDATE_EVERY == 0) {
            heap.map.put(Heap.key(key), Heap.value(turn, sizes.valueSize));
            return 0;
        }
        return heap.lookup(key);
    }
}
