package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.DeadlockListener.StuckCpu;
import dev.spinbpf.maps.cpu.LockWaits.Kind;
import dev.spinbpf.maps.cpu.VirtualClock;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rings of waits, as they stand in the tables of CPUs. */
class WaitRingTest {
    private static final long A = 0x1000;
    private static final long B = 0x2000;
    private static final long C = 0x3000;

    private final Cpus cpus = new Cpus(4, new VirtualClock(1));

    private void holds(int cpu, long lock) {
        cpus.get(cpu).setSpinLockHolder(each -> each == lock);
    }

    private void waits(int cpu, long lock, Kind kind, long sinceNanos) {
        cpus.get(cpu).lockWaits().begin(lock, 0, kind, ContextLevel.TASK, sinceNanos);
    }

    private void queues(int cpu, long lock, int behind) {
        waits(cpu, lock, Kind.LIMITED, 0);
        cpus.get(cpu).lockWaits().queuedBehind(behind, 0);
    }

    private List<Integer> ringFrom(int cpu) {
        return WaitRing.from(cpus.get(cpu)).stream()
                .map(StuckCpu::cpu)
                .map(Cpu::id)
                .toList();
    }

    @Test
    void shouldFindACpuThatWaitsForWhatItHolds() {
        holds(2, A);
        waits(2, A, Kind.ENDLESS, 0);
        assertThat(ringFrom(2)).containsExactly(2);
    }

    @Test
    void shouldFindTheHolderInsideAMap() {
        cpus.get(1).innerLocks().push(A, 7);
        waits(1, B, Kind.ENDLESS, 0);
        cpus.get(0).innerLocks().push(C, 7);
        cpus.get(0).innerLocks().push(B, 7);
        waits(0, A, Kind.ENDLESS, 0);
        assertThat(ringFrom(0)).containsExactly(0, 1);
        cpus.get(0).innerLocks().pop();
        assertThat(ringFrom(0)).isEmpty();
    }

    @Test
    void shouldFindRingsOfTwoAndThreeFromOutsideToo() {
        holds(0, A);
        holds(1, B);
        waits(0, B, Kind.ENDLESS, 0);
        waits(1, A, Kind.ENDLESS, 0);
        waits(3, A, Kind.ENDLESS, 5);
        assertThat(ringFrom(0)).containsExactly(0, 1);
        assertThat(ringFrom(3)).containsExactly(0, 1);
        cpus.get(1).lockWaits().end();
        assertThat(ringFrom(0)).isEmpty();
        holds(2, C);
        waits(1, C, Kind.ENDLESS, 0);
        waits(2, A, Kind.ENDLESS, 0);
        assertThat(ringFrom(0)).containsExactly(0, 1, 2);
    }

    @Test
    void shouldNotCountAWaiterThatGivesUp() {
        holds(0, A);
        holds(1, B);
        waits(0, B, Kind.ENDLESS, 0);
        waits(1, A, Kind.LIMITED, 0);
        assertThat(ringFrom(0)).isEmpty();
        assertThat(ringFrom(1)).isEmpty();
    }

    @Test
    void shouldNotCountAHolderThatRuns() {
        holds(1, B);
        waits(0, B, Kind.ENDLESS, 0);
        assertThat(ringFrom(0)).isEmpty();
    }

    @Test
    void shouldFindAnInterruptOnTheHeadOfAQueue() {
        // CPU 0 heads the queue for A when a softirq lands on it that wants B; CPU 1 has B and queues for A.
        waits(0, A, Kind.LIMITED, 0);
        waits(0, B, Kind.ENDLESS, 0);
        holds(1, B);
        queues(1, A, 0);
        assertThat(ringFrom(1)).containsExactly(1, 0);
        cpus.get(0).lockWaits().end();
        assertThat(ringFrom(1)).isEmpty();
    }

    @Test
    void shouldFindTwoInterruptedHeadsOfQueues() {
        waits(0, A, Kind.LIMITED, 0);
        queues(0, B, 1);
        waits(1, B, Kind.LIMITED, 0);
        queues(1, A, 0);
        assertThat(ringFrom(0)).containsExactly(0, 1);
    }

    @Test
    void shouldNotCountAWaiterThatWasToldToGoOn() {
        queues(0, A, 1);
        queues(1, A, 0);
        assertThat(ringFrom(0)).isNotEmpty();
        cpus.get(1).node(0).locked().setRelease(1);
        assertThat(ringFrom(0)).isEmpty();
    }

    @Test
    void shouldFindAnInterruptThatComesAfterTheWaiterItInterrupted() {
        waits(0, A, Kind.ENDLESS, 10);
        waits(0, A, Kind.ENDLESS, 20);
        assertThat(ringFrom(0)).containsExactly(0);
    }

    @Test
    void shouldServeWaitersInOrder() {
        // CPU 0 waits for A first, and is interrupted by what wants B; CPU 1 has B and waits for A.
        waits(0, A, Kind.ENDLESS, 10);
        waits(0, B, Kind.ENDLESS, 15);
        holds(1, B);
        waits(1, A, Kind.ENDLESS, 20);
        assertThat(ringFrom(1)).containsExactly(1, 0);
    }

    @Test
    void shouldPassAWaiterThatCameLater() {
        waits(0, A, Kind.ENDLESS, 30);
        waits(0, B, Kind.ENDLESS, 35);
        holds(1, B);
        waits(1, A, Kind.ENDLESS, 20);
        assertThat(ringFrom(1)).isEmpty();
    }
}
