package dev.spinbpf.maps.map;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.TestSize;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.FaultInjectingLock;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.maps.sched.Scenario;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Lock failures while other things go on: two CPUs change a map in every order with one preemption or two (and, on one CPU, with an NMI
 * at every point), and each acquisition fails in turn. Whatever the order, no element is lost or free twice.
 */
class LockInjectionSimulationTest {
    private static final Set<Integer> ALLOWED =
            Set.of(0, -Errno.EDEADLK, -Errno.ETIMEDOUT, -Errno.E2BIG, -Errno.ENOMEM, -Errno.ENOENT, -Errno.EBUSY);

    private static final int ENTRIES = 4;
    private static final int OWNERS = 3;

    private static BpfMap map(TestMachine machine, MapType type, long flags) {
        return switch (type) {
            case LPM_TRIE -> machine.map(type, 8, 8, ENTRIES, flags);
            case QUEUE, STACK -> machine.map(type, 0, 8, ENTRIES, flags);
            case TASK_STORAGE -> {
                for (int i = 0; i < OWNERS; i++) {
                    machine.storage();
                }
                yield machine.taskStorage(8);
            }
            default -> machine.map(type, 4, 8, ENTRIES, flags);
        };
    }

    private static long buffer(TestMachine machine, int key) {
        long buffer = machine.buffer();
        GuestMemory.putInt(buffer, key);
        GuestMemory.putInt(buffer + 4, key << 16);
        GuestMemory.putLong(buffer + 8, key);
        return buffer;
    }

    private static int put(BpfMap map, Cpu cpu, long buffer) {
        return switch (map.type()) {
            case QUEUE, STACK -> map.push(cpu, buffer + 8, 0);
            case TASK_STORAGE -> map.sysUpdate(cpu, buffer, buffer + 8, 0);
            default -> map.update(cpu, buffer, buffer + 8, 0);
        };
    }

    private static int take(BpfMap map, Cpu cpu, long buffer) {
        return switch (map.type()) {
            case QUEUE, STACK -> map.pop(cpu, buffer + 64);
            default -> map.delete(cpu, buffer);
        };
    }

    private static void change(BpfMap map, Cpu cpu, long first, long second) {
        assertThat(put(map, cpu, first)).isIn(ALLOWED);
        assertThat(put(map, cpu, second)).isIn(ALLOWED);
        assertThat(take(map, cpu, first)).isIn(ALLOWED);
    }

    /** Runs the scenario with each attempt failing in turn, as long as there is one. */
    private static void explore(
            MapType type, long flags, int cpuCount, Limits limits, boolean interrupts, LockOutcome how) {
        boolean[] failed = {true};
        for (int attempt = 0; failed[0]; attempt++) {
            failed[0] = false;
            int failing = attempt;
            TestMachine[] previous = new TestMachine[1];
            Scenario scenario = simulation -> {
                if (previous[0] != null) {
                    previous[0].close();
                }
                Cpus cpus = simulation.machine(cpuCount);
                FaultInjectingLock lock = new FaultInjectingLock(new LockStats(cpuCount));
                TestMachine machine = new TestMachine(cpus, lock);
                previous[0] = machine;
                BpfMap map = map(machine, type, flags);
                long shared = buffer(machine, 1);
                for (Cpu cpu : cpus.all()) {
                    long own = buffer(machine, type == MapType.TASK_STORAGE ? 0 : 2 + cpu.id());
                    long nested = buffer(machine, type == MapType.TASK_STORAGE ? 2 : 20);
                    cpu.setInterruptHandler((interrupted, level) -> {
                        assertThat(put(map, interrupted, nested)).isIn(ALLOWED);
                        if (interrupts && type != MapType.TASK_STORAGE) {
                            assertThat(take(map, interrupted, nested)).isIn(ALLOWED);
                        }
                    });
                    simulation.strand(cpu, () -> change(map, cpu, shared, own));
                }
                lock.plan((number, word) -> {
                    boolean fails = number == failing;
                    failed[0] |= fails;
                    return fails ? how : null;
                });
                simulation.atEnd(() -> {
                    lock.plan(FaultInjectingLock.Plan.NONE);
                    cpus.all().forEach(MapContents::assertNothingHeld);
                    MapContents.assertConserved(map, machine.cpu);
                });
            };
            Explorer.exhaustively(limits, scenario);
            previous[0].close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "HASH, 0, 1",
        "HASH, 1, 2",
        "PERCPU_HASH, 0, 1",
        "PERCPU_HASH, 1, 1",
        "LRU_HASH, 0, 1",
        "LRU_HASH, 2, 1",
        "LRU_PERCPU_HASH, 0, 1",
        "LPM_TRIE, 1, 2",
        "QUEUE, 0, 2",
        "STACK, 0, 2",
        "TASK_STORAGE, 1, 1"
    })
    void anotherCpuChangesTheMapMeanwhile(MapType type, long flags, int preemptions) {
        explore(type, flags, 2, Limits.preemptions(TestSize.of(1, preemptions)), false, LockOutcome.TIMEOUT);
    }

    @ParameterizedTest
    @CsvSource({
        "HASH, 0",
        "HASH, 1",
        "PERCPU_HASH, 0",
        "LRU_HASH, 0",
        "LRU_HASH, 2",
        "LPM_TRIE, 1",
        "QUEUE, 0",
        "TASK_STORAGE, 1"
    })
    void anNmiChangesTheMapMeanwhile(MapType type, long flags) {
        Limits limits = Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI);
        explore(type, flags, 1, limits, true, LockOutcome.AA);
    }
}
