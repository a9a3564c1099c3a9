package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EAGAIN;
import static dev.spinbpf.programs.linux.Errno.EBUSY;
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
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each lock acquisition of each operation fails in turn, then each two of them, then all from one on for a while: the operation
 * returns what {@code docs/maps.md} says and the map is as before or as after, with no element lost, leaked or free twice.
 */
class LockInjectionTest {
    private static final int FULL = 8;

    /** Runs an operation on a machine whose locks fail; returns its result. */
    interface Operation {
        int run(TestMachine machine, BpfMap map);
    }

    /**
     * An operation on a map in a state.
     *
     * @param before how many elements, with keys from 0 on, are in the map
     * @param failures what it may return if locks fail, other than its own result
     */
    record Case(String name, MapType type, long flags, int before, Operation operation, Set<Integer> failures) {
        @Override
        public String toString() {
            return type + (flags == 0 ? "" : " flags " + flags) + ", " + before + " elements: " + name;
        }
    }

    private static final Set<Integer> BUCKET = Set.of(-EDEADLK, -ETIMEDOUT);
    private static final Set<Integer> BUCKET_OR_FREELIST = Set.of(-EDEADLK, -ETIMEDOUT, -E2BIG);
    private static final Set<Integer> BUCKET_OR_LRU = Set.of(-EDEADLK, -ETIMEDOUT, -ENOMEM);

    private static Operation update(int key, long flags) {
        return (machine, map) -> {
            key(machine, map, key);
            return map.update(machine.cpu, machine.key, machine.value(1000 + key), flags);
        };
    }

    private static Operation sysUpdate(int key, long flags) {
        return (machine, map) -> {
            key(machine, map, key);
            value(machine, map, 1000 + key);
            return map.sysUpdate(machine.cpu, machine.key, machine.value, flags);
        };
    }

    private static Operation delete(int key) {
        return (machine, map) -> {
            key(machine, map, key);
            return map.delete(machine.cpu, machine.key);
        };
    }

    private static Operation take(int key) {
        return (machine, map) -> {
            key(machine, map, key);
            return map.sysLookupAndDelete(machine.cpu, machine.key, machine.out, 0);
        };
    }

    /** The address of the key of number {@code key}: of a trie, a prefix of 24 bits whose neighbours part at every depth. */
    private static void key(TestMachine machine, BpfMap map, int key) {
        if (map.type() == MapType.LPM_TRIE) {
            GuestMemory.putInt(machine.key, key == 4 ? 22 : 24);
            GuestMemory.putInt(machine.key + 4, key == 4 ? 0 : key << 16);
        } else {
            GuestMemory.putInt(machine.key, key);
        }
    }

    private static void value(TestMachine machine, BpfMap map, long value) {
        for (int cpu = 0; cpu < machine.cpus.count(); cpu++) {
            GuestMemory.putLong(machine.value + 8L * cpu, value);
        }
        if (map.type() == MapType.HASH_OF_MAPS) {
            GuestMemory.putInt(machine.value, (int) GuestMemory.getLong(machine.inner));
        }
    }

    private static void hashes(List<Case> cases) {
        for (MapType type : new MapType[] {MapType.HASH, MapType.PERCPU_HASH}) {
            for (long flags : new long[] {0, MapFlags.BPF_F_NO_PREALLOC}) {
                Set<Integer> making = flags == 0 ? BUCKET_OR_FREELIST : BUCKET;
                cases.add(new Case("update a new one", type, flags, 3, update(7, 0), making));
                cases.add(new Case("update an old one", type, flags, 3, update(1, 0), making));
                cases.add(new Case("update when full", type, flags, FULL, update(9, 0), making));
                cases.add(new Case("replace when full", type, flags, FULL, update(2, 0), making));
                cases.add(new Case("update but not exist", type, flags, 3, update(1, 1), BUCKET));
                cases.add(new Case("update what does not exist", type, flags, 3, update(7, 2), BUCKET));
                cases.add(new Case("update of user space", type, flags, 3, sysUpdate(7, 0), making));
                cases.add(new Case("delete", type, flags, 3, delete(1), BUCKET));
                cases.add(new Case("delete what is not there", type, flags, 3, delete(5), BUCKET));
                cases.add(new Case("lookup and delete", type, flags, 3, take(2), BUCKET));
            }
        }
        cases.add(new Case("update a new one", MapType.HASH_OF_MAPS, 0, 3, sysUpdate(7, 0), BUCKET_OR_FREELIST));
        cases.add(new Case("update an old one", MapType.HASH_OF_MAPS, 0, 3, sysUpdate(1, 0), BUCKET));
        cases.add(new Case("delete", MapType.HASH_OF_MAPS, 0, 3, delete(1), BUCKET));
    }

