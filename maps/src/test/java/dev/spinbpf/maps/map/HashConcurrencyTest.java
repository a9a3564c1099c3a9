package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.TestSize;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real threads, one for each emulated CPU, on one map: no element is lost or found twice, no value is torn. */
class HashConcurrencyTest {
    private static final int CPUS = 4;
    private static final int KEYS = 64;
    private static final int OPERATIONS = TestSize.of(15_000, 40_000);

    /**
     * The time after which fewer operations will do: if threads wait long for a processor, each hand-over of a lock takes as long.
     */
    private static final long ENOUGH_NANOS = 5_000_000_000L;

    private static final int FEWEST_OPERATIONS = 100;
    private static final long SEED = 20_250_607;

    private final TestMachine machine = TestMachine.ofThreads(CPUS);

    @AfterEach
    void close() {
        machine.close();
    }

    /** The work of a CPU; the buffers are its own. */
    private interface Work {
        void run(Cpu cpu, SplittableRandom random, long key, long value);
    }

    private void onAllCpus(Work work) throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newFixedThreadPool(CPUS)) {
            List<Future<?>> running = new ArrayList<>();
            long endNanos = System.nanoTime() + ENOUGH_NANOS;
            for (Cpu cpu : machine.cpus.all()) {
                long key = machine.buffer();
                long value = machine.buffer();
                SplittableRandom random = new SplittableRandom(SEED + cpu.id());
                running.add(threads.submit(() -> {
                    for (int i = 0; i < OPERATIONS && (i < FEWEST_OPERATIONS || System.nanoTime() < endNanos); i++) {
                        work.run(cpu, random, key, value);
                    }
                }));
            }
            for (Future<?> thread : running) {
                thread.get();
            }
        }
        for (Cpu cpu : machine.cpus.all()) {
            assertThat(cpu.heldLocks().count()).isZero();
            assertThat(cpu.irqsEnabled()).isTrue();
        }
    }

    /** A value is sixteen bytes of which the second half is the first one's complement, and tells its key. */
    private static void writeValue(long value, int key, int salt) {
        long half = (long) salt << 32 | key;
        GuestMemory.putLong(value, half);
        GuestMemory.putLong(value + 8, ~half);
    }

    private static void assertExpected(int result, int... allowed) {
        for (int value : allowed) {
            if (result == value) {
                return;
            }
        }
        throw new AssertionError("unexpected result " + result);
    }

    private static long reachable(BpfMap map, Cpu cpu) {
        return map.forEach(cpu, (running, visited, key, value) -> 0, 0);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void noElementIsLost(long flags) throws InterruptedException, ExecutionException {
        int entries = KEYS / 2;
        HashTableMap map = (HashTableMap) machine.map(MapType.HASH, 4, 16, entries, flags);
        onAllCpus((cpu, random, key, value) -> {
            int number = random.nextInt(KEYS);
            GuestMemory.putInt(key, number);
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    writeValue(value, number, random.nextInt());
                    assertExpected(map.update(cpu, key, value, 0), 0, -E2BIG);
                }
                case 2 -> assertExpected(map.delete(cpu, key), 0, -ENOENT);
                default -> map.lookup(cpu, key);
            }
        });
        assertThat(reachable(map, machine.cpu)).isEqualTo(map.entryCount());
        if (flags == 0) {
            PercpuFreelist freelist = ((HashMapOfValues) map).pool().freelist();
            assertThat(requireNonNull(freelist).count() + map.entryCount()).isEqualTo(entries);
        }
        for (int number = 0; number < KEYS; number++) {
            machine.delete(map, number);
        }
        assertThat(map.entryCount()).isZero();
        for (int number = 0; number < entries; number++) {
            assertThat(machine.update(map, number, number)).isZero();
        }
        assertThat(machine.update(map, KEYS, 1)).isEqualTo(-E2BIG);
    }

    @Test
    void presentKeysAreFoundWhileOthersChurn() throws InterruptedException, ExecutionException {
        // One bucket in a few holds everything, so that readers are carried along lists that change under them.
        HashTableMap map = (HashTableMap) machine.map(MapType.HASH, 4, 16, 16, 0);
        for (int number = 1000; number < 1004; number++) {
            writeValue(machine.value, number, 0);
            map.update(machine.cpu, machine.key(number), machine.value, 0);
        }
        onAllCpus((cpu, random, key, value) -> {
            if (cpu.id() < 2) {
                int number = 1000 + random.nextInt(4);
                GuestMemory.putInt(key, number);
                assertThat(map.lookup(cpu, key)).isNotZero();
                return;
            }
            int number = random.nextInt(10);
            GuestMemory.putInt(key, number);
            if (random.nextBoolean()) {
                writeValue(value, number, 1);
                map.update(cpu, key, value, 0);
            } else {
                map.delete(cpu, key);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_COMMON_LRU})
    void lruKeepsItsElements(long flags) throws InterruptedException, ExecutionException {
        LruHashMap map = (LruHashMap) machine.map(MapType.LRU_HASH, 4, 16, 32, flags);
        onAllCpus((cpu, random, key, value) -> {
            int number = random.nextInt(KEYS * 2);
            GuestMemory.putInt(key, number);
            switch (random.nextInt(8)) {
                case 0 -> assertExpected(map.delete(cpu, key), 0, -ENOENT);
                case 1, 2, 3 -> map.lookup(cpu, key);
                default -> {
                    writeValue(value, number, 1);
                    assertExpected(map.update(cpu, key, value, 0), 0, -ENOMEM);
                }
            }
        });
        assertThat(map.pool().countNodes()).isEqualTo(32);
        assertThat(reachable(map, machine.cpu)).isEqualTo(map.entryCount());
    }

    @Test
    void trieAnswersWhileItChanges() throws InterruptedException, ExecutionException {
        BpfMap map = machine.map(MapType.LPM_TRIE, 8, 16, 5000, MapFlags.BPF_F_NO_PREALLOC);
        GuestMemory.putInt(machine.key, 8);
        GuestMemory.putInt(machine.key + 4, 10);
        writeValue(machine.value, 10, 0);
        map.update(machine.cpu, machine.key, machine.value, 0);
        onAllCpus((cpu, random, key, value) -> {
            if (cpu.id() < 2) {
                GuestMemory.putInt(key, 32);
                GuestMemory.putInt(key + 4, random.nextInt(256) << 8 | 10);
                assertThat(map.lookup(cpu, key)).isNotZero();
                return;
            }
            GuestMemory.putInt(key, 16 + random.nextInt(9));
            GuestMemory.putInt(key + 4, random.nextInt(256) << 8 | 10);
            if (random.nextBoolean()) {
                writeValue(value, 1, 1);
                assertExpected(map.update(cpu, key, value, 0), 0);
            } else {
                assertExpected(map.delete(cpu, key), 0, -ENOENT);
            }
        });
    }

    @Test
    void queuePassesEachValueOnOnce() throws InterruptedException, ExecutionException {
        BpfMap map = machine.map(MapType.QUEUE, 0, 8, 16, 0);
        long sums = machine.buffer();
        onAllCpus((cpu, random, key, value) -> {
            GuestMemory.putLong(value, random.nextLong());
            if (map.push(cpu, value, 0) == 0) {
                GuestMemory.getAndAddLong(sums, GuestMemory.getLong(value));
            }
            if (map.pop(cpu, key) == 0) {
                GuestMemory.getAndAddLong(sums, -GuestMemory.getLong(key));
            }
        });
        while (map.pop(machine.cpu, machine.out) == 0) {
            GuestMemory.getAndAddLong(sums, -GuestMemory.getLong(machine.out));
        }
        assertThat(GuestMemory.getLong(sums)).isZero();
    }

    @Test
    void ringBufferDeliversEachRecordOnce() throws InterruptedException, ExecutionException {
        RingBufferMap map = (RingBufferMap) machine.map(MapType.RINGBUF, 0, 0, 4096, 0);
        long sums = machine.buffer();
        long consumed = machine.buffer();
        RingBufferMap.RecordVisitor visitor = (record, size) -> {
            GuestMemory.getAndAddLong(consumed, 1);
            GuestMemory.getAndAddLong(sums, -GuestMemory.getLong(record));
            return true;
        };
        onAllCpus((cpu, random, key, value) -> {
            if (cpu.id() == 0) {
                map.consume(visitor);
                return;
            }
            long record = map.reserve(cpu, 8 + random.nextInt(40), 0);
            if (record == 0) {
                return;
            }
            GuestMemory.putLong(record, random.nextLong());
            if (random.nextInt(4) == 0) {
                map.discard(record, 0);
            } else {
                GuestMemory.getAndAddLong(sums, GuestMemory.getLong(record));
                map.submit(record, 0);
            }
        });
        map.consume(visitor);
        assertThat(GuestMemory.getLong(consumed)).isPositive();
        assertThat(GuestMemory.getLong(sums)).isZero();
        assertThat(map.query(MapFlags.BPF_RB_AVAIL_DATA)).isZero();
    }
}
