package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.map.Sequences.Step;
import dev.spinbpf.maps.map.Sequences.Subject;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each kind of map against a plain Java collection, by sequences that shrink. */
class MapSequencesTest {
    private static final long SEED = 20_251_121;
    private static final int ENTRIES = 10;

    /** Members that all subjects have. */
    private abstract static class OnMachine implements Subject {
        final TestMachine machine = new TestMachine(2);

        @Override
        public void close() {
            machine.close();
        }
    }

    /** Keys and values: hashes, arrays, storage of tasks. */
    private static final class KeysAndValues extends OnMachine {
        private final MapType type;
        private final BpfMap map;
        private final Map<Integer, Long> model = new HashMap<>();

        KeysAndValues(MapType type, long flags) {
            this.type = type;
            for (int i = 0; i < 64; i++) {
                machine.storage();
            }
            map = switch (type) {
                case RHASH -> machine.resizable(4, 8, ENTRIES, 1);
                case TASK_STORAGE -> machine.taskStorage(8);
                default -> machine.map(type, 4, 8, ENTRIES, flags);
            };
            for (int i = 0; isArray() && i < ENTRIES; i++) {
                model.put(i, 0L);
            }
        }

        private boolean isArray() {
            return type == MapType.ARRAY || type == MapType.PERCPU_ARRAY;
        }

        private int expectedUpdate(int key, long flags) {
            boolean present = model.containsKey(key);
            if (isArray()) {
                return !present ? -E2BIG : flags == MapFlags.BPF_NOEXIST ? -EEXIST : 0;
            }
            if (present) {
                return flags == MapFlags.BPF_NOEXIST ? -EEXIST : 0;
            }
            if (flags == MapFlags.BPF_EXIST) {
                return -ENOENT;
            }
            return model.size() == ENTRIES && type != MapType.TASK_STORAGE ? -E2BIG : 0;
        }

        @Override
        public void apply(Step step) {
            int key = step.key() % 20;
            machine.key(key);
            switch (step.operation()) {
                case 0, 1, 2 -> {
                    long flags = step.operation();
                    int expected = expectedUpdate(key, flags);
                    long value = step.value();
                    GuestMemory.putLong(machine.value + 8, value);
                    assertThat(map.sysUpdate(machine.cpu, machine.key, machine.value(value), flags))
                            .isEqualTo(expected);
                    if (expected == 0) {
                        model.put(key, value);
                    }
                }
                case 3 -> {
                    int expected = isArray() ? -EINVAL : model.remove(key) == null ? -ENOENT : 0;
                    assertThat(map.delete(machine.cpu, machine.key)).isEqualTo(expected);
                }
                case 4 -> take(key);
                default -> {
                    Long expected = model.get(key);
                    int result = map.sysLookup(machine.cpu, machine.key, machine.out, 0);
                    assertThat(result).isEqualTo(expected == null ? -ENOENT : 0);
                    if (expected != null) {
                        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(expected);
                    }
                }
            }
            if (!isArray()) {
                MapContents.assertConserved(map, machine.cpu);
                assertThat(MapContents.of(map, machine)).hasSameSizeAs(model);
            }
        }

        private void take(int key) {
            if (isArray() || type == MapType.TASK_STORAGE) {
                return;
            }
            Long expected = model.remove(key);
            int result = map.sysLookupAndDelete(machine.cpu, machine.key, machine.out, 0);
            assertThat(result).isEqualTo(expected == null ? -ENOENT : 0);
            if (expected != null) {
                assertThat(GuestMemory.getLong(machine.out)).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "HASH,0",
        "HASH,1",
        "PERCPU_HASH,0",
        "PERCPU_HASH,1",
        "RHASH,1",
        "TASK_STORAGE,1",
        "ARRAY,0",
        "PERCPU_ARRAY,0"
    })
    void keysAndValues(MapType type, long flags) {
        Sequences.check(SEED, 60, 60, () -> new KeysAndValues(type, flags));
    }

