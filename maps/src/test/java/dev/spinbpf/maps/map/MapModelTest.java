package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Random operations, on a map and on a Java collection that says what must come out. A failure names its seed. */
class MapModelTest {
    private static final int OPERATIONS = 20_000;

    private final TestMachine machine = new TestMachine(3);

    @AfterEach
    void close() {
        machine.close();
    }

    private static int expectedUpdate(boolean present, boolean full, long flags) {
        if (present && flags == MapFlags.BPF_NOEXIST) {
            return -EEXIST;
        }
        if (!present && flags == MapFlags.BPF_EXIST) {
            return -ENOENT;
        }
        return !present && full ? -E2BIG : 0;
    }

    @ParameterizedTest
    @CsvSource({"HASH,0,1", "HASH,0,2", "HASH,1,3", "HASH,1,4", "PERCPU_HASH,0,5", "PERCPU_HASH,1,6"})
    void hashesBehaveLikeAMap(MapType type, long flags, long seed) {
        HashTableMap map = (HashTableMap) machine.map(type, 12, 8, 20, flags);
        Map<Integer, Long> model = new HashMap<>();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < OPERATIONS; i++) {
            String step = "seed " + seed + ", step " + i;
            int key = random.nextInt(40);
            GuestMemory.putInt(machine.key + 8, key);
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    long how = random.nextInt(3);
                    int expected = expectedUpdate(model.containsKey(key), model.size() == 20, how);
                    assertThat(map.update(machine.cpu, machine.key, machine.value(i), how))
                            .as(step)
                            .isEqualTo(expected);
                    if (expected == 0) {
                        model.put(key, (long) i);
                    }
                }
                case 2 -> {
                    int expected = model.remove(key) == null ? -ENOENT : 0;
                    assertThat(map.delete(machine.cpu, machine.key)).as(step).isEqualTo(expected);
                }
                case 3 -> {
                    Long expected = model.remove(key);
                    assertThat(map.sysLookupAndDelete(machine.cpu, machine.key, machine.out, 0))
                            .as(step)
                            .isEqualTo(expected == null ? -ENOENT : 0);
                    if (expected != null) {
                        assertThat(GuestMemory.getLong(machine.out)).as(step).isEqualTo(expected);
                    }
                }
                default -> {
                    long found = map.lookup(machine.cpu, machine.key);
                    assertThat(found == 0 ? null : GuestMemory.getLong(found))
                            .as(step)
                            .isEqualTo(model.get(key));
                }
            }
            assertThat(map.entryCount()).as(step).isEqualTo(model.size());
        }
        assertThat(keysOf(map)).isEqualTo(model.keySet());
    }

    private Set<Integer> keysOf(BpfMap map) {
        Set<Integer> keys = new HashSet<>();
        long previous = 0;
        while (map.getNextKey(machine.cpu, previous, machine.out) == 0) {
            previous = machine.out;
            keys.add(GuestMemory.getInt(machine.out + 8));
        }
        return keys;
    }

    /** A prefix: its length in the lower bits, its data (with what is behind the prefix cleared) above. */
    private static long prefix(int length, int bits) {
        return (length == 0 ? 0 : bits & -1L << (32 - length) & 0xffffffffL) << 8 | length;
    }

    private long trieKey(int length, int bits) {
        GuestMemory.putInt(machine.key, length);
        GuestMemory.putInt(machine.key + 4, Integer.reverseBytes(bits));
        return machine.key;
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void triesBehaveLikeATableOfPrefixes(long seed) {
        BpfMap map = machine.map(MapType.LPM_TRIE, 8, 8, 30, MapFlags.BPF_F_NO_PREALLOC);
        TreeMap<Long, Long> model = new TreeMap<>();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < OPERATIONS; i++) {
            String step = "seed " + seed + ", step " + i;
            int length = random.nextInt(4) * 8 + random.nextInt(9);
            int bits = random.nextInt(4) << 30 | random.nextInt(4) << 16 | random.nextInt(4);
            long prefix = prefix(length, bits);
            // What is behind the prefix does not matter to the trie; here it must be the same for stepping through.
            long key = trieKey(length, (int) (prefix >>> 8));
            switch (random.nextInt(4)) {
                case 0 -> {
                    long how = random.nextInt(3);
                    int expected = expectedUpdate(model.containsKey(prefix), model.size() == 30, how);
                    expected = expected == -E2BIG ? -ENOSPC : expected;
                    assertThat(map.update(machine.cpu, key, machine.value(i), how))
                            .as(step)
                            .isEqualTo(expected);
                    if (expected == 0) {
                        model.put(prefix, (long) i);
                    }
                }
                case 1 -> {
                    int expected = model.remove(prefix) == null ? -ENOENT : 0;
                    assertThat(map.delete(machine.cpu, key)).as(step).isEqualTo(expected);
                }
                default -> {
                    Long expected = null;
                    for (int shorter = 0; shorter <= length; shorter++) {
                        expected = model.getOrDefault(prefix(shorter, bits), expected);
                    }
                    long found = map.lookup(machine.cpu, trieKey(length, bits));
                    assertThat(found == 0 ? null : GuestMemory.getLong(found))
                            .as(step)
                            .isEqualTo(expected);
                }
            }
            if (i % 100 == 0) {
                assertThat(prefixesOf(map)).as(step).isEqualTo(model.keySet());
            }
        }
    }

    private Set<Long> prefixesOf(BpfMap map) {
        Set<Long> prefixes = new HashSet<>();
        long previous = 0;
        while (map.getNextKey(machine.cpu, previous, machine.out) == 0) {
            previous = machine.out;
            int bits = Integer.reverseBytes(GuestMemory.getInt(machine.out + 4));
            assertThat(prefixes.add(prefix(GuestMemory.getInt(machine.out), bits)))
                    .isTrue();
        }
        return prefixes;
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"QUEUE", "STACK"})
    void queuesAndStacksBehaveLikeADeque(MapType type) {
        long seed = 21;
        BpfMap map = machine.map(type, 0, 8, 7, 0);
        Deque<Long> model = new ArrayDeque<>();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < OPERATIONS; i++) {
            String step = "seed " + seed + ", step " + i;
            int operation = random.nextInt(4);
            if (operation < 2) {
                boolean overwrite = random.nextBoolean();
                boolean fits = model.size() < 7 || overwrite;
                assertThat(map.push(machine.cpu, machine.value(i), overwrite ? MapFlags.BPF_EXIST : 0))
                        .as(step)
                        .isEqualTo(fits ? 0 : -E2BIG);
                if (fits && model.size() == 7) {
                    model.removeFirst();
                }
                if (fits) {
                    model.addLast((long) i);
                }
                continue;
            }
            Long expected = type == MapType.QUEUE ? model.peekFirst() : model.peekLast();
            boolean delete = operation == 2;
            int result = delete ? map.pop(machine.cpu, machine.out) : map.peek(machine.cpu, machine.out);
            assertThat(result).as(step).isEqualTo(expected == null ? -ENOENT : 0);
            assertThat(GuestMemory.getLong(machine.out)).as(step).isEqualTo(expected == null ? 0 : expected);
            if (delete && expected != null) {
                assertThat(type == MapType.QUEUE ? model.pollFirst() : model.pollLast())
                        .isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"LRU_HASH,0,31", "LRU_HASH,2,32", "LRU_PERCPU_HASH,0,33", "LRU_PERCPU_HASH,2,34"})
    void lruHashesHoldOnlyWhatWasPutIn(MapType type, long flags, long seed) {
        LruHashMap map = (LruHashMap) machine.map(type, 12, 8, 12, flags);
        Map<Integer, Long> last = new HashMap<>();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < OPERATIONS; i++) {
            String step = "seed " + seed + ", step " + i;
            int key = random.nextInt(40);
            GuestMemory.putInt(machine.key + 8, key);
            switch (random.nextInt(3)) {
                case 0 -> {
                    assertThat(map.update(machine.cpu, machine.key, machine.value(i), 0))
                            .as(step)
                            .isZero();
                    last.put(key, (long) i);
                    assertThat(map.lookup(machine.cpu, machine.key)).as(step).isNotZero();
                }
                case 1 -> {
                    boolean present = keysOf(map).contains(key);
                    assertThat(map.delete(machine.cpu, machine.key)).as(step).isEqualTo(present ? 0 : -ENOENT);
                    last.remove(key);
                }
                default -> {
                    long found = map.lookup(machine.cpu, machine.key);
                    if (found != 0) {
                        assertThat(GuestMemory.getLong(found)).as(step).isEqualTo(last.get(key));
                    }
                }
            }
            assertThat(map.entryCount()).as(step).isEqualTo(keysOf(map).size());
        }
        assertThat(map.pool().countNodes()).isEqualTo(12);
        assertThat(map.update(machine.cpu, machine.key, machine.value(0), 3)).isEqualTo(-EINVAL);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_COMMON_LRU})
    void lruKeepsWhatIsUsed(long flags) {
        LruHashMap map = (LruHashMap) machine.map(MapType.LRU_HASH, 4, 8, 300, flags);
        for (int i = 0; i < 20; i++) {
            machine.update(map, i, i);
        }
        for (int i = 1000; i < 6000; i++) {
            for (int hot = 0; hot < 20; hot++) {
                machine.get(map, hot);
            }
            assertThat(machine.update(map, i, i)).isZero();
        }
        for (int hot = 0; hot < 20; hot++) {
            assertThat(machine.get(map, hot)).as("key %d", hot).isEqualTo(hot);
        }
    }
}
