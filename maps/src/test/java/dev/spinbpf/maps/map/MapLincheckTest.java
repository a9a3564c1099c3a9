package dev.spinbpf.maps.map;

import static java.util.Objects.requireNonNull;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuarantee;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Maps are linearizable: each interleaving of a few operations gives results that some order of them gives, too. Takes minutes of
 * processor time, so it runs in the profile of its name.
 */
@Tag("lincheck")
class MapLincheckTest {
    private static final int THREADS = 2;
    private static final int ENTRIES = 3;
    private static final int ITERATIONS = Integer.getInteger("spinbpf.lincheck.iterations", 3);
    private static final int INVOCATIONS = Integer.getInteger("spinbpf.lincheck.invocations", 50);

    private static final String[] QUIET = {
        GuestMemory.class.getName(),
        GuestArena.class.getName(),
        LockClass.class.getName(),
        LockStats.class.getName(),
        HeldLocks.class.getName(),
        MapFactory.class.getName(),
        TestMachine.class.getName(),
        Bytes.class.getName(),
        JenkinsHash.class.getName()
    };

    /** Threads are numbered from 1 on; what runs before and after them has a number of its own. */
    private static final int CPUS = THREADS + 2;

    @BeforeAll
    static void showWords() {
        FieldBackedWords.install();
    }

    @AfterAll
    static void hideWords() {
        SchedulePoint.remove();
    }

    /** Only accesses to shared words need be followed. */
    private static ModelCheckingOptions options() {
        ManagedStrategyGuarantee quiet =
                ManagedStrategyGuaranteeKt.forClasses(QUIET).allMethods().ignore();
        return new ModelCheckingOptions()
                .addGuarantee(quiet)
                .threads(THREADS)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(1)
                .iterations(ITERATIONS)
                .invocationsPerIteration(INVOCATIONS);
    }

    /** A map of one run on a machine of its own; the machine of the run before is closed. */
    abstract static class Subject {
        private static @Nullable TestMachine previous;

        final TestMachine machine;
        final BpfMap map;
        private final long[] buffers;

        @SuppressWarnings("StaticAssignmentInConstructor") // the checker makes the subjects and nobody ends them
        Subject(MapType type, int keySize, long flags) {
            if (previous != null) {
                previous.close();
            }
            machine = new TestMachine(new Cpus(CPUS, () -> 0));
            previous = machine;
            map = machine.map(type, keySize, 8, ENTRIES, flags);
            buffers = new long[CPUS];
            for (int i = 0; i < buffers.length; i++) {
                buffers[i] = machine.buffer();
            }
        }

        Cpu cpu(int thread) {
            return machine.cpus.get(thread);
        }

        long buffer(int thread, int key, int value) {
            long buffer = buffers[thread];
            GuestMemory.putInt(buffer, key);
            GuestMemory.putLong(buffer + 64, value);
            return buffer;
        }
    }

    @Param(name = "key", gen = IntGen.class, conf = "1:3")
    public static class Hash extends Subject {
        public Hash() {
            this(0);
        }

        Hash(long flags) {
            super(MapType.HASH, 4, flags);
        }

        @Operation
        public int update(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "key") int key) {
            long buffer = buffer(thread, key, key);
            return map.update(cpu(thread), buffer, buffer + 64, MapFlags.BPF_NOEXIST);
        }

