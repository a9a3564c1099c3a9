package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EDEADLK;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.TestSize;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Maps under the deterministic scheduler: each test enumerates interleavings of a few operations. */
class MapSimulationTest {
    private static final Limits TWO_NMIS = Limits.preemptions(0).withInterrupts(2, ContextLevel.NMI);

    private static long buffer(TestMachine machine, int key, long value) {
        long buffer = machine.buffer();
        GuestMemory.putInt(buffer, key);
        GuestMemory.putLong(buffer + 8, value);
        return buffer;
    }

    private static int update(BpfMap map, Cpu cpu, long buffer) {
        return map.update(cpu, buffer, buffer + 8, 0);
    }

    private static void assertNothingLost(HashMapOfValues map, Cpu cpu) {
        long reachable = map.forEach(cpu, (running, visited, key, value) -> 0, 0);
        assertThat(reachable).isEqualTo(map.entryCount());
        assertThat(requireNonNull(map.pool().freelist()).count() + reachable).isEqualTo(map.maxEntries());
        assertThat(cpu.heldLocks().count()).isZero();
    }

    /** A key whose bucket is, or is not, that of key 1. */
    private static int keyBeside(TestMachine machine, HashTableMap map, boolean sameBucket) {
        long lock = map.lockOf(machine.key(1));
        int key = 2;
        while ((map.lockOf(machine.key(key)) == lock) != sameBucket) {
            key++;
        }
        return key;
    }

    @Test
    void readerFindsAnElementThoughTheOneBeforeItMovesToAnotherBucket() {
        Explorer.exhaustively(Limits.preemptions(2), TestMachine.scenario(2, (simulation, machine) -> {
            HashTableMap map = (HashTableMap) machine.map(MapType.HASH, 4, 8, 4, 0);
            int first = keyBeside(machine, map, true);
            int elsewhere = keyBeside(machine, map, false);
            machine.update(map, 1, 10);
            machine.update(map, first, 20);
            long wanted = buffer(machine, 1, 0);
            long gone = buffer(machine, first, 0);
            long moved = buffer(machine, elsewhere, 30);
            simulation.strand(machine.cpus.get(0), () -> {
                assertThat(map.delete(machine.cpus.get(0), gone)).isZero();
                assertThat(update(map, machine.cpus.get(0), moved)).isZero();
            });
            simulation.strand(machine.cpus.get(1), () -> assertThat(map.lookup(machine.cpus.get(1), wanted))
                    .isNotZero());
        }));
    }

    @Test
    void readerSeesTheOldValueOrTheNewOneWhole() {
        Explorer.exhaustively(Limits.preemptions(2), TestMachine.scenario(2, (simulation, machine) -> {
            BpfMap map = machine.map(MapType.HASH, 4, 8, 4, 0);
            machine.update(map, 1, 10);
            long replacement = buffer(machine, 1, 11);
            long wanted = buffer(machine, 1, 0);
            simulation.strand(machine.cpus.get(0), () -> assertThat(update(map, machine.cpus.get(0), replacement))
                    .isZero());
            simulation.strand(machine.cpus.get(1), () -> {
                long found = map.lookup(machine.cpus.get(1), wanted);
                assertThat(found).isNotZero();
                assertThat(GuestMemory.getLong(found)).isIn(10L, 11L);
            });
        }));
    }

