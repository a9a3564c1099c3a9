package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.TestSize;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.cpu.InternalHook;
import dev.spinbpf.maps.lock.LockScenarios.Machine;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Explorer.Exploration;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.maps.sched.Scenario;
import dev.spinbpf.maps.sched.Schedule;
import dev.spinbpf.programs.linux.Errno;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The queued lock under the deterministic scheduler: each test enumerates interleavings, in virtual time. */
class RqSpinLockSimulationTest {
    private static final long MILLISECOND = 1_000_000;
    private static final long MICROSECOND = 1_000;

    private static void print(String what, Exploration exploration) {
        System.out.printf(
                "%s: %d runs, %d points, %d switches, %.0f points/s%n",
                what, exploration.runs(), exploration.points(), exploration.switches(), exploration.pointsPerSecond());
    }

    @Test
    void excludesEachOtherWithTwoCpus() {
        print("2 CPUs, 3 preemptions", Explorer.exhaustively(Limits.preemptions(3), contenders(2, 1)));
    }

    @Test
    void excludesEachOtherWithThreeCpus() {
        print("3 CPUs, 2 preemptions", Explorer.exhaustively(Limits.preemptions(2), contenders(3, 1)));
    }

    /** Both become waiters at the same time: one pending, the other, which may not take back the first one's bit, in the queue. */
    @Test
    void twoWaitersComeAtOnceWhileTheOwnerSleeps() {
        var exploration = Explorer.exhaustively(Limits.preemptions(TestSize.of(2, 3)), simulation -> {
            var machine = new Machine(simulation, 3, 1);
            Cpu owner = machine.cpus.get(0);
            simulation.strand(owner, () -> machine.hold(owner, 0, 10 * MICROSECOND));
            for (int i = 1; i < 3; i++) {
                Cpu cpu = machine.cpus.get(i);
                simulation.strand(cpu, () -> {
                    simulation.sleep(MICROSECOND);
                    assertThat(machine.takeOnce(cpu, 0)).isZero();
                });
            }
        });
        print("2 waiters behind an owner, preempted", exploration);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8})
    void excludesEachOtherAtRandom(int cpus) {
        print(cpus + " CPUs at random", Explorer.randomly(Limits.preemptions(1000), 1, 300, contenders(cpus, 5)));
    }

    private static Scenario contenders(int cpus, int rounds) {
        return simulation -> {
            var machine = new Machine(simulation, cpus, 1);
            for (var cpu : machine.cpus.all()) {
                simulation.strand(cpu, () -> {
                    for (int i = 0; i < rounds; i++) {
                        assertThat(machine.takeOnce(cpu, 0)).isZero();
                    }
                });
            }
        };
    }

    private static Scenario nmiWantsTheSameLock(int cpus, Map<LockOutcome, Long> outcomes) {
        return simulation -> {
            var machine = new Machine(simulation, cpus, 1);
            for (var cpu : machine.cpus.all()) {
                cpu.setInterruptHandler((c, level) -> assertThat(machine.takeOnce(c, 0))
                        .as("what the NMI got")
                        .isIn(0, -Errno.EDEADLK));
                simulation.strand(cpu, () -> assertThat(machine.takeOnce(cpu, 0))
                        .as("what the task got")
                        .isNotEqualTo(-Errno.ETIMEDOUT));
            }
            simulation.atEnd(() -> tally(machine, outcomes));
        };
    }

    /** Three CPUs queue, and an NMI on any of them wants the lock too: it finds nodes in use, and headship passes around it. */
    @Test
    void anNmiOnAWaiterNeverTimesOut() {
        var outcomes = new EnumMap<LockOutcome, Long>(LockOutcome.class);
        var limits = Limits.preemptions(1).withInterrupts(1, ContextLevel.NMI);
        print("3 CPUs, 1 preemption, NMI", Explorer.exhaustively(limits, nmiWantsTheSameLock(3, outcomes)));
        assertThat(outcomes.get(LockOutcome.AA)).isPositive();
        assertThat(outcomes.get(LockOutcome.TIMEOUT)).isZero();
    }

    /** An NMI that interrupts a queued waiter and wants another contended lock may not queue: it tries once. */
    @Test
    void anNmiOnAQueuedWaiterTriesAnotherLockOnce() {
        var outcomes = new EnumMap<LockOutcome, Long>(LockOutcome.class);
        Scenario scenario = simulation -> {
            var machine = new Machine(simulation, 5, 2);
            Cpu other = machine.cpus.get(3);
            Cpu pending = machine.cpus.get(4);
            simulation.strand(pending, () -> {
                simulation.sleep(50 * MICROSECOND);
                assertThat(machine.takeOnce(pending, 1)).isZero();
            });
            simulation.strand(other, () -> machine.hold(other, 1, 500 * MICROSECOND));
            for (int i = 0; i < 3; i++) {
                Cpu cpu = machine.cpus.get(i);
                cpu.setInterruptHandler((c, level) -> machine.takeOnce(c, 1));
                simulation.strand(cpu, () -> {
                    simulation.sleep(100 * MICROSECOND * (1 + cpu.id()));
                    assertThat(machine.lock.lock(cpu, machine.locks[0], machine.lockClass))
                            .isZero();
                    simulation.sleep(cpu.id() == 0 ? 1000 * MICROSECOND : 0);
                    machine.lock.unlock(cpu, machine.locks[0]);
                });
            }
            simulation.atEnd(() -> tally(machine, outcomes));
        };
        print(
                "NMI on a queued waiter",
                Explorer.exhaustively(Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI), scenario));
        assertThat(outcomes.get(LockOutcome.NO_NODE)).isPositive();
        assertThat(outcomes.get(LockOutcome.TIMEOUT)).isZero();
    }

    /** A head that is in a deadlock leaves; the waiter behind it becomes the head and gets the lock. */
    @Test
    void aHeadInADeadlockPassesHeadshipOn() {
        Explorer.replay(Limits.preemptions(0), new Schedule(List.of()), simulation -> {
            var machine = new Machine(simulation, 4, 2);
            var results = new int[4];
            Cpu owner = machine.cpus.get(0);
            simulation.strand(owner, () -> {
                assertThat(machine.lock.lock(owner, machine.locks[0], machine.lockClass))
                        .isZero();
                simulation.sleep(20 * MILLISECOND);
                results[0] = machine.takeOnce(owner, 1);
                machine.lock.unlock(owner, machine.locks[0]);
            });
            for (int i = 1; i < 4; i++) {
                Cpu cpu = machine.cpus.get(i);
                simulation.strand(cpu, () -> {
                    simulation.sleep(MILLISECOND * cpu.id());
                    results[cpu.id()] = cpu.id() == 2 ? machine.takeBoth(cpu, 1, 0) : machine.takeOnce(cpu, 0);
                });
            }
            simulation.atEnd(() -> {
                assertThat(results[2]).isEqualTo(-Errno.EDEADLK);
                assertThat(new int[] {results[0], results[1], results[3]}).containsOnly(0, 0, 0);
                assertThat(machine.lockClass.count(LockOutcome.QUEUED)).isOne();
                assertThat(machine.failures).singleElement().satisfies(failure -> {
                    assertThat(failure.outcome()).isEqualTo(LockOutcome.ABBA);
                    assertThat(failure.cpu()).isEqualTo(2);
                    assertThat(failure.holderCpu()).isZero();
                    assertThat(failure.holderLevel()).isEqualTo(ContextLevel.TASK);
                });
            });
        });
    }

    /** Contention hooks run in the middle of the slow path, with the node counted, and may take other locks. */
    @Test
    void contentionHooksRunInsideTheSlowPath() {
        Explorer.exhaustively(Limits.preemptions(1), simulation -> {
            var machine = new Machine(simulation, 3, 2);
            var fired = new ArrayList<HookPoint>();
            InternalHook hook = (cpu, point, lock, detail) -> {
                if (lock == machine.locks[0]) {
                    fired.add(point);
                    assertThat(cpu.nodeCount()).isOne();
                    assertThat(machine.takeOnce(cpu, 1)).isZero();
                }
            };
            machine.cpus.hooks().set(HookPoint.CONTENTION_BEGIN, hook);
            machine.cpus.hooks().set(HookPoint.CONTENTION_END, hook);
            for (Cpu cpu : machine.cpus.all()) {
                simulation.strand(
                        cpu, () -> assertThat(machine.takeOnce(cpu, 0)).isZero());
            }
            simulation.atEnd(() -> {
                long queued = machine.lockClass.count(LockOutcome.QUEUED);
                assertThat(fired.stream().filter(p -> p == HookPoint.CONTENTION_END))
                        .hasSize(fired.size() / 2);
                assertThat(fired.size()).isGreaterThanOrEqualTo((int) queued);
            });
        });
    }

    /**
     * A program on the contention hook may wait for a further lock, and one on the hook of that wait for the next. The fifth wait of a
     * CPU has no node: it fails at once, or gets the lock if that has just come free.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theFifthWaiterOfACpuTriesOnce(boolean comesFree) {
        Explorer.replay(Limits.preemptions(0), new Schedule(List.of()), simulation -> {
            var machine = new Machine(simulation, 1, Cpu.NODES + 1);
            var results = new ArrayList<Integer>();
            Cpu cpu = machine.cpus.get(0);
            machine.cpus.hooks().set(HookPoint.CONTENTION_BEGIN, (c, point, lock, detail) -> {
                int next = c.nodeCount();
                if (next <= Cpu.NODES) {
                    results.add(machine.takeOnce(c, next));
                } else if (comesFree) {
                    GuestMemory.putInt(lock, 0);
                }
            });
            simulation.strand(cpu, () -> {
                // Owners and pending waiters that do not move.
                for (long lock : machine.locks) {
                    GuestMemory.putInt(lock, LockWord.PENDING | LockWord.LOCKED);
                }
                results.add(machine.takeOnce(cpu, 0));
                for (long lock : machine.locks) {
                    GuestMemory.putInt(lock, 0);
                }
            });
            simulation.atEnd(() -> {
                assertThat(results)
                        .containsExactly(
                                comesFree ? 0 : -Errno.EDEADLK,
                                -Errno.ETIMEDOUT,
                                -Errno.ETIMEDOUT,
                                -Errno.ETIMEDOUT,
                                -Errno.ETIMEDOUT);
                assertThat(machine.lockClass.count(comesFree ? LockOutcome.TRYLOCK : LockOutcome.NO_NODE))
                        .isOne();
            });
        });
    }

    private static void tally(Machine machine, Map<LockOutcome, Long> outcomes) {
        for (var outcome : LockOutcome.values()) {
            outcomes.merge(outcome, machine.lockClass.count(ContextLevel.NMI, outcome), Long::sum);
        }
    }
}