        @Operation
        public int delete(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "key") int key) {
            return map.delete(cpu(thread), buffer(thread, key, 0));
        }

        @Operation
        public boolean lookup(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "key") int key) {
            return map.lookup(cpu(thread), buffer(thread, key, 0)) != 0;
        }
    }

    public static class HashSpecification {
        private final Map<Integer, Integer> model = new HashMap<>();

        public int update(int thread, int key) {
            return model.putIfAbsent(key, key) == null ? 0 : -Errno.EEXIST;
        }

        public int delete(int thread, int key) {
            return model.remove(key) == null ? -Errno.ENOENT : 0;
        }

        public boolean lookup(int thread, int key) {
            return model.containsKey(key);
        }
    }

    @Test
    void hash() {
        options().sequentialSpecification(HashSpecification.class).check(Hash.class);
    }

    @Param(name = "key", gen = IntGen.class, conf = "1:3")
    public static class HashWithoutPreallocation extends Hash {
        public HashWithoutPreallocation() {
            super(MapFlags.BPF_F_NO_PREALLOC);
        }
    }

    @Test
    void hashWithoutPreallocation() {
        options().sequentialSpecification(HashSpecification.class).check(HashWithoutPreallocation.class);
    }

    /** Prefixes of 0, 8 and 16 bits of one address, so that each is beside or below the others. */
    @Param(name = "bytes", gen = IntGen.class, conf = "0:2")
    public static class Trie extends Subject {
        public Trie() {
            super(MapType.LPM_TRIE, 8, MapFlags.BPF_F_NO_PREALLOC);
        }

        @Operation
        public int update(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "bytes") int bytes) {
            long buffer = buffer(thread, bytes * 8, bytes);
            return map.update(cpu(thread), buffer, buffer + 64, MapFlags.BPF_ANY);
        }

        @Operation
        public int delete(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "bytes") int bytes) {
            return map.delete(cpu(thread), buffer(thread, bytes * 8, 0));
        }

        @Operation
        public long lookup(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "bytes") int bytes) {
            long found = map.lookup(cpu(thread), buffer(thread, bytes * 8, 0));
            return found == 0 ? -1 : GuestMemory.getLong(found);
        }
    }

    public static class TrieSpecification {
        private final boolean[] present = new boolean[3];

        public int update(int thread, int bytes) {
            present[bytes] = true;
            return 0;
        }

        public int delete(int thread, int bytes) {
            boolean was = present[bytes];
            present[bytes] = false;
            return was ? 0 : -Errno.ENOENT;
        }

        public long lookup(int thread, int bytes) {
            int longest = bytes;
            while (longest >= 0 && !present[longest]) {
                longest--;
            }
            return longest;
        }
    }

    @Test
    void trie() {
        options().sequentialSpecification(TrieSpecification.class).check(Trie.class);
    }

    @Param(name = "value", gen = IntGen.class, conf = "1:9")
    public static class Queue extends Subject {
        public Queue() {
            this(MapType.QUEUE);
        }

        Queue(MapType type) {
            super(type, 0, 0);
        }

        @Operation
        public int push(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "value") int value) {
            return map.push(cpu(thread), buffer(thread, 0, value) + 64, MapFlags.BPF_ANY);
        }

        @Operation
        public long pop(@Param(gen = ThreadIdGen.class) int thread) {
            long value = buffer(thread, 0, 0) + 64;
            int result = map.pop(cpu(thread), value);
            return result != 0 ? result : GuestMemory.getLong(value);
        }

        @Operation
        public long peek(@Param(gen = ThreadIdGen.class) int thread) {
            long value = buffer(thread, 0, 0) + 64;
            int result = map.peek(cpu(thread), value);
            return result != 0 ? result : GuestMemory.getLong(value);
        }
    }

    @Param(name = "value", gen = IntGen.class, conf = "1:9")
    public static class Stack extends Queue {
        public Stack() {
            super(MapType.STACK);
        }
    }

    public static class QueueSpecification {
        final ArrayDeque<Integer> model = new ArrayDeque<>();

        public int push(int thread, int value) {
            if (model.size() == ENTRIES) {
                return -Errno.E2BIG;
            }
            model.addLast(value);
            return 0;
        }

        public long pop(int thread) {
            Integer value = model.pollFirst();
            return value == null ? -Errno.ENOENT : value;
        }

        public long peek(int thread) {
            Integer value = model.peekFirst();
            return value == null ? -Errno.ENOENT : value;
        }
    }

    public static class StackSpecification extends QueueSpecification {
        @Override
        public long pop(int thread) {
            Integer value = model.pollLast();
            return value == null ? -Errno.ENOENT : value;
        }

        @Override
        public long peek(int thread) {
            Integer value = model.peekLast();
            return value == null ? -Errno.ENOENT : value;
        }
    }

    @Test
    void queue() {
        options().sequentialSpecification(QueueSpecification.class).check(Queue.class);
    }

    @Test
    void stack() {
        options().sequentialSpecification(StackSpecification.class).check(Stack.class);
    }

    /**
     * The free list of a hash. It is not linearizable, since a CPU looks through the lists one after the other; but no element may get
     * lost or to two at a time.
     */
    public static class FreeElements extends Subject {
        private final PercpuFreelist freelist;
        private final List<ArrayDeque<Long>> taken = new ArrayList<>();

        public FreeElements() {
            super(MapType.HASH, 4, 0);
            freelist = requireNonNull(((HashMapOfValues) map).pool().freelist());
            for (int i = 0; i < CPUS; i++) {
                taken.add(new ArrayDeque<>());
            }
        }

        @Operation
        public void take(@Param(gen = ThreadIdGen.class) int thread) {
            Cpu cpu = cpu(thread);
            long flags = cpu.irqSave();
            long element = freelist.pop(cpu);
            cpu.irqRestore(flags);
            if (element != 0) {
                taken.get(thread).add(element);
            }
        }

        @Operation
        public void give(@Param(gen = ThreadIdGen.class) int thread) {
            Long element = taken.get(thread).poll();
            if (element != null) {
                freelist.push(cpu(thread), element);
            }
        }

        @Validate
        public void nothingIsLostOrTakenTwice() {
            Set<Long> all = new HashSet<>();
            int count = 0;
            for (ArrayDeque<Long> elements : taken) {
                count += elements.size();
                all.addAll(elements);
            }
            if (all.size() != count || freelist.count() + count != ENTRIES) {
                throw new IllegalStateException(
                        count + " elements taken, " + all.size() + " different ones, " + freelist.count() + " free");
            }
        }
    }

    public static class NothingToSay {
        public void take(int thread) {}

        public void give(int thread) {}
    }

    @Test
    void freeList() {
        options().sequentialSpecification(NothingToSay.class).check(FreeElements.class);
    }
}