    /** The element that the reader stands on becomes that of another key, in the same bucket or elsewhere, before it looks at it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readerFindsAKeyThatIsAlwaysThereThoughItsElementIsUsedAgain(boolean sameBucket) {
        Explorer.exhaustively(Limits.preemptions(2), TestMachine.scenario(2, (simulation, machine) -> {
            HashTableMap map = (HashTableMap) machine.map(MapType.HASH, 4, 8, 4, 0);
            int other = keyBeside(machine, map, sameBucket);
            machine.update(map, other, 20);
            machine.update(map, 1, 10);
            long replacement = buffer(machine, 1, 11);
            long next = buffer(machine, other, 21);
            long wanted = buffer(machine, 1, 0);
            simulation.strand(machine.cpus.get(0), () -> {
                assertThat(update(map, machine.cpus.get(0), replacement)).isZero();
                assertThat(update(map, machine.cpus.get(0), next)).isZero();
            });
            simulation.strand(machine.cpus.get(1), () -> assertThat(map.lookup(machine.cpus.get(1), wanted))
                    .isNotZero());
        }));
    }

    private static BpfMap fourEntries(TestMachine machine, MapType type, long flags) {
        return switch (type) {
            case RHASH -> machine.resizable(4, 8, 4, 0);
            case LPM_TRIE -> machine.map(type, 8, 8, 4, flags);
            default -> machine.map(type, 4, 8, 4, flags);
        };
    }

    private static long keyOf(TestMachine machine, BpfMap map, int number) {
        long buffer = buffer(machine, map instanceof LpmTrieMap ? 32 : number, number);
        GuestMemory.putInt(buffer + 4, map instanceof LpmTrieMap ? number : 0);
        return buffer;
    }

    /** Beside a writer that takes a key out and puts one in, whose element may be that of the first. */
    @ParameterizedTest
    @CsvSource({"HASH,0", "HASH,1", "PERCPU_HASH,0", "LRU_HASH,0", "RHASH,1", "LPM_TRIE,1"})
    void steppingThroughFindsEachKeyThatStays(MapType type, long flags) {
        Explorer.exhaustively(
                Limits.preemptions(type == MapType.RHASH ? TestSize.of(1, 2) : 2),
                TestMachine.scenario(2, (simulation, machine) -> {
                    Cpu writer = machine.cpus.get(0);
                    BpfMap map = fourEntries(machine, type, flags);
                    for (int number = 1; number <= 3; number++) {
                        assertThat(update(map, writer, keyOf(machine, map, number)))
                                .isZero();
                    }
                    long gone = keyOf(machine, map, 2);
                    long added = keyOf(machine, map, 4);
                    long next = machine.buffer();
                    simulation.strand(writer, () -> {
                        assertThat(map.delete(writer, gone)).isZero();
                        assertThat(update(map, writer, added)).isZero();
                    });
                    simulation.strand(machine.cpus.get(1), () -> {
                        Set<Integer> seen = new HashSet<>();
                        long previous = 0;
                        for (int steps = 0; map.getNextKey(machine.cpus.get(1), previous, next) == 0; steps++) {
                            assertThat(steps).isLessThan(20);
                            seen.add(GuestMemory.getInt(next + map.keySize - 4));
                            previous = next;
                        }
                        assertThat(seen).contains(1, 3).isSubsetOf(1, 2, 3, 4);
                    });
                }));
    }

    /** An NMI that replaces a value while another replacement is under way finds that one's element still in use. */
    @Test
    void nmiDoesNotTakeAnElementThatIsStillInTheTable() {
        Explorer.exhaustively(TWO_NMIS, TestMachine.scenario(1, (simulation, machine) -> {
            HashMapOfValues map = (HashMapOfValues) machine.map(MapType.HASH, 4, 8, 3, 0);
            long own = buffer(machine, 1, 10);
            long nested = buffer(machine, keyBeside(machine, map, false), 20);
            Cpu cpu = machine.cpus.get(0);
            assertThat(update(map, cpu, own)).isZero();
            assertThat(update(map, cpu, nested)).isZero();
            cpu.setInterruptHandler((interrupted, level) -> {
                GuestMemory.putLong(nested + 8, GuestMemory.getLong(nested + 8) + 1);
                assertThat(update(map, interrupted, nested)).isZero();
                assertThat(map.lookup(interrupted, own)).isNotZero();
            });
            simulation.strand(cpu, () -> {
                GuestMemory.putLong(own + 8, 11);
                assertThat(update(map, cpu, own)).isZero();
                assertThat(GuestMemory.getLong(map.lookup(cpu, own))).isEqualTo(11);
            });
            simulation.atEnd(() -> {
                assertThat(GuestMemory.getLong(map.lookup(cpu, nested))).isEqualTo(GuestMemory.getLong(nested + 8));
                assertNothingLost(map, cpu);
            });
        }));
    }