    /** An LRU may forget, but holds nothing else than what was put in last. */
    private static final class Lru extends OnMachine {
        private final LruHashMap map;
        private final Map<Integer, Long> last = new HashMap<>();

        Lru(MapType type, long flags) {
            map = (LruHashMap) machine.map(type, 4, 8, ENTRIES, flags);
        }

        @Override
        public void apply(Step step) {
            int key = step.key() % 30;
            machine.key(key);
            switch (step.operation()) {
                case 0, 1, 2 -> {
                    assertThat(map.update(machine.cpu, machine.key, machine.value(step.value()), 0))
                            .isZero();
                    last.put(key, (long) step.value());
                    assertThat(map.lookup(machine.cpu, machine.key)).isNotZero();
                }
                case 3 -> {
                    int result = map.delete(machine.cpu, machine.key);
                    assertThat(result == 0 || result == -ENOENT).isTrue();
                    last.remove(key);
                }
                default -> {
                    long found = map.lookup(machine.cpu, machine.key);
                    if (found != 0) {
                        assertThat(last.get(key)).isEqualTo(GuestMemory.getLong(found));
                    }
                }
            }
            MapContents.assertConserved(map, machine.cpu);
        }
    }

    @ParameterizedTest
    @CsvSource({"LRU_HASH,0", "LRU_HASH,2", "LRU_PERCPU_HASH,0", "LRU_PERCPU_HASH,2"})
    void lru(MapType type, long flags) {
        Sequences.check(SEED, 60, 80, () -> new Lru(type, flags));
    }

    /** Records: reserved, then submitted or thrown away, and read in order up to the first that is neither. */
    private static final class Records extends OnMachine {
        private static final long SIZE = 4096;

        private final boolean toPrograms;
        private final BpfMap map;
        private final ArrayDeque<long[]> queue = new ArrayDeque<>();
        private final List<long[]> open = new ArrayList<>();
        private long used;

        /** A record is its address, its size and what became of it: 0 open, 1 submitted, 2 thrown away. */
        Records(boolean toPrograms) {
            this.toPrograms = toPrograms;
            map = machine.map(toPrograms ? MapType.USER_RINGBUF : MapType.RINGBUF, 0, 0, SIZE, 0);
        }

        @Override
        public void apply(Step step) {
            switch (step.operation()) {
                case 0, 1, 2 -> reserve(8L + step.key() * 16L);
                case 3, 4 -> finish(step.key(), 1);
                case 5 -> finish(step.key(), 2);
                default -> read();
            }
        }

        private void reserve(long size) {
            long length = size + 8 + 7 & -8L;
            boolean fits = used + length <= (toPrograms ? SIZE : SIZE - 1);
            long record = toPrograms
                    ? ((UserRingBufferMap) map).reserve((int) size)
                    : ((RingBufferMap) map).reserve(machine.cpu, size, 0);
            assertThat(record > 0).isEqualTo(fits);
            if (fits) {
                GuestMemory.putLong(record, record);
                long[] made = {record, size, 0};
                queue.addLast(made);
                open.add(made);
                used += length;
            }
        }

        private void finish(int which, int how) {
            if (open.isEmpty()) {
                return;
            }
            long[] record = open.remove(which % open.size());
            record[2] = how;
            if (map instanceof UserRingBufferMap user) {
                if (how == 1) {
                    user.submit(record[0]);
                } else {
                    user.discard(record[0]);
                }
            } else if (how == 1) {
                ((RingBufferMap) map).submit(record[0], 0);
            } else {
                ((RingBufferMap) map).discard(record[0], 0);
            }
        }