    private static void lrus(List<Case> cases) {
        for (MapType type : new MapType[] {MapType.LRU_HASH, MapType.LRU_PERCPU_HASH}) {
            for (long flags : new long[] {0, MapFlags.BPF_F_NO_COMMON_LRU}) {
                cases.add(new Case("update a new one", type, flags, 3, update(7, 0), BUCKET_OR_LRU));
                cases.add(new Case("update an old one", type, flags, 3, update(1, 0), BUCKET_OR_LRU));
                cases.add(new Case("evict", type, flags, 50, update(60, 0), BUCKET_OR_LRU));
                cases.add(new Case("replace when full", type, flags, 50, update(49, 0), BUCKET_OR_LRU));
                cases.add(new Case("update but not exist", type, flags, 3, update(1, 1), BUCKET_OR_LRU));
                cases.add(new Case("update what does not exist", type, flags, 3, update(7, 2), BUCKET_OR_LRU));
                cases.add(new Case("update of user space", type, flags, 50, sysUpdate(60, 0), BUCKET_OR_LRU));
                cases.add(new Case("delete", type, flags, 3, delete(1), BUCKET));
                cases.add(new Case("lookup and delete", type, flags, 3, take(2), BUCKET));
            }
        }
    }

    private static void others(List<Case> cases) {
        long flags = MapFlags.BPF_F_NO_PREALLOC;
        for (int before : new int[] {0, 1, 3, 6}) {
            cases.add(new Case("insert", MapType.LPM_TRIE, flags, before, update(7, 0), BUCKET));
            cases.add(new Case("insert in the middle", MapType.LPM_TRIE, flags, before, update(4, 1), BUCKET));
            cases.add(new Case("replace", MapType.LPM_TRIE, flags, before, update(0, 0), BUCKET));
            cases.add(new Case("delete", MapType.LPM_TRIE, flags, before, delete(0), BUCKET));
            cases.add(new Case("delete in the middle", MapType.LPM_TRIE, flags, before, delete(4), BUCKET));
        }
        for (MapType type : new MapType[] {MapType.QUEUE, MapType.STACK}) {
            for (int before : new int[] {0, 3, FULL}) {
                Set<Integer> busy = Set.of(-EBUSY);
                cases.add(new Case("push", type, 0, before, (m, map) -> map.push(m.cpu, m.value(5), 0), busy));
                cases.add(new Case("push over", type, 0, before, (m, map) -> map.push(m.cpu, m.value(5), 2), busy));
                cases.add(new Case("pop", type, 0, before, (m, map) -> map.pop(m.cpu, m.out), busy));
                cases.add(new Case("peek", type, 0, before, (m, map) -> map.peek(m.cpu, m.out), busy));
            }
        }
        cases.add(new Case("reserve", MapType.RINGBUF, 0, 1, LockInjectionTest::reserve, Set.of(-ENOENT)));
        cases.add(new Case(
                "output",
                MapType.RINGBUF,
                0,
                1,
                (m, map) -> ((RingBufferMap) map).output(m.cpu, m.value(7), 8, 0),
                Set.of(-EAGAIN)));
        for (int before : new int[] {1, 3}) {
            cases.add(new Case("get or create", MapType.TASK_STORAGE, 1, before, LockInjectionTest::get, Set.of(1)));
            cases.add(new Case("update a new one", MapType.TASK_STORAGE, 1, before, sysUpdate(3, 0), BUCKET));
            cases.add(new Case("update an old one", MapType.TASK_STORAGE, 1, before, sysUpdate(0, 0), BUCKET));
            cases.add(new Case("delete", MapType.TASK_STORAGE, 1, before, delete(0), BUCKET));
        }
    }

    private static int reserve(TestMachine machine, BpfMap map) {
        RingBufferMap buffer = (RingBufferMap) map;
        long record = buffer.reserve(machine.cpu, 8, 0);
        if (record != 0) {
            buffer.submit(record, 0);
        }
        return record == 0 ? -ENOENT : 0;
    }

