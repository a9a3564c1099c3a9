package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.spinbpf.maps.TestSize;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockScenarios.Machine;
import dev.spinbpf.maps.lock.LockScenarios.Order;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Explorer.Exploration;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.maps.sched.Scenario;
import dev.spinbpf.maps.sched.Schedule;
import dev.spinbpf.maps.sched.ScheduleFailure;
import dev.spinbpf.maps.sched.Simulation;
import dev.spinbpf.programs.linux.Errno;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The lock's promises, each over all schedules within a bound or over many at random, and in virtual time. After each
 * run the words, the tables of held locks and the node counts have to be zero ({@link Machine}).
 */
class LockGuaranteesTest {
    private static final long MILLISECOND = 1_000_000;
    private static final long DEADLOCK_ENDS_NANOS = 1_100_000;

    static List<Function<LockStats, LockAlgorithm>> locks() {
        return List.of(RqSpinLock::new, TasLock::new);
    }

    private static void print(String what, Exploration exploration) {
        System.out.printf(
                "%s: %d runs, %d points, %d switches, %.0f points/s%n",
                what, exploration.runs(), exploration.points(), exploration.switches(), exploration.pointsPerSecond());
    }

    private static long elapsedNanos(Simulation simulation, long startNanos) {
        return simulation.clock().nanoTime() - startNanos;
    }

    // An NMI wants the lock that the CPU is taking, holds or is letting go.

    private static Scenario nmiWantsTheSameLock(Order order, int cpus, Map<LockOutcome, Long> outcomes) {
        return simulation -> {
            long start = simulation.clock().nanoTime();
            var machine = new Machine(simulation, cpus, 1);
            for (var cpu : machine.cpus.all()) {
                cpu.setInterruptHandler((c, level) -> assertThat(machine.takeOnce(order, c, 0))
                        .as("what the NMI got")
                        .isIn(0, -Errno.EDEADLK));
                simulation.strand(cpu, () -> assertThat(machine.takeOnce(order, cpu, 0))
                        .as("what the task got")
                        .isNotEqualTo(-Errno.ETIMEDOUT));
            }
            simulation.atEnd(() -> {
                for (var outcome : LockOutcome.values()) {
                    outcomes.merge(outcome, machine.lockClass.count(ContextLevel.NMI, outcome), Long::sum);
                }
                // Nobody had to wait for time to pass: an attempt that failed did so at once.
                assertThat(elapsedNanos(simulation, start)).as("virtual time").isLessThan(MILLISECOND);
            });
        };
    }

    @Test
    void anNmiAtAnyPointGetsTheLockOrAaAtOnce() {
        var outcomes = new EnumMap<LockOutcome, Long>(LockOutcome.class);
        var limits = Limits.preemptions(TestSize.of(2, 3)).withInterrupts(1, ContextLevel.NMI);
        print(
                "2 CPUs, preempted, NMI",
                Explorer.exhaustively(limits, nmiWantsTheSameLock(LockScenarios.PRESENT, 2, outcomes)));
        System.out.println(outcomes);
        assertThat(outcomes.get(LockOutcome.FAST)).isPositive();
        assertThat(outcomes.get(LockOutcome.PENDING)).isPositive();
        assertThat(outcomes.get(LockOutcome.QUEUED)).isPositive();
        assertThat(outcomes.get(LockOutcome.AA)).isPositive();
        assertThat(outcomes.get(LockOutcome.NO_NODE)).isZero();
        assertThat(outcomes.get(LockOutcome.TIMEOUT)).isZero();
    }

    @Test
    void recordingAfterTheCasIsCaught() {
        // Between the compare-and-exchange and the slot there are two points: before the count and before the slot is
        // written.
        assertNmiTimesOut(LockScenarios.RECORD_AFTER_CAS, "read_modify_write lock0", 2);
    }

    @Test
    void clearingBeforeTheReleaseIsCaught() {
        // One point: the slot is empty, and the store that lets go is next.
        assertNmiTimesOut(LockScenarios.CLEAR_BEFORE_RELEASE, "write held[0]", 1);
    }

    @Test
    void thePresentOrderHasNoWindow() {
        assertThat(landingsThatTimeOut(LockScenarios.PRESENT)).isZero();
    }