        private void read() {
            List<Long> expected = new ArrayList<>();
            while (!queue.isEmpty() && queue.getFirst()[2] != 0) {
                long[] record = queue.removeFirst();
                used -= record[1] + 8 + 7 & -8L;
                if (record[2] == 1) {
                    expected.add(record[0]);
                    expected.add(record[1]);
                }
            }
            List<Long> actual = new ArrayList<>();
            if (map instanceof UserRingBufferMap user) {
                user.drain(
                        (sample, size) -> {
                            actual.add(GuestMemory.getLong(sample));
                            actual.add((long) size);
                            return 0;
                        },
                        0);
            } else {
                ((RingBufferMap) map).consume((sample, size) -> {
                    actual.add(GuestMemory.getLong(sample));
                    actual.add((long) size);
                    return true;
                });
            }
            assertThat(actual).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void ringBuffers(boolean toPrograms) {
        Sequences.check(SEED, 100, 100, () -> new Records(toPrograms));
    }

    /** Samples: each CPU writes into its own slot, if that is open, until it is full. */
    private static final class Samples extends OnMachine {
        private static final int SIZE = 256;
        private static final int CPUS = 2;

        private final PerfEventArrayMap map =
                (PerfEventArrayMap) machine.map(MapType.PERF_EVENT_ARRAY, 4, 4, CPUS + 1, 0);
        private final List<@Nullable ArrayDeque<byte[]>> open = new ArrayList<>(Arrays.asList(null, null, null));
        private final long[] lost = new long[CPUS + 1];

        @Override
        public void apply(Step step) {
            int slot = step.key() % (CPUS + 2);
            boolean exists = slot <= CPUS;
            ArrayDeque<byte[]> samples = exists ? open.get(slot) : null;
            switch (step.operation()) {
                case 0 -> {
                    int expected = !exists ? -E2BIG : samples != null ? -EBUSY : 0;
                    assertThat(map.open(slot, slot % CPUS, SIZE)).isEqualTo(expected);
                    if (expected == 0) {
                        open.set(slot, new ArrayDeque<>());
                        lost[slot] = 0;
                    }
                }
                case 1 -> {
                    int expected = !exists ? -E2BIG : samples == null ? -ENOENT : 0;
                    assertThat(map.sysDelete(machine.cpu, machine.key(slot))).isEqualTo(expected);
                    if (expected == 0) {
                        open.set(slot, null);
                    }
                }
                case 2 -> consume(slot, samples);
                default -> output(slot, step.value(), samples, step.operation() % CPUS);
            }
        }

        private void output(int slot, int size, @Nullable ArrayDeque<byte[]> samples, int cpuId) {
            byte[] sample = new byte[size];
            Arrays.fill(sample, (byte) (size + 1));
            GuestMemory.fill(machine.value, 64, (byte) (size + 1));
            boolean full = samples != null
                    && samples.stream()
                                            .mapToLong(each -> each.length + 15 & -8L)
                                            .sum()
                                    + (size + 15 & -8L)
                            > SIZE;
            int expected = slot > CPUS
                    ? -E2BIG
                    : samples == null ? -ENOENT : slot % CPUS != cpuId ? -EOPNOTSUPP : full ? -ENOSPC : 0;
            long flags = slot == cpuId && size % 2 == 0 ? MapFlags.BPF_F_CURRENT_CPU : slot;
            assertThat(map.output(machine.cpus.get(cpuId), flags, machine.value, size))
                    .isEqualTo(expected);
            if (samples != null && expected == 0) {
                samples.addLast(sample);
            } else if (expected == -ENOSPC) {
                lost[slot]++;
            }
        }

        private void consume(int slot, @Nullable ArrayDeque<byte[]> samples) {
            List<byte[]> expected = samples == null ? List.of() : List.copyOf(samples);
            List<byte[]> actual = new ArrayList<>();
            assertThat(map.consume(slot, (cpuId, sample) -> actual.add(sample))).isEqualTo(expected.size());
            assertThat(actual).usingElementComparator(Arrays::compare).isEqualTo(expected);
            if (samples != null) {
                samples.clear();
                assertThat(map.lost(slot)).isEqualTo(lost[slot]);
            }
        }
    }

    @Test
    void perfEventArray() {
        Sequences.check(SEED, 100, 100, Samples::new);
    }

    /** Values that were put in are always found; others hardly ever. */
    private static final class Bloom extends OnMachine {
        private final BpfMap map = machine.map(MapType.BLOOM_FILTER, 0, 4, 1000, 0);
        private final Set<Integer> model = new HashSet<>();

        @Override
        public void apply(Step step) {
            int value = step.key() * 64 + step.value();
            GuestMemory.putInt(machine.value, value);
            if (step.operation() < 2) {
                assertThat(map.push(machine.cpu, machine.value, 0)).isZero();
                model.add(value);
            } else if (model.contains(value)) {
                assertThat(map.peek(machine.cpu, machine.value)).isZero();
            }
        }
    }

    @Test
    void bloomFilter() {
        Sequences.check(SEED, 50, 200, Bloom::new);
    }

    /** Slots that hold maps or programs. */
    private static final class Slots extends OnMachine {
        private final BpfMap map;
        private final BpfMap[] inner = new BpfMap[3];
        private final Map<Integer, Integer> model = new HashMap<>();

        Slots(MapType type) {
            for (int i = 0; i < inner.length; i++) {
                inner[i] = machine.map(MapType.HASH, 4, 8, 1, 0);
            }
            boolean programs = type == MapType.PROG_ARRAY;
            map = machine.map(TestMachine.def(type, 4, 4, ENTRIES, 0, programs ? null : inner[0].def()), Btf.EMPTY);
        }

        @Override
        public void apply(Step step) {
            int key = step.key() % 14;
            boolean inRange = map.type() == MapType.HASH_OF_MAPS || key < ENTRIES;
            machine.key(key);
            switch (step.operation()) {
                case 0, 1, 2 -> {
                    int id = inner[step.value() % inner.length].id();
                    boolean full =
                            map.type() == MapType.HASH_OF_MAPS && model.size() == ENTRIES && !model.containsKey(key);
                    GuestMemory.putInt(machine.value, id);
                    assertThat(map.sysUpdate(machine.cpu, machine.key, machine.value, 0))
                            .isEqualTo(!inRange || full ? -E2BIG : 0);
                    if (inRange && !full) {
                        model.put(key, id);
                    }
                }
                case 3 -> {
                    int expected = model.remove(key) == null ? -ENOENT : 0;
                    assertThat(map.sysDelete(machine.cpu, machine.key)).isEqualTo(inRange ? expected : -E2BIG);
                }
                default -> {
                    Integer expected = model.get(key);
                    assertThat(map.sysLookup(machine.cpu, machine.key, machine.out, 0))
                            .isEqualTo(expected == null ? -ENOENT : 0);
                    if (expected != null) {
                        assertThat(GuestMemory.getInt(machine.out)).isEqualTo(expected);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"PROG_ARRAY", "ARRAY_OF_MAPS", "HASH_OF_MAPS"})
    void slots(MapType type) {
        Sequences.check(SEED, 60, 60, () -> new Slots(type));
    }

    /** Queues and stacks. */
    private static final class Line extends OnMachine {
        private final BpfMap map;
        private final ArrayDeque<Long> model = new ArrayDeque<>();

        Line(MapType type) {
            map = machine.map(type, 0, 8, ENTRIES, 0);
        }

        @Override
        public void apply(Step step) {
            if (step.operation() < 4) {
                boolean over = step.operation() == 3;
                boolean full = model.size() == ENTRIES;
                long flags = over ? MapFlags.BPF_EXIST : MapFlags.BPF_ANY;
                assertThat(map.push(machine.cpu, machine.value(step.value()), flags))
                        .isEqualTo(full && !over ? -E2BIG : 0);
                if (full && over) {
                    model.removeFirst();
                }
                if (!full || over) {
                    model.addLast((long) step.value());
                }
                return;
            }
            Long expected = map.type() == MapType.QUEUE ? model.peekFirst() : model.peekLast();
            boolean takes = step.operation() < 7;
            int result = takes ? map.pop(machine.cpu, machine.out) : map.peek(machine.cpu, machine.out);
            assertThat(result).isEqualTo(expected == null ? -ENOENT : 0);
            assertThat(GuestMemory.getLong(machine.out)).isEqualTo(expected == null ? 0 : expected);
            if (takes && expected != null) {
                assertThat(map.type() == MapType.QUEUE ? model.pollFirst() : model.pollLast())
                        .isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"QUEUE", "STACK"})
    void lines(MapType type) {
        Sequences.check(SEED, 100, 100, () -> new Line(type));
    }

    /** Prefixes of keys of any size, whose first and last bits matter; in the model, texts of zeros and ones. */
    private static final class Prefixes extends OnMachine {
        private final int dataSize;
        private final BpfMap map;
        private final Map<String, Long> model = new HashMap<>();

        Prefixes(int dataSize) {
            this.dataSize = dataSize;
            map = machine.map(MapType.LPM_TRIE, 4 + dataSize, 8, ENTRIES, MapFlags.BPF_F_NO_PREALLOC);
        }

        private String prefix(Step step) {
            int bits = dataSize * 8;
            int[] lengths = {0, 1, 2, 3, bits / 2, bits - 2, bits - 1, bits};
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < bits; i++) {
                boolean early = i < 3 && (step.value() >> i & 1) != 0;
                boolean late = i >= bits - 2 && (step.value() >> bits - i + 2 & 1) != 0;
                text.append(early || late ? '1' : '0');
            }
            return text.substring(0, lengths[step.key() % lengths.length]);
        }

        private void writeKey(String prefix) {
            GuestMemory.fill(machine.key, 4L + dataSize, (byte) 0);
            GuestMemory.putInt(machine.key, prefix.length());
            for (int i = 0; i < prefix.length(); i++) {
                if (prefix.charAt(i) == '1') {
                    long at = machine.key + 4 + i / 8;
                    GuestMemory.putByte(at, (byte) (GuestMemory.getByte(at) | 0x80 >> i % 8));
                }
            }
        }

        @Override
        public void apply(Step step) {
            String prefix = prefix(step);
            writeKey(prefix);
            switch (step.operation()) {
                case 0, 1, 2 -> {
                    boolean full = model.size() == ENTRIES && !model.containsKey(prefix);
                    assertThat(map.update(machine.cpu, machine.key, machine.value(step.value()), 0))
                            .isEqualTo(full ? -ENOSPC : 0);
                    if (!full) {
                        model.put(prefix, (long) step.value());
                    }
                }
                case 3 ->
                    assertThat(map.delete(machine.cpu, machine.key))
                            .isEqualTo(model.remove(prefix) == null ? -ENOENT : 0);
                default -> {
                    Long expected = model.keySet().stream()
                            .filter(prefix::startsWith)
                            .max(Comparator.comparingInt(String::length))
                            .map(model::get)
                            .orElse(null);
                    int result = map.sysLookup(machine.cpu, machine.key, machine.out, 0);
                    assertThat(result == 0 ? GuestMemory.getLong(machine.out) : null)
                            .isEqualTo(expected);
                }
            }
            MapContents.assertConserved(map, machine.cpu);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16, 256})
    void prefixes(int dataSize) {
        Sequences.check(SEED, 60, 60, () -> new Prefixes(dataSize));
    }

    /** A subject that is wrong in one place: the third of three certain steps fails. */
    private static final class Wrong implements Subject {
        private final boolean[] seen = new boolean[8];

        @Override
        public void apply(Step step) {
            seen[step.operation()] = true;
            assertThat(seen[1] && seen[4] && step.operation() == 6 && step.key() > 10)
                    .isFalse();
        }

        @Override
        public void close() {
            Arrays.fill(seen, false);
        }
    }

    @Test
    void failingSequenceIsShrunkToWhatMatters() {
        assertThatThrownBy(() -> Sequences.check(SEED, 10, 200, Wrong::new))
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("seed \\d+, shrunk to \\[[14]\\(0, 0\\), [14]\\(0, 0\\), 6\\(\\d+, 0\\)]");
    }
}