    /** An NMI that updates the map, landing at every point of an update and a deletion, on one CPU. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nmiInTheMiddleOfAnOperationLosesNothing(boolean sameBucket) {
        int[] outcomes = new int[3];
        Explorer.exhaustively(TWO_NMIS, TestMachine.scenario(1, (simulation, machine) -> {
            HashMapOfValues map = (HashMapOfValues) machine.map(MapType.HASH, 4, 8, 3, 0);
            Cpu cpu = machine.cpus.get(0);
            long own = buffer(machine, 1, 10);
            long nested = buffer(machine, keyBeside(machine, map, sameBucket), 20);
            cpu.setInterruptHandler((interrupted, level) -> {
                int result = update(map, interrupted, nested);
                assertThat(result).isIn(0, -EDEADLK, -E2BIG);
                outcomes[result == 0 ? 0 : result == -EDEADLK ? 1 : 2]++;
            });
            simulation.strand(cpu, () -> {
                assertThat(update(map, cpu, own)).isZero();
                GuestMemory.putLong(own + 8, 11);
                assertThat(update(map, cpu, own)).isZero();
                assertThat(GuestMemory.getLong(map.lookup(cpu, own))).isEqualTo(11);
                assertThat(map.delete(cpu, own)).isZero();
                assertThat(map.lookup(cpu, own)).isZero();
            });
            simulation.atEnd(() -> assertNothingLost(map, cpu));
        }));
        assertThat(outcomes[0]).isPositive();
        assertThat(outcomes[sameBucket ? 1 : 2]).isPositive();
    }

    @Test
    void twoCpusOnOneKeyLoseNothing() {
        Explorer.exhaustively(Limits.preemptions(2), TestMachine.scenario(2, (simulation, machine) -> {
            HashMapOfValues map = (HashMapOfValues) machine.map(MapType.HASH, 4, 8, 2, 0);
            for (Cpu cpu : machine.cpus.all()) {
                long own = buffer(machine, 1, cpu.id());
                simulation.strand(cpu, () -> {
                    assertThat(update(map, cpu, own)).isZero();
                    assertThat(map.delete(cpu, own)).isIn(0, -ENOENT);
                });
            }
            simulation.atEnd(() -> assertNothingLost(map, machine.cpus.get(0)));
        }));
    }

    @Test
    void trieReaderFindsThePrefixThatIsAlwaysThere() {
        Explorer.exhaustively(Limits.preemptions(3), TestMachine.scenario(2, (simulation, machine) -> {
            BpfMap map = machine.map(MapType.LPM_TRIE, 8, 8, 4, MapFlags.BPF_F_NO_PREALLOC);
            Cpu writer = machine.cpus.get(0);
            long always = prefix(machine, 8, 0x0000000a);
            long longer = prefix(machine, 16, 0x0000010a);
            long elsewhere = prefix(machine, 16, 0x000001f0);
            long wanted = prefix(machine, 32, 0x0000010a);
            assertThat(map.update(writer, always, machine.value(8), 0)).isZero();
            assertThat(map.update(writer, longer, machine.value(16), 0)).isZero();
            simulation.strand(writer, () -> {
                // The node that the reader may stand on becomes that of another prefix.
                assertThat(map.delete(writer, longer)).isZero();
                assertThat(map.update(writer, elsewhere, machine.value(99), 0)).isZero();
            });
            simulation.strand(machine.cpus.get(1), () -> {
                long found = map.lookup(machine.cpus.get(1), wanted);
                assertThat(found).isNotZero();
            });
        }));
    }

    private static long prefix(TestMachine machine, int length, int bytes) {
        long key = machine.buffer();
        GuestMemory.putInt(key, length);
        GuestMemory.putInt(key + 4, bytes);
        return key;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_COMMON_LRU})
    void nmiInTheMiddleOfAnLruUpdateLosesNoNode(long flags) {
        Limits limits = Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI);
        Explorer.exhaustively(limits, TestMachine.scenario(1, (simulation, machine) -> {
            LruHashMap map = (LruHashMap) machine.map(MapType.LRU_HASH, 4, 8, 2, flags);
            Cpu cpu = machine.cpus.get(0);
            long nested = buffer(machine, 9, 90);
            cpu.setInterruptHandler((interrupted, level) -> {
                assertThat(update(map, interrupted, nested)).isIn(0, -EDEADLK, -ENOMEM);
                assertThat(map.delete(interrupted, nested)).isIn(0, -EDEADLK, -ENOENT);
            });
            simulation.strand(cpu, () -> {
                for (int key = 1; key <= 3; key++) {
                    assertThat(update(map, cpu, buffer(machine, key, key))).isZero();
                }
            });
            simulation.atEnd(() -> {
                assertThat(map.pool().countNodes()).isEqualTo(2);
                assertThat(map.forEach(cpu, (running, visited, key, value) -> 0, 0))
                        .isEqualTo(map.entryCount());
                assertThat(cpu.heldLocks().count()).isZero();
            });
        }));
    }
}
