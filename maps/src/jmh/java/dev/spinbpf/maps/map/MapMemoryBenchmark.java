package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.lang.management.ManagementFactory;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Making a map of 1,000,000 entries with keys of eight bytes: milliseconds, and bytes an entry. What Linux takes is computed: 48
 * bytes of {@code struct htab_elem}, key and value rounded up to eight, one element more for each CPU, 16 bytes a bucket. The
 * {@link ConcurrentHashMap} is filled, because it is nothing before; its bytes are what the heap grew by.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 1)
@Fork(1)
@State(Scope.Thread)
public class MapMemoryBenchmark {
    private static final int LINUX_HEADER_SIZE = 48;
    private static final int LINUX_BUCKET_SIZE = 16;
    private static final int CPUS = 2;

    @Param("1000000")
    int entries;

    @Param({"8", "64"})
    int valueSize;

    private @Nullable BpfMap map;

    /** The memory that a map takes. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Bytes {
        public double bytesAnEntry;
        public double bytesAnEntryInLinux;
    }

    @TearDown(Level.Invocation)
    public void tearDown() {
        BpfMap made = map;
        if (made != null) {
            made.close();
        }
        map = null;
    }

    @Benchmark
    public BpfMap guestHash(Bytes bytes) throws MapCreationException {
        MapDef def = MapDef.builder("map", MapType.HASH)
                .keySize(Long.BYTES)
                .valueSize(valueSize)
                .maxEntries(entries)
                .build();
        BpfMap made = MapFactory.create(def, Btf.EMPTY, MapEnvironment.of(new Cpus(CPUS, Clock.REAL), () -> 0x5eed));
        bytes.bytesAnEntry = (double) made.memoryBytes() / entries;
        long buckets = HashTableMap.bucketCount(entries) * LINUX_BUCKET_SIZE;
        long element = LINUX_HEADER_SIZE + Long.BYTES + roundUp8(valueSize);
        bytes.bytesAnEntryInLinux = (double) (buckets + element * (entries + CPUS)) / entries;
        map = made;
        return made;
    }

    @Benchmark
    public Object concurrentHashMap(Bytes bytes) {
        long before = heapBytes();
        ConcurrentHashMap<ReadMostlyBenchmark.Key, byte[]> made = new ConcurrentHashMap<>();
        for (int i = 0; i < entries; i++) {
            made.put(ReadMostlyBenchmark.Heap.key(i), ReadMostlyBenchmark.Heap.value(i, valueSize));
        }
        bytes.bytesAnEntry = (double) (heapBytes() - before) / entries;
        return made;
    }

    private static long roundUp8(long size) {
        return (size + 7) & ~7L;
    }

    private static long heapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
