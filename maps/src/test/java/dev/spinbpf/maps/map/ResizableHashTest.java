package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.TestSize;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.programs.linux.MapFlags;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The hash that grows and shrinks, at rest and while it does so. */
class ResizableHashTest {
    private static Set<Integer> keys(ResizableHashMap map, Cpu cpu, long scratch) {
        Set<Integer> keys = new HashSet<>();
        long visited = map.forEach(
                cpu,
                (running, visiting, key, value) -> {
                    assertThat(keys.add(GuestMemory.getInt(key))).isTrue();
                    return 0;
                },
                scratch);
        assertThat(visited).isEqualTo(keys.size());
        return keys;
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8, 20})
    void growsAndShrinksAndForgetsNothing(int keySize) {
        try (TestMachine machine = new TestMachine(1)) {
            ResizableHashMap map = machine.resizable(keySize, 8, 1000, 1);
            for (int key = 0; key < 1000; key++) {
                assertThat(machine.update(map, key, key)).isZero();
                assertThat(machine.get(map, key / 2)).isEqualTo(key / 2);
            }
            assertThat(machine.update(map, 1000, 1)).isEqualTo(-E2BIG);
            assertThat(machine.update(map, 999, 7)).isZero();
            long large = ResizableTable.size(map.table().current());
            assertThat(large).isGreaterThanOrEqualTo(1024);
            for (int key = 0; key < 1000; key++) {
                assertThat(machine.delete(map, key)).isZero();
                assertThat(machine.get(map, key)).isNull();
                assertThat(map.entryCount()).isEqualTo(999 - key);
            }
            assertThat(ResizableTable.size(map.table().current())).isLessThan(large);
            assertThat(map.getNextKey(machine.cpu, 0, machine.out)).isEqualTo(-ENOENT);
        }
    }

    @Test
    void answersAsLinuxDoes() {
        try (TestMachine machine = new TestMachine(1)) {
            ResizableHashMap map = machine.resizable(4, 8, 3, 0);
            assertThat(machine.update(map, 1, 1, MapFlags.BPF_EXIST)).isEqualTo(-ENOENT);
            assertThat(machine.update(map, 1, 1, 3)).isEqualTo(-EINVAL);
            assertThat(machine.update(map, 1, 1, MapFlags.BPF_F_LOCK)).isEqualTo(-EINVAL);
            assertThat(machine.update(map, 1, 1)).isZero();
            long value = map.lookup(machine.cpu, machine.key(1));
            assertThat(machine.update(map, 1, 2, MapFlags.BPF_NOEXIST)).isEqualTo(-EEXIST);
            assertThat(machine.update(map, 1, 2, MapFlags.BPF_EXIST)).isZero();
            assertThat(map.lookup(machine.cpu, machine.key(1)))
                    .as("written in place")
                    .isEqualTo(value);
            assertThat(machine.delete(map, 2)).isEqualTo(-ENOENT);
            assertThat(map.sysLookupAndDelete(machine.cpu, machine.key(1), machine.out, 0))
                    .isZero();
            assertThat(GuestMemory.getLong(machine.out)).isEqualTo(2);
            assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, 0))
                    .isEqualTo(-ENOENT);
        }
    }

    @Test
    void elementsThatAreDeletedUnderTheIterationEndIt() {
        try (TestMachine machine = new TestMachine(1)) {
            ResizableHashMap map = machine.resizable(4, 8, 100, 0);
            for (int key = 0; key < 20; key++) {
                machine.update(map, key, key);
            }
            assertThat(map.forEach(machine.cpu, (cpu, visiting, key, value) -> map.delete(cpu, key), machine.out))
                    .isEqualTo(1);
            assertThat(map.entryCount()).isEqualTo(19);
        }
    }

    private static long buffer(TestMachine machine, int key) {
        long buffer = machine.buffer();
        GuestMemory.putInt(buffer, key);
        GuestMemory.putLong(buffer + 8, key);
        return buffer;
    }

    /** Five elements in a table of four buckets: the table is growing, and the writer's next steps move buckets. */
    private static ResizableHashMap growing(TestMachine machine, int elements) {
        ResizableHashMap map = machine.resizable(4, 8, 100, 1);
        for (int key = 0; key < elements; key++) {
            assertThat(machine.update(map, key, key)).isZero();
        }
        return map;
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4})
    void readerFindsAnElementThatMoves(int elements) {
        Explorer.exhaustively(Limits.preemptions(2), TestMachine.scenario(2, (simulation, machine) -> {
            ResizableHashMap map = growing(machine, elements);
            long[] more = {buffer(machine, 10), buffer(machine, 11)};
            long[] wanted = {buffer(machine, 0), buffer(machine, elements - 1), buffer(machine, 99)};
            simulation.strand(machine.cpus.get(0), () -> {
                for (long key : more) {
                    assertThat(map.update(machine.cpus.get(0), key, key + 8, 0)).isZero();
                }
            });
            simulation.strand(machine.cpus.get(1), () -> {
                Cpu cpu = machine.cpus.get(1);
                assertThat(map.lookup(cpu, wanted[0])).isNotZero();
                assertThat(map.lookup(cpu, wanted[1])).isNotZero();
                assertThat(map.lookup(cpu, wanted[2])).isZero();
            });
        }));
    }

    @Test
    void twoWritersLoseNothingWhileTheTableGrows() {
        Explorer.exhaustively(Limits.preemptions(TestSize.of(1, 2)), TestMachine.scenario(2, (simulation, machine) -> {
            ResizableHashMap map = growing(machine, 3);
            for (Cpu cpu : machine.cpus.all()) {
                long own = buffer(machine, 10 + cpu.id());
                long common = buffer(machine, 20);
                simulation.strand(cpu, () -> {
                    assertThat(map.update(cpu, own, own + 8, 0)).isZero();
                    assertThat(map.update(cpu, common, common + 8, MapFlags.BPF_NOEXIST))
                            .isIn(0, -EEXIST);
                });
            }
            simulation.atEnd(() -> {
                Cpu cpu = machine.cpus.get(0);
                assertThat(keys(map, cpu, machine.out)).containsExactlyInAnyOrder(0, 1, 2, 10, 11, 20);
                assertThat(map.entryCount()).isEqualTo(6);
            });
        }));
    }

    /** Random schedules in which the table grows and shrinks again and again. */
    @Test
    void oneKeyIsThereOnceAtMostWhileTheTableIsResizedBackAndForth() {
        Explorer.randomly(Limits.preemptions(1000), 20_251_121, 1500, TestMachine.scenario(3, (simulation, machine) -> {
            ResizableHashMap map = growing(machine, 3);
            for (Cpu cpu : machine.cpus.all()) {
                long[] own = new long[3];
                for (int i = 0; i < own.length; i++) {
                    own[i] = buffer(machine, 10 + 10 * cpu.id() + i);
                }
                long common = buffer(machine, 99);
                simulation.strand(cpu, () -> churn(map, cpu, own, common));
            }
            simulation.atEnd(() -> {
                Set<Integer> keys = keys(map, machine.cpus.get(0), machine.out);
                assertThat(keys).contains(0, 1, 2).doesNotContain(10, 20, 30);
                assertThat(map.entryCount()).isEqualTo(keys.size());
            });
        }));
    }

    private static void churn(ResizableHashMap map, Cpu cpu, long[] own, long common) {
        for (int round = 0; round < 3; round++) {
            for (long key : own) {
                assertThat(map.update(cpu, key, key + 8, MapFlags.BPF_NOEXIST)).isZero();
            }
            assertThat(map.update(cpu, common, common + 8, 0)).isZero();
            for (long key : own) {
                assertThat(map.lookup(cpu, key)).isNotZero();
                assertThat(map.delete(cpu, key)).isZero();
                assertThat(map.lookup(cpu, key)).isZero();
            }
            assertThat(map.delete(cpu, common)).isIn(0, -ENOENT);
        }
    }

    /** The guard keeps tracing programs in NMIs away while a bucket is locked; elsewhere they may use the map. */
    @Test
    void nmiThatMindsTheGuardUsesTheMapAnywhere() {
        int[] allowed = new int[2];
        Limits limits = Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI);
        Explorer.exhaustively(limits, TestMachine.scenario(1, (simulation, machine) -> {
            ResizableHashMap map = growing(machine, 4);
            Cpu cpu = machine.cpus.get(0);
            long nested = buffer(machine, 20);
            long own = buffer(machine, 10);
            cpu.setInterruptHandler((interrupted, level) -> {
                if (interrupted.guardDepth() != 0) {
                    allowed[1]++;
                    return;
                }
                allowed[0]++;
                assertThat(map.update(interrupted, nested, nested + 8, 0)).isZero();
            });
            simulation.strand(cpu, () -> {
                assertThat(map.update(cpu, own, own + 8, 0)).isZero();
                assertThat(map.delete(cpu, own)).isZero();
            });
            simulation.atEnd(() -> assertThat(map.entryCount()).isBetween(4L, 5L));
        }));
        assertThat(allowed[0]).isPositive();
        assertThat(allowed[1]).isPositive();
    }

    @Test
    void realThreadsLoseNothing() throws Exception {
        try (TestMachine machine = TestMachine.ofThreads(4);
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            ResizableHashMap map = machine.resizable(4, 8, 4000, 1);
            Future<?>[] running = new Future<?>[4];
            for (Cpu cpu : machine.cpus.all()) {
                long buffer = machine.buffer();
                running[cpu.id()] = threads.submit(() -> {
                    growAndShrink(map, cpu, buffer);
                });
            }
            for (Future<?> thread : running) {
                thread.get();
            }
            assertThat(map.entryCount())
                    .isEqualTo(keys(map, machine.cpu, machine.out).size());
        }
    }

    private static void growAndShrink(ResizableHashMap map, Cpu cpu, long buffer) {
        SplittableRandom random = new SplittableRandom(cpu.id());
        for (int round = 0; round < 10; round++) {
            int count = 100 + random.nextInt(800);
            for (int i = 0; i < count; i++) {
                GuestMemory.putInt(buffer, cpu.id() * 1000 + i);
                assertThat(map.update(cpu, buffer, buffer + 8, MapFlags.BPF_NOEXIST))
                        .isZero();
            }
            for (int i = 0; i < count; i++) {
                GuestMemory.putInt(buffer, cpu.id() * 1000 + i);
                assertThat(map.lookup(cpu, buffer)).isNotZero();
                assertThat(map.delete(cpu, buffer)).isZero();
            }
        }
    }
}
