package dev.spinbpf.maps.sched;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.lock.RqSpinLock;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.programs.linux.Errno;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimeJumpTest {
    private static final long MILLISECOND = 1_000_000;

    /** Looks of all that wait are in vain. */
    private static final Watcher QUIET = new Watcher() {
        @Override
        public boolean isChoiceAfterTime() {
            return false;
        }
    };

    /** Three CPUs wait for a lock whose owner stands still; returns the moments at which they give up. */
    private static List<Long> ends(Watcher watcher, int[] steps) {
        List<Long> ends = new ArrayList<>();
        SchedulePoint.begin();
        try (GuestArena arena = new GuestArena("test")) {
            long lock = arena.allocate(4);
            Simulation simulation = new Simulation(Limits.preemptions(0), options -> 0, watcher, 0);
            Cpus cpus = simulation.machine(4);
            LockStats stats = new LockStats(4);
            LockClass lockClass = stats.internal("lock");
            RqSpinLock locks = new RqSpinLock(stats);
            for (Cpu cpu : cpus.all()) {
                simulation.strand(cpu, () -> {
                    int result = locks.lock(cpu, lock, lockClass);
                    assertThat(result).isEqualTo(cpu.id() == 0 ? 0 : -Errno.ETIMEDOUT);
                    if (result == 0) {
                        simulation.sleep(600 * MILLISECOND + 7);
                        locks.unlock(cpu, lock);
                    }
                    ends.add(simulation.clock().nanoTime());
                });
            }
            simulation.run();
            steps[0] = simulation.steps();
            return ends;
        } finally {
            SchedulePoint.end();
        }
    }

    @Test
    void shouldComeToTheSameMomentsInFewerSteps() {
        int[] steps = new int[1];
        List<Long> byTicks = ends(Watcher.NONE, steps);
        int stepsByTicks = steps[0];

        assertThat(ends(QUIET, steps)).isEqualTo(byTicks).hasSize(4);
        assertThat(steps[0]).isLessThan(stepsByTicks / 20);
    }
}
