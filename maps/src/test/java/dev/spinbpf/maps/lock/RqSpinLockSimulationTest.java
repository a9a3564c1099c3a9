package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.cpu.InternalHook;
import dev.spinbpf.maps.lock.LockScenarios.Machine;
import dev.spinbpf.maps.lock.LockScenarios.Order;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Explorer.Exploration;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.maps.sched.Scenario;
import dev.spinbpf.maps.sched.Schedule;
import dev.spinbpf.maps.sched.ScheduleFailure;
import dev.spinbpf.programs.model.Errno;
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

    private static Scenario nmiWantsTheSameLock(Order order, int cpus, Map<LockOutcome, Long> outcomes) {
        return simulation -> {
            var machine = new Machine(simulation, cpus, 1);
            for (var cpu : machine.cpus.all()) {
                cpu.setInterruptHandler((c, level) -> assertThat(machine.takeOnce(order, c, 0))
                        .as("what the NMI got")
                        .isIn(0, -Errno.EDEADLK));
                simulation.strand(cpu, () -> assertThat(machine.takeOnce(order, cpu, 0))
                        .as("what the task got")
                        .isNotEqualTo(-Errno.ETIMEDOUT));
            }
            simulation.atEnd(() -> tally(machine, outcomes));
        };
    }

    @Test
    void anNmiAtAnyPointGetsTheLockOrAaAndNeverTimesOut() {
        var outcomes = new EnumMap<LockOutcome, Long>(LockOutcome.class);
        var limits = Limits.preemptions(3).withInterrupts(1, ContextLevel.NMI);
        print(
                "2 CPUs, 3 preemptions, NMI",
                Explorer.exhaustively(limits, nmiWantsTheSameLock(LockScenarios.PRESENT, 2, outcomes)));
        System.out.println(outcomes);
        assertThat(outcomes.get(LockOutcome.FAST)).isPositive();
        assertThat(outcomes.get(LockOutcome.AA)).isPositive();
        assertThat(outcomes.get(LockOutcome.NO_NODE)).isZero();
        assertThat(outcomes.get(LockOutcome.TIMEOUT)).isZero();
    }

    @Test
    void recordingAfterTheCasIsCaught() {
        assertNmiTimesOut(LockScenarios.RECORD_AFTER_CAS);
    }

    @Test
    void clearingBeforeTheReleaseIsCaught() {
        assertNmiTimesOut(LockScenarios.CLEAR_BEFORE_RELEASE);
    }

    private static void assertNmiTimesOut(Order order) {
        var outcomes = new EnumMap<LockOutcome, Long>(LockOutcome.class);
        var limits = Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI);
        var failure = catchThrowableOfType(
                ScheduleFailure.class, () -> Explorer.exhaustively(limits, nmiWantsTheSameLock(order, 1, outcomes)));
        assertThat(failure).hasMessageContaining("what the NMI got").hasMessageContaining("-110");
    }

    @Test
    void twoLocksInOppositeOrdersEndWithADeadlockReportInAMillisecond() {
        var failuresByRun = new int[3];
        print("ABBA, 3 preemptions", Explorer.exhaustively(Limits.preemptions(3), simulation -> {
            var machine = new Machine(simulation, 2, 2);
            var results = new ArrayList<Integer>();
            simulation.strand(machine.cpus.get(0), () -> results.add(machine.takeBoth(machine.cpus.get(0), 0, 1)));
            simulation.strand(machine.cpus.get(1), () -> results.add(machine.takeBoth(machine.cpus.get(1), 1, 0)));
            simulation.atEnd(() -> {
                assertThat(results).isSubsetOf(0, -Errno.EDEADLK);
                failuresByRun[machine.failures.size()]++;
                for (var failure : machine.failures) {
                    assertThat(failure.outcome()).isEqualTo(LockOutcome.ABBA);
                    assertThat(failure.waitedNanos()).isLessThan(1_100_000);
                    assertThat(failure.holderCpu()).isIn(1 - failure.cpu(), -1);
                }
            });
        }));
        System.out.printf(
                "ABBA: none failed %d, one %d, both %d%n", failuresByRun[0], failuresByRun[1], failuresByRun[2]);
        assertThat(failuresByRun[0]).isPositive();
        assertThat(failuresByRun[1] + failuresByRun[2]).isPositive();
    }

    @Test
    void aRingOfThreeTimesOut() {
        Explorer.replay(Limits.preemptions(0), new Schedule(List.of()), simulation -> {
            var machine = new Machine(simulation, 3, 3);
            for (var cpu : machine.cpus.all()) {
                simulation.strand(cpu, () -> {
                    assertThat(machine.lock.lock(cpu, machine.locks[cpu.id()], machine.lockClass))
                            .isZero();
                    simulation.sleep(MILLISECOND);
                    machine.takeOnce(cpu, (cpu.id() + 1) % 3);
                    machine.lock.unlock(cpu, machine.locks[cpu.id()]);
                });
            }
            simulation.atEnd(() -> {
                assertThat(machine.failures).isNotEmpty().allSatisfy(failure -> {
                    assertThat(failure.outcome()).isEqualTo(LockOutcome.TIMEOUT);
                    assertThat(failure.waitedNanos()).isBetween(250 * MILLISECOND, 252 * MILLISECOND);
                });
            });
        });
    }

    @Test
    void aStalledOwnerFailsThePendingWaiterAndDissolvesTheQueue() {
        Explorer.replay(Limits.preemptions(0), new Schedule(List.of()), simulation -> {
            var machine = new Machine(simulation, 5, 1);
            long lock = machine.locks[0];
            var ends = new long[5];
            long start = simulation.clock().nanoTime();
            simulation.strand(machine.cpus.get(0), () -> {
                assertThat(machine.lock.lock(machine.cpus.get(0), lock, machine.lockClass))
                        .isZero();
                simulation.sleep(2000 * MILLISECOND);
                machine.lock.unlock(machine.cpus.get(0), lock);
                assertThat(machine.takeOnce(machine.cpus.get(0), 0)).isZero();
            });
            for (int i = 1; i < 5; i++) {
                var cpu = machine.cpus.get(i);
                simulation.strand(cpu, () -> {
                    simulation.sleep(10 * MILLISECOND * cpu.id());
                    assertThat(machine.takeOnce(cpu, 0)).isEqualTo(-Errno.ETIMEDOUT);
                    ends[cpu.id()] = simulation.clock().nanoTime() - start;
                });
            }
            simulation.atEnd(() -> {
                assertThat(ends[1]).as("pending").isBetween(260 * MILLISECOND, 262 * MILLISECOND);
                assertThat(ends[2]).as("head").isBetween(520 * MILLISECOND, 522 * MILLISECOND);
                assertThat(ends[3]).as("second").isBetween(ends[2], ends[2] + 1000);
                assertThat(ends[4]).as("third").isBetween(ends[3], ends[3] + 1000);
                assertThat(machine.lockClass.count(LockOutcome.TIMEOUT)).isEqualTo(4);
            });
        });
    }

    /** Three CPUs queue, and an NMI on any of them wants the lock too: it finds nodes in use, and headship passes around it. */
    @Test
    void anNmiOnAWaiterNeverTimesOut() {
        var outcomes = new EnumMap<LockOutcome, Long>(LockOutcome.class);
        var limits = Limits.preemptions(1).withInterrupts(1, ContextLevel.NMI);
        print(
                "3 CPUs, 1 preemption, NMI",
                Explorer.exhaustively(limits, nmiWantsTheSameLock(LockScenarios.PRESENT, 3, outcomes)));
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
                simulation.sleep(MILLISECOND / 2);
                assertThat(machine.takeOnce(pending, 1)).isZero();
            });
            simulation.strand(other, () -> {
                assertThat(machine.lock.lock(other, machine.locks[1], machine.lockClass))
                        .isZero();
                simulation.sleep(5 * MILLISECOND);
                machine.lock.unlock(other, machine.locks[1]);
            });
            for (int i = 0; i < 3; i++) {
                Cpu cpu = machine.cpus.get(i);
                cpu.setInterruptHandler((c, level) -> machine.takeOnce(c, 1));
                simulation.strand(cpu, () -> {
                    simulation.sleep(MILLISECOND * (1 + cpu.id()));
                    assertThat(machine.lock.lock(cpu, machine.locks[0], machine.lockClass))
                            .isZero();
                    simulation.sleep(cpu.id() == 0 ? 10 * MILLISECOND : 0);
                    machine.lock.unlock(cpu, machine.locks[0]);
                });
            }
            simulation.atEnd(() -> tally(machine, outcomes));
        };
        Explorer.exhaustively(Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI), scenario);
        assertThat(outcomes.get(LockOutcome.NO_NODE)).isPositive();
        assertThat(outcomes.get(LockOutcome.TIMEOUT)).isZero();
    }

    /**
     * The case that no check sees: each of two owners is interrupted by an NMI that queues, not as the head, for the lock of the
     * other. The heads of both queues time out, tell the NMIs, and all goes on.
     */
    @Test
    void nmisBehindTheHeadsOfEachOthersLocksEndByTimeout() {
        Explorer.replay(Limits.preemptions(0), new Schedule(List.of()), simulation -> {
            var machine = new Machine(simulation, 6, 2);
            var nmiResults = new ArrayList<Integer>();
            for (int i = 0; i < 2; i++) {
                Cpu owner = machine.cpus.get(i);
                int own = i;
                owner.setInterruptHandler((c, level) -> nmiResults.add(machine.takeOnce(c, 1 - own)));
                simulation.strand(owner, () -> {
                    assertThat(machine.lock.lock(owner, machine.locks[own], machine.lockClass))
                            .isZero();
                    simulation.sleep(10 * MILLISECOND);
                    owner.raise(ContextLevel.NMI);
                    owner.poll();
                    machine.lock.unlock(owner, machine.locks[own]);
                });
            }
            // Two waiters on each lock: one pending, one head of the queue.
            for (int i = 2; i < 6; i++) {
                Cpu waiter = machine.cpus.get(i);
                simulation.strand(waiter, () -> {
                    simulation.sleep(MILLISECOND);
                    machine.takeOnce(waiter, waiter.id() % 2);
                });
            }
            simulation.atEnd(() -> {
                assertThat(nmiResults).containsExactly(-Errno.ETIMEDOUT, -Errno.ETIMEDOUT);
                assertThat(machine.lockClass.count(LockOutcome.TIMEOUT)).isEqualTo(6);
                assertThat(machine.lockClass.waitTimes(ContextLevel.NMI).maxNanos())
                        .isBetween(480 * MILLISECOND, 503 * MILLISECOND);
            });
        });
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

    private static void tally(Machine machine, Map<LockOutcome, Long> outcomes) {
        for (var outcome : LockOutcome.values()) {
            outcomes.merge(outcome, machine.lockClass.count(ContextLevel.NMI, outcome), Long::sum);
        }
    }
}
