package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EDEADLK;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static dev.spinbpf.programs.linux.Errno.ETIMEDOUT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.FaultInjectingLock;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapType;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each lock acquisition of each batch command fails in turn, alone and with the next ones: what {@code count} tells is done, nothing
 * else, and no element is lost.
 */
class MapBatchInjectionTest {
    private static final int ENTRIES = 8;
    private static final int BATCH = 4;

    enum Command {
        UPDATE,
        DELETE,
        LOOKUP,
        LOOKUP_AND_DELETE
    }

    /** A map of four elements on a machine whose locks fail as planned. */
    private static final class Bench implements AutoCloseable {
        final FaultInjectingLock lock = new FaultInjectingLock(new LockStats(2));
        final TestMachine machine = new TestMachine(new Cpus(2, Clock.REAL), lock);
        final long keys = machine.buffer();
        final long values = machine.buffer();
        final long cursor = machine.buffer();
        final long count = machine.buffer();
        final BpfMap map;

        Bench(MapType type, long flags) {
            map = machine.map(type, type == MapType.LPM_TRIE ? 8 : 4, 8, ENTRIES, flags);
            for (int i = 0; i < BATCH; i++) {
                put(0, i, 100 + i);
                assertThat(map.sysUpdate(machine.cpu, keys, values, 0)).isZero();
            }
        }

        void put(int index, int number, long value) {
            long key = keys + (long) index * map.keySize;
            GuestMemory.putInt(key, map.type() == MapType.LPM_TRIE ? 32 : number);
            if (map.type() == MapType.LPM_TRIE) {
                GuestMemory.putInt(key + 4, number);
            }
            int size = map.sysValueSize(0);
            for (int at = 0; at < size; at += Long.BYTES) {
                GuestMemory.putLong(values + (long) index * size + at, value);
            }
        }

        String keyAt(int index) {
            return HexFormat.of().formatHex(GuestMemory.bytes(keys + (long) index * map.keySize, map.keySize));
        }

        long valueAt(int index) {
            return GuestMemory.getLong(values + (long) index * map.sysValueSize(0));
        }

        int run(Command command) {
            int first = command == Command.UPDATE ? 2 : 0;
            for (int i = 0; i < BATCH; i++) {
                put(i, first + i, 200 + first + i);
            }
            boolean reads = command == Command.LOOKUP || command == Command.LOOKUP_AND_DELETE;
            GuestMemory.putInt(count, reads ? ENTRIES : BATCH);
            MapBatch batch = new MapBatch(0, cursor, keys, values, count, 0, 0);
            return switch (command) {
                case UPDATE -> map.sysUpdateBatch(machine.cpu, batch);
                case DELETE -> map.sysDeleteBatch(machine.cpu, batch);
                case LOOKUP -> map.sysLookupBatch(machine.cpu, batch);
                case LOOKUP_AND_DELETE -> map.sysLookupAndDeleteBatch(machine.cpu, batch);
            };
        }

        @Override
        public void close() {
            machine.close();
        }
    }

    /** The map's contents when {@code done} elements of the batch are done. */
    private static Map<String, Long> expected(Bench bench, Command command, Map<String, Long> before, int done) {
        Map<String, Long> expected = new TreeMap<>(before);
        for (int i = 0; i < done; i++) {
            switch (command) {
                case UPDATE -> expected.put(bench.keyAt(i), bench.valueAt(i));
                case DELETE -> expected.remove(bench.keyAt(i));
                case LOOKUP -> assertThat(bench.valueAt(i)).isEqualTo(before.get(bench.keyAt(i)));
                case LOOKUP_AND_DELETE ->
                    assertThat(expected.remove(bench.keyAt(i))).isEqualTo(bench.valueAt(i));
            }
        }
        return expected;
    }

    /** Runs the command with a plan; false if none of the failures that it plans came about. */
    private static boolean runWith(MapType type, long flags, Command command, FaultInjectingLock.Plan plan) {
        try (Bench bench = new Bench(type, flags)) {
            Map<String, Long> before = MapContents.of(bench.map, bench.machine);
            assertThat(before).hasSize(BATCH);
            boolean[] failed = new boolean[1];
            bench.lock.plan((attempt, lock) -> {
                LockOutcome outcome = plan.failure(attempt, lock);
                failed[0] |= outcome != null;
                return outcome;
            });
            int result = bench.run(command);
            bench.lock.plan(FaultInjectingLock.Plan.NONE);
            int done = GuestMemory.getInt(bench.count);
            int success = command == Command.LOOKUP || command == Command.LOOKUP_AND_DELETE ? -ENOENT : 0;
            assertThat(result).isIn(success, -EDEADLK, -ETIMEDOUT, -E2BIG, -ENOMEM);
            if (result == success) {
                assertThat(done).isEqualTo(BATCH);
            } else {
                assertThat(done).isBetween(0, BATCH - 1);
            }
            Map<String, Long> expected = expected(bench, command, before, done);
            Map<String, Long> contents = MapContents.of(bench.map, bench.machine);
            if (bench.map instanceof LruHashMap && command == Command.UPDATE) {
                assertThat(expected).containsAllEntriesOf(contents);
            } else {
                assertThat(contents).isEqualTo(expected);
            }
            MapContents.assertNothingHeld(bench.machine.cpu);
            MapContents.assertConserved(bench.map, bench.machine.cpu);
            return failed[0];
        }
    }

    @ParameterizedTest
    @CsvSource({
        "HASH,0,UPDATE",
        "HASH,0,DELETE",
        "HASH,0,LOOKUP",
        "HASH,0,LOOKUP_AND_DELETE",
        "HASH,1,UPDATE",
        "HASH,1,DELETE",
        "HASH,1,LOOKUP_AND_DELETE",
        "PERCPU_HASH,0,UPDATE",
        "PERCPU_HASH,0,DELETE",
        "PERCPU_HASH,1,LOOKUP",
        "PERCPU_HASH,1,LOOKUP_AND_DELETE",
        "LRU_HASH,0,UPDATE",
        "LRU_HASH,0,DELETE",
        "LRU_HASH,2,LOOKUP_AND_DELETE",
        "LRU_PERCPU_HASH,0,UPDATE",
        "LRU_PERCPU_HASH,2,DELETE",
        "LRU_PERCPU_HASH,0,LOOKUP_AND_DELETE",
        "LPM_TRIE,1,UPDATE",
        "LPM_TRIE,1,DELETE"
    })
    void eachAcquisitionFailsInTurn(MapType type, long flags, Command command) {
        for (LockOutcome how : new LockOutcome[] {LockOutcome.AA, LockOutcome.TIMEOUT}) {
            for (int length = 1; length < 6; length += 2) {
                int count = length;
                int attempts = 0;
                for (int first = 0; ; first++) {
                    int from = first;
                    FaultInjectingLock.Plan plan =
                            (attempt, lock) -> attempt >= from && attempt < from + count ? how : null;
                    if (!runWith(type, flags, command, plan)) {
                        break;
                    }
                    attempts++;
                }
                assertThat(attempts).as("attempts").isPositive();
            }
        }
    }
}
