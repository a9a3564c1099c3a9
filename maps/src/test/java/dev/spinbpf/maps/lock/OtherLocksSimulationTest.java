package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockScenarios.Machine;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.maps.sched.Schedule;
import dev.spinbpf.programs.linux.Errno;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The test-and-set lock and the plain spin lock under the deterministic scheduler. */
class OtherLocksSimulationTest {
    private static final long MILLISECOND = 1_000_000;

    @Test
    void testAndSetExcludesAndRefusesAnNmiOnTheHolder() {
        var limits = Limits.preemptions(2).withInterrupts(1, ContextLevel.NMI);
        Explorer.exhaustively(limits, simulation -> {
            var machine = new Machine(simulation, 2, 1, TasLock::new);
            for (Cpu cpu : machine.cpus.all()) {
                cpu.setInterruptHandler(
                        (c, level) -> assertThat(machine.takeOnce(c, 0)).isIn(0, -Errno.EDEADLK));
                simulation.strand(
                        cpu, () -> assertThat(machine.takeOnce(cpu, 0)).isIn(0, -Errno.EDEADLK));
            }
        });
    }

    @Test
    void testAndSetWaitersGiveUpAfterASecond() {
        Explorer.replay(Limits.preemptions(0), new Schedule(List.of()), simulation -> {
            var machine = new Machine(simulation, 4, 1, TasLock::new);
            Cpu owner = machine.cpus.get(0);
            simulation.strand(owner, () -> machine.hold(owner, 0, 3000 * MILLISECOND));
            for (int i = 1; i < 4; i++) {
                Cpu cpu = machine.cpus.get(i);
                simulation.strand(cpu, () -> {
                    simulation.sleep(MILLISECOND);
                    assertThat(machine.takeOnce(cpu, 0)).isEqualTo(-Errno.ETIMEDOUT);
                });
            }
            simulation.atEnd(() -> assertThat(machine.failures).hasSize(3).allSatisfy(failure -> assertThat(
                            failure.waitedNanos())
                    .isBetween(1000 * MILLISECOND, 1002 * MILLISECOND)));
        });
    }

    @Test
    void thePlainLockExcludesAndKeepsInterruptsOut() {
        var limits = Limits.preemptions(2).withInterrupts(1, ContextLevel.HARDIRQ);
        Explorer.exhaustively(limits, simulation -> {
            var machine = new Machine(simulation, 2, 1);
            for (Cpu cpu : machine.cpus.all()) {
                cpu.setInterruptHandler((c, level) -> takePlain(machine, c));
                simulation.strand(cpu, () -> {
                    takePlain(machine, cpu);
                    assertThat(cpu.irqsEnabled()).isTrue();
                });
            }
        });
    }

    private static void takePlain(Machine machine, Cpu cpu) {
        long flags = PlainSpinLock.lock(cpu, machine.locks[0], machine.lockClass);
        machine.critical(cpu, 0);
        PlainSpinLock.unlock(cpu, machine.locks[0], flags);
    }

    /** As long as one waiter of a ring is resilient, the ring resolves: by time, as the plain lock is in no table. */
    @Test
    void aRingOfAPlainAndAResilientLockResolvesByTimeout() {
        var timeouts = new long[1];
        Explorer.exhaustively(Limits.preemptions(2), simulation -> {
            var machine = new Machine(simulation, 2, 2);
            Cpu first = machine.cpus.get(0);
            Cpu second = machine.cpus.get(1);
            simulation.strand(first, () -> {
                long flags = PlainSpinLock.lock(first, machine.locks[0], machine.lockClass);
                machine.takeOnce(first, 1);
                PlainSpinLock.unlock(first, machine.locks[0], flags);
            });
            simulation.strand(second, () -> {
                assertThat(machine.lock.lock(second, machine.locks[1], machine.lockClass))
                        .isZero();
                takePlain(machine, second);
                machine.lock.unlock(second, machine.locks[1]);
            });
            simulation.atEnd(() -> {
                timeouts[0] += machine.failures.size();
                assertThat(machine.failures)
                        .allSatisfy(failure -> assertThat(failure.outcome()).isEqualTo(LockOutcome.TIMEOUT));
            });
        });
        assertThat(timeouts[0]).isPositive();
    }
}