    /** Checks that the failing schedule is the NMI in the window, and that the window has as many points as it should. */
    private static void assertNmiTimesOut(Order order, String pointBefore, int window) {
        var limits = Limits.preemptions(3).withInterrupts(1, ContextLevel.NMI);
        var outcomes = new EnumMap<LockOutcome, Long>(LockOutcome.class);
        var failure = catchThrowableOfType(
                ScheduleFailure.class, () -> Explorer.exhaustively(limits, nmiWantsTheSameLock(order, 2, outcomes)));
        assertThat(failure)
                .hasMessageContaining("what the NMI got")
                .hasMessageContaining("-110")
                .hasMessageContaining("shrunk to 1 preemptions and interrupts");
        assertThat(String.valueOf(failure.timeline()))
                .contains("*** NMI")
                .contains(pointBefore)
                .containsPattern("the same 2\\d\\d more times");
        assertThat(landingsThatTimeOut(order)).isEqualTo(window);
    }

    /** Lands an NMI on one CPU at each point of taking and releasing a lock. Returns in how many cases it times out. */
    private static int landingsThatTimeOut(Order order) {
        int[] timeouts = new int[1];
        var limits = Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI);
        var exploration = Explorer.exhaustively(limits, simulation -> {
            var machine = new Machine(simulation, 1, 1);
            Cpu cpu = machine.cpus.get(0);
            cpu.setInterruptHandler((c, level) -> {
                if (machine.takeOnce(order, c, 0) == -Errno.ETIMEDOUT) {
                    timeouts[0]++;
                }
            });
            simulation.strand(
                    cpu, () -> assertThat(machine.takeOnce(order, cpu, 0)).isZero());
        });
        assertThat(exploration.runs()).isGreaterThan(7);
        return timeouts[0];
    }

    // Two CPUs take two locks in opposite orders.

    /** The outcomes of one run, and of all. */
    private static final class Deadlocks {
        final int[] runsByFailures = new int[3];
        int formed;
        long longestNanos;
    }

    private static Scenario oppositeOrders(Function<LockStats, LockAlgorithm> make, Deadlocks deadlocks) {
        return simulation -> {
            var machine = new Machine(simulation, 2, 2, make);
            long[] secondBegins = new long[2];
            long[] secondFails = {Long.MAX_VALUE, Long.MAX_VALUE};
            long[] formedAt = new long[1];
            for (Cpu cpu : machine.cpus.all()) {
                int own = cpu.id();
                simulation.strand(cpu, () -> {
                    assertThat(machine.lock.lock(cpu, machine.locks[own], machine.lockClass))
                            .isZero();
                    secondBegins[own] = simulation.clock().nanoTime();
                    // Both hold one and want the other's: that cannot end well.
                    if (secondBegins[1 - own] != 0) {
                        formedAt[0] = secondBegins[own];
                    }
                    int result = machine.lock.lock(cpu, machine.locks[1 - own], machine.lockClass);
                    secondBegins[own] = 0;
                    assertThat(result).isIn(0, -Errno.EDEADLK);
                    if (result != 0) {
                        secondFails[own] = simulation.clock().nanoTime();
                    } else {
                        machine.critical(cpu, 1 - own);
                        machine.lock.unlock(cpu, machine.locks[1 - own]);
                    }
                    machine.critical(cpu, own);
                    machine.lock.unlock(cpu, machine.locks[own]);
                });
            }
            simulation.atEnd(() -> {
                deadlocks.runsByFailures[machine.failures.size()]++;
                if (formedAt[0] == 0) {
                    assertThat(machine.failures)
                            .as("failures without a deadlock")
                            .isEmpty();
                    return;
                }
                deadlocks.formed++;
                long nanos = Math.min(secondFails[0], secondFails[1]) - formedAt[0];
                assertThat(nanos).as("from deadlock to failure").isBetween(0L, DEADLOCK_ENDS_NANOS);
                deadlocks.longestNanos = Math.max(deadlocks.longestNanos, nanos);
                assertThat(machine.failures).allSatisfy(failure -> {
                    assertThat(failure.outcome()).isEqualTo(LockOutcome.ABBA);
                    assertThat(failure.holderCpu()).isIn(1 - failure.cpu(), -1);
                });
            });
        };
    }

    @ParameterizedTest
    @MethodSource("locks")
    void twoLocksInOppositeOrdersFailWithinAMillisecondAndTheRestProceeds(Function<LockStats, LockAlgorithm> make) {
        var deadlocks = new Deadlocks();
        print("ABBA, 3 preemptions", Explorer.exhaustively(Limits.preemptions(3), oppositeOrders(make, deadlocks)));
        System.out.printf(
                "deadlocks: %d of %d runs; one failed in %d, both in %d; ended after at most %d ns%n",
                deadlocks.formed,
                deadlocks.formed + deadlocks.runsByFailures[0],
                deadlocks.runsByFailures[1],
                deadlocks.runsByFailures[2],
                deadlocks.longestNanos);
        assertThat(deadlocks.runsByFailures[0]).isPositive();
        assertThat(deadlocks.runsByFailures[1]).isPositive();
        assertThat(deadlocks.formed).isEqualTo(deadlocks.runsByFailures[1] + deadlocks.runsByFailures[2]);
    }

    // A ring of three.

    @Test
    void aRingOfThreeIsNotDetectedAndEndsByTimeout() {
        Explorer.randomly(Limits.preemptions(20), 1, 12, simulation -> {
            var machine = new Machine(simulation, 3, 3);
            long[] ends = new long[3];
            long[] begins = new long[3];
            for (var cpu : machine.cpus.all()) {
                int own = cpu.id();
                simulation.strand(cpu, () -> {
                    assertThat(machine.lock.lock(cpu, machine.locks[own], machine.lockClass))
                            .isZero();
                    simulation.sleep(MILLISECOND * (1 + own));
                    begins[own] = simulation.clock().nanoTime();
                    machine.takeOnce(cpu, (own + 1) % 3);
                    ends[own] = simulation.clock().nanoTime();
                    machine.lock.unlock(cpu, machine.locks[own]);
                });
            }
            simulation.atEnd(() -> {
                assertThat(machine.failures).isNotEmpty().allSatisfy(failure -> {
                    assertThat(failure.outcome()).isEqualTo(LockOutcome.TIMEOUT);
                    assertThat(failure.waitedNanos()).isBetween(250 * MILLISECOND, 252 * MILLISECOND);
                    assertThat(failure.holderCpu()).isIn((failure.cpu() + 1) % 3, -1);
                });
                // The first to wait is the first to give up, and all others go on at the latest 250 ms after their own
                // beginning.
                assertThat(ends[0] - begins[0]).isBetween(250 * MILLISECOND, 252 * MILLISECOND);
                for (int i = 0; i < 3; i++) {
                    assertThat(ends[i] - begins[i]).isLessThan(252 * MILLISECOND);
                }
            });
        });
    }

    // A stalled owner.

    private static Scenario stalledOwner() {
        return simulation -> {
            var machine = new Machine(simulation, 6, 1);
            long lock = machine.locks[0];
            var ends = new long[5];
            long start = simulation.clock().nanoTime();
            Cpu owner = machine.cpus.get(0);
            simulation.strand(owner, () -> {
                assertThat(machine.lock.lock(owner, lock, machine.lockClass)).isZero();
                simulation.sleep(600 * MILLISECOND);
                assertThat(GuestMemory.getInt(lock))
                        .as("the word once all have given up")
                        .isEqualTo(LockWord.LOCKED);
                simulation.sleep(200 * MILLISECOND);
                machine.lock.unlock(owner, lock);
                assertThat(machine.takeOnce(owner, 0)).isZero();
            });
            for (int i = 1; i < 5; i++) {
                var cpu = machine.cpus.get(i);
                simulation.strand(cpu, () -> {
                    simulation.sleep(10 * MILLISECOND * cpu.id());
                    assertThat(machine.takeOnce(cpu, 0)).isEqualTo(-Errno.ETIMEDOUT);
                    ends[cpu.id()] = elapsedNanos(simulation, start);
                    simulation.sleep(900 * MILLISECOND);
                    assertThat(machine.takeOnce(cpu, 0)).as("afterwards").isZero();
                });
            }
            // Comes when the others have gone, and waits out what is left.
            Cpu late = machine.cpus.get(5);
            simulation.strand(late, () -> {
                simulation.sleep(700 * MILLISECOND);
                assertThat(machine.takeOnce(late, 0)).isZero();
            });
            simulation.atEnd(() -> {
                assertThat(ends[1]).as("pending").isBetween(260 * MILLISECOND, 262 * MILLISECOND);
                assertThat(ends[2]).as("head").isBetween(520 * MILLISECOND, 522 * MILLISECOND);
                assertThat(ends[3]).as("second").isBetween(ends[2] - 1000, ends[2] + 1000);
                assertThat(ends[4]).as("third").isBetween(ends[2] - 1000, ends[2] + 1000);
                assertThat(machine.lockClass.count(LockOutcome.TIMEOUT)).isEqualTo(4);
                assertThat(machine.failures).allSatisfy(failure -> {
                    assertThat(failure.holderCpu()).isZero();
                    assertThat(failure.holderLevel()).isEqualTo(ContextLevel.TASK);
                });
            });
        };
    }

    @Test
    void aStalledOwnerFailsThePendingWaiterAndDissolvesTheQueue() {
        var limits = Limits.preemptions(20);
        Explorer.replay(limits, new Schedule(List.of()), stalledOwner());
        Explorer.randomly(limits, 1, 8, stalledOwner());
    }

    // NMIs behind the heads of each other's locks.

    /**
     * The case that no check sees: each of two owners is interrupted by an NMI that queues, not as the head, for the lock of the
     * other. The heads of both queues time out, tell the NMIs, and all goes on. Where one head is told by the clock before the other,
     * its NMI lets that other's owner go on first, and the other NMI may get the lock after all.
     */
    private static Scenario nmisBehindHeads(boolean headsLookAtOnce) {
        return simulation -> {
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
                assertThat(nmiResults).hasSize(2).contains(-Errno.ETIMEDOUT).isSubsetOf(0, -Errno.ETIMEDOUT);
                if (headsLookAtOnce) {
                    assertThat(nmiResults).doesNotContain(0);
                    assertThat(machine.lockClass.count(LockOutcome.TIMEOUT)).isEqualTo(6);
                }
                assertThat(machine.lockClass.waitTimes(ContextLevel.NMI).maxNanos())
                        .isBetween(480 * MILLISECOND, 503 * MILLISECOND);
            });
        };
    }

    @Test
    void nmisBehindTheHeadsOfEachOthersLocksEndByTimeout() {
        Explorer.replay(Limits.preemptions(0), new Schedule(List.of()), nmisBehindHeads(true));
        Explorer.randomly(Limits.preemptions(0), 1, 8, nmisBehindHeads(false));
    }

    // What is not promised: softirqs on top of waiters that did not disable interrupts.

    /**
     * Two locks, each with an owner, a pending waiter and the head of its queue. Owners and pending waiters have interrupts disabled;
     * a softirq that lands on a head takes the lock of the other queue.
     */
    private static Scenario softirqsOnHeads(boolean headsDisableInterrupts) {
        return simulation -> {
            var machine = new Machine(simulation, 6, 2);
            for (var cpu : machine.cpus.all()) {
                int lock = cpu.id() % 2;
                boolean head = cpu.id() >= 4;
                cpu.setInterruptHandler((c, level) -> machine.takeOnce(c, 1 - lock));
                simulation.strand(cpu, () -> {
                    boolean masked = !head || headsDisableInterrupts;
                    long flags = masked ? cpu.irqSave() : 0;
                    simulation.sleep(cpu.id() / 2 * MILLISECOND);
                    if (cpu.id() < 2) {
                        assertThat(machine.lock.lock(cpu, machine.locks[lock], machine.lockClass))
                                .isZero();
                        simulation.sleep(3 * MILLISECOND);
                        machine.lock.unlock(cpu, machine.locks[lock]);
                    } else {
                        machine.takeOnce(cpu, lock);
                    }
                    if (masked) {
                        cpu.irqRestore(flags);
                    }
                });
            }
        };
    }

    /** So it is in Linux: a waiter behind a head looks at nothing but its own node, and the interrupted heads look at nothing. */
    @Test
    void softirqsOnTheHeadsOfTwoQueuesHangUnlessTheHeadsDisableInterrupts() {
        var limits = new Limits(0, 2, List.of(ContextLevel.SOFTIRQ), 1_000_000, 30 * MILLISECOND);
        var failure = catchThrowableOfType(
                ScheduleFailure.class, () -> Explorer.exhaustively(limits, softirqsOnHeads(false)));
        assertThat(failure)
                .hasMessageContaining("still waits after 30000000 ns")
                .hasMessageContaining("shrunk to 2 preemptions and interrupts");
        assertThat(String.valueOf(failure.timeline())).containsPattern("SOFTIRQ: wait node locked");
        print("softirqs on heads with interrupts disabled", Explorer.exhaustively(limits, softirqsOnHeads(true)));
        Explorer.randomly(limits.withInterrupts(1, ContextLevel.SOFTIRQ), 1, 1000, softirqsOnHeads(false));
    }
}