    private static int get(TestMachine machine, BpfMap map) {
        long value = ((LocalStorageMap) map).get(machine.cpu, machine.ownerAt(3), machine.value(1003), 1);
        return value == 0 ? 1 : 0;
    }

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        hashes(cases);
        lrus(cases);
        others(cases);
        return cases.stream();
    }

    /** A map in its state, on two CPUs whose locks fail as the plan says. */
    private static final class Bench implements AutoCloseable {
        final FaultInjectingLock lock;
        final TestMachine machine;
        final BpfMap map;

        Bench(Case tested) {
            Cpus cpus = new Cpus(2, Clock.REAL);
            lock = new FaultInjectingLock(new LockStats(2));
            machine = new TestMachine(cpus, lock);
            GuestMemory.putLong(
                    machine.inner, machine.map(MapType.ARRAY, 4, 8, 1, 0).id());
            map = create(tested);
            for (int i = 0; i < tested.before; i++) {
                assertThat(fill(i)).isZero();
            }
        }

        private BpfMap create(Case tested) {
            return switch (tested.type) {
                case LPM_TRIE -> machine.map(tested.type, 8, 8, FULL, tested.flags);
                case QUEUE, STACK -> machine.map(tested.type, 0, 8, FULL, tested.flags);
                case RINGBUF -> machine.map(tested.type, 0, 0, 4096, 0);
                case HASH_OF_MAPS ->
                    machine.map(
                            TestMachine.def(tested.type, 4, 4, FULL, 0, TestMachine.def(MapType.ARRAY, 4, 8, 1, 0)),
                            Btf.EMPTY);
                case TASK_STORAGE -> {
                    for (int i = 0; i < FULL; i++) {
                        machine.storage();
                    }
                    yield machine.taskStorage(8);
                }
                default -> machine.map(tested.type, 4, 8, FULL, tested.flags);
            };
        }

        private int fill(int number) {
            return switch (map.type()) {
                case QUEUE, STACK -> map.push(machine.cpu, machine.value(number), 0);
                case RINGBUF -> ((RingBufferMap) map).output(machine.cpu, machine.value(number), 8, 0);
                default -> sysUpdate(number, 0).run(machine, map);
            };
        }

        /** Fills the map to its limit and empties it again, with locks that do not fail. */
        void assertUsable() {
            switch (map.type()) {
                case QUEUE, STACK, RINGBUF -> assertThat(fill(1)).isIn(0, -E2BIG);
                case TASK_STORAGE -> {
                    for (int i = 0; i < FULL; i++) {
                        assertThat(fill(i)).isZero();
                    }
                }
                default -> {
                    empty();
                    for (int i = 0; i < FULL; i++) {
                        assertThat(fill(100 + i)).as("fill again").isZero();
                    }
                    boolean lru = map instanceof LruHashMap;
                    assertThat(fill(99) == 0).isEqualTo(lru);
                    MapContents.assertConserved(map, machine.cpu);
                    empty();
                }
            }
            MapContents.assertConserved(map, machine.cpu);
        }

        private void empty() {
            while (map.getNextKey(machine.cpu, 0, machine.out) == 0) {
                assertThat(map.delete(machine.cpu, machine.out)).isZero();
            }
        }

        @Override
        public void close() {
            machine.close();
        }
    }

    /** Runs the operation with a plan; false if none of the failures that it plans came about. */
    private static boolean runWith(Case tested, FaultInjectingLock.Plan plan, String description) {
        Map<String, Long> expected;
        int expectedResult;
        try (Bench bench = new Bench(tested)) {
            expectedResult = tested.operation.run(bench.machine, bench.map);
            expected = MapContents.of(bench.map, bench.machine);
        }
        try (Bench bench = new Bench(tested)) {
            Map<String, Long> before = MapContents.of(bench.map, bench.machine);
            boolean[] failed = new boolean[1];
            bench.lock.plan((attempt, lock) -> {
                LockOutcome outcome = plan.failure(attempt, lock);
                failed[0] |= outcome != null;
                return outcome;
            });
            int result = tested.operation.run(bench.machine, bench.map);
            bench.lock.plan(FaultInjectingLock.Plan.NONE);
            MapContents.assertNothingHeld(bench.machine.cpu);
            Map<String, Long> contents = MapContents.of(bench.map, bench.machine);
            if (result == expectedResult && !tested.failures.contains(result)) {
                assertContents(tested, contents, expected, before, description);
            } else {
                assertThat(tested.failures).as(description).contains(result);
                assertContents(tested, contents, before, before, description);
            }
            MapContents.assertConserved(bench.map, bench.machine.cpu);
            bench.assertUsable();
            return failed[0];
        }
    }

    /** An LRU may have thrown out any others meanwhile. */
    private static void assertContents(
            Case tested,
            Map<String, Long> actual,
            Map<String, Long> expected,
            Map<String, Long> before,
            String description) {
        boolean lru = tested.type == MapType.LRU_HASH || tested.type == MapType.LRU_PERCPU_HASH;
        if (!lru) {
            assertThat(actual).as(description).isEqualTo(expected);
            return;
        }
        expected.forEach((key, value) -> {
            boolean fresh = !value.equals(before.get(key));
            if (fresh || actual.containsKey(key)) {
                assertThat(actual.get(key)).as(description).isEqualTo(value);
            }
        });
        Map<String, Long> possible = new TreeMap<>(before);
        possible.putAll(expected);
        assertThat(possible.keySet()).as(description).containsAll(actual.keySet());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachAcquisitionFailsInTurn(Case tested) {
        for (LockOutcome how : new LockOutcome[] {LockOutcome.AA, LockOutcome.TIMEOUT}) {
            int first = 0;
            while (runWith(tested, failing(how, first, first, 1), "attempt " + first + " " + how)) {
                first++;
            }
            assertThat(first).as("attempts").isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachTwoAcquisitionsFailAndEachRunOfThem(Case tested) {
        for (int first = 0; runWith(tested, failing(LockOutcome.TIMEOUT, first, first, 1), ""); first++) {
            for (int second = first + 1; second < first + 6; second++) {
                runWith(tested, failing(LockOutcome.TIMEOUT, first, second, 1), "attempts " + first + ", " + second);
            }
            for (int count = 2; count < 12; count += 3) {
                runWith(tested, failing(LockOutcome.AA, first, first, count), count + " attempts from " + first);
            }
        }
    }

    private static FaultInjectingLock.Plan failing(LockOutcome how, int first, int second, int count) {
        return (attempt, lock) -> attempt >= first && attempt < first + count || attempt == second ? how : null;
    }
}
