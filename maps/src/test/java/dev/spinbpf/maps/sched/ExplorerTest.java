package dev.spinbpf.maps.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.sync.IntWord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ExplorerTest {
    private static Scenario increments(Set<Integer> results) {
        return simulation -> {
            var cpus = simulation.machine(2);
            var word = new IntWord("word");
            for (var cpu : cpus.all()) {
                simulation.strand(cpu, () -> word.setOpaque(word.getOpaque() + 1));
            }
            simulation.atEnd(() -> results.add(word.getPlain()));
        };
    }

    @Test
    void withoutPreemptionsStrandsRunOneAfterTheOther() {
        Set<Integer> results = new HashSet<>();
        var exploration = Explorer.exhaustively(Limits.preemptions(0), increments(results));
        assertThat(results).containsExactly(2);
        assertThat(exploration.runs()).isEqualTo(2);
        assertThat(exploration.points()).isEqualTo(8);
    }

    @Test
    void onePreemptionFindsTheLostUpdate() {
        Set<Integer> results = new HashSet<>();
        var exploration = Explorer.exhaustively(Limits.preemptions(1), increments(results));
        assertThat(results).containsExactly(1, 2);
        // Each order, and a preemption at either access of the first strand.
        assertThat(exploration.runs()).isEqualTo(2 * 3);
    }

    @Test
    void twoPreemptionsReachEveryInterleaving() {
        var orders = new ArrayList<List<String>>();
        Explorer.exhaustively(Limits.preemptions(9), simulation -> {
            var order = new ArrayList<String>();
            var word = new IntWord("word");
            var cpus = simulation.machine(2);
            for (var cpu : cpus.all()) {
                simulation.strand(cpu, () -> {
                    for (int i = 0; i < 2; i++) {
                        word.getOpaque();
                        order.add("" + cpu.id());
                    }
                });
            }
            simulation.atEnd(() -> orders.add(order));
        });
        assertThat(new HashSet<>(orders)).hasSize(6);
    }

    @Test
    void anInterruptLandsAtEachPoint() {
        var orders = new ArrayList<List<String>>();
        var exploration =
                Explorer.exhaustively(Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI), simulation -> {
                    var order = new ArrayList<String>();
                    var word = new IntWord("word");
                    var cpu = simulation.machine(1).get(0);
                    cpu.setInterruptHandler((c, level) -> order.add(level.name()));
                    simulation.strand(cpu, () -> {
                        word.setOpaque(1);
                        order.add("first");
                        word.setOpaque(2);
                        order.add("second");
                    });
                    simulation.atEnd(() -> orders.add(order));
                });
        assertThat(exploration.runs()).isEqualTo(3);
        assertThat(orders)
                .containsExactly(
                        List.of("first", "second"),
                        List.of("first", "NMI", "second"),
                        List.of("NMI", "first", "second"));
    }

    @Test
    void aWaitEndsWhenTheWordIsWrittenAndCostsNoTime() {
        Explorer.exhaustively(Limits.preemptions(2), simulation -> {
            var cpus = simulation.machine(2);
            var word = new IntWord("word");
            long start = simulation.clock().nanoTime();
            simulation.strand(cpus.get(0), () -> {
                while (word.getOpaque() == 0) {
                    word.waitFor();
                }
            });
            simulation.strand(cpus.get(1), () -> word.setOpaque(1));
            simulation.atEnd(() -> assertThat(simulation.clock().nanoTime() - start)
                    .isEqualTo(simulation.steps() * Simulation.STEP_NANOS));
        });
    }

    @Test
    void sleepersWakeInTimeOrder() {
        var order = new ArrayList<Integer>();
        Explorer.replay(Limits.preemptions(0), new Schedule(List.of()), simulation -> {
            var cpus = simulation.machine(3);
            for (var cpu : cpus.all()) {
                simulation.strand(cpu, () -> {
                    simulation.sleep(1_000_000_000L - cpu.id());
                    order.add(cpu.id());
                });
            }
        });
        assertThat(order).containsExactly(2, 1, 0);
    }

    @Test
    void aWaitForNothingIsReported() {
        var failure = catchThrowableOfType(
                ScheduleFailure.class,
                () -> Explorer.exhaustively(Limits.preemptions(0), simulation -> {
                    var word = new IntWord("word");
                    var cpus = simulation.machine(2);
                    simulation.strand(cpus.get(1), () -> word.getOpaque());
                    simulation.strand(cpus.get(0), () -> {
                        while (word.getOpaque() == 0) {
                            word.waitFor();
                        }
                    });
                }));
        assertThat(failure).hasMessageContaining("a strand still waits after 20000000000 ns of virtual time");
    }

    @Test
    void aFailingScheduleRepeatsAndShowsItsTimeline() {
        Scenario lostUpdate = simulation -> {
            var cpus = simulation.machine(2);
            var word = new IntWord("word");
            for (var cpu : cpus.all()) {
                simulation.strand(cpu, () -> word.setOpaque(word.getOpaque() + 1));
            }
            simulation.atEnd(() -> assertThat(word.getPlain()).isEqualTo(2));
        };
        var limits = Limits.preemptions(1);
        var failure = catchThrowableOfType(ScheduleFailure.class, () -> Explorer.randomly(limits, 1, 1000, lostUpdate));
        var schedule = Schedule.parse(failure.schedule().toString());
        var seen = new ArrayList<Simulation>();
        var again = catchThrowableOfType(
                ScheduleFailure.class,
                () -> Explorer.replay(limits, schedule, simulation -> {
                    seen.add(simulation);
                    lostUpdate.prepare(simulation);
                }));
        assertThat(failure.getMessage()).startsWith(again.getMessage());
        assertThat(String.valueOf(seen.getFirst().timeline()))
                .isEqualTo(String.valueOf(failure.timeline()))
                .contains("cpu0")
                .contains("read word")
                .contains("write word");
    }

    /** Each CPU works for a while and counts up once without a lock; a flaw that needs two events in one order. */
    private static Scenario lateLostUpdate(int cpuCount, int work) {
        return simulation -> {
            var cpus = simulation.machine(cpuCount);
            var shared = new IntWord("shared");
            for (var cpu : cpus.all()) {
                var own = new IntWord("own");
                simulation.strand(cpu, () -> {
                    for (int i = 0; i < work; i++) {
                        own.setOpaque(i);
                    }
                    shared.setOpaque(shared.getOpaque() + 1);
                });
            }
            simulation.atEnd(() -> assertThat(shared.getPlain()).isEqualTo(cpuCount));
        };
    }

    @Test
    void aFailingScheduleIsShrunkToItsOnePreemption() {
        var limits = Limits.preemptions(1000);
        var failure = catchThrowableOfType(
                ScheduleFailure.class, () -> Explorer.randomly(limits, 1, 1000, lateLostUpdate(4, 30)));
        assertThat(failure).hasMessageContaining("shrunk to 1 preemptions and interrupts");
        var timeline = java.util.Objects.requireNonNull(failure.timeline());
        // Four strands of 32 accesses each, run one after the other but for the one preemption.
        assertThat(timeline.size()).isEqualTo(4 * 32);
        assertThat(failure.schedule().choices().stream().filter(choice -> choice != 0))
                .hasSizeLessThanOrEqualTo(2);
    }

    @Test
    void anInterruptThatMattersIsKeptAndOthersAreShrunkAway() {
        var limits = Limits.preemptions(10).withInterrupts(5, ContextLevel.HARDIRQ);
        var failure = catchThrowableOfType(
                ScheduleFailure.class,
                () -> Explorer.randomly(limits, 7, 1000, simulation -> {
                    var cpus = simulation.machine(2);
                    var word = new IntWord("word");
                    for (var cpu : cpus.all()) {
                        cpu.setInterruptHandler((c, level) -> word.setOpaque(word.getOpaque() + 1));
                        simulation.strand(cpu, () -> {
                            for (int i = 0; i < 5; i++) {
                                word.setOpaque(word.getOpaque() + 2);
                            }
                        });
                    }
                    simulation.atEnd(
                            () -> assertThat(word.getPlain() % 2).as("odd").isZero());
                }));
        assertThat(failure).hasMessageContaining("shrunk to 1 preemptions and interrupts");
        assertThat(String.valueOf(failure.timeline()))
                .containsOnlyOnce("*** HARDIRQ")
                .contains("HARDIRQ: write word");
    }

    @Test
    void byPrioritiesFindsAFlawThatIsRareAndDeepInARun() {
        // 4 strands of 102 steps: the change of priority has to hit one step of each strand's 102.
        var limits = Limits.preemptions(1000);
        var scenario = lateLostUpdate(4, 100);
        var failure =
                catchThrowableOfType(ScheduleFailure.class, () -> Explorer.byPriorities(limits, 1, 2, 2000, scenario));
        assertThat(failure).hasMessageContaining("shrunk to 1 preemptions and interrupts");
        // With depth 1 strands run to their end one after the other, and nothing is lost.
        assertThat(Explorer.byPriorities(limits, 1, 1, 200, scenario).runs()).isEqualTo(200);
        assertThatThrownBy(() -> Explorer.byPriorities(limits, 1, 0, 1, scenario))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void byPrioritiesLandsAllInterrupts() {
        var landed = new HashSet<Integer>();
        var limits = Limits.preemptions(10).withInterrupts(2, ContextLevel.NMI);
        var exploration = Explorer.byPriorities(limits, 3, 2, 200, simulation -> {
            var cpus = simulation.machine(2);
            var word = new IntWord("word");
            int[] count = new int[1];
            for (var cpu : cpus.all()) {
                cpu.setInterruptHandler((c, level) -> count[0]++);
                simulation.strand(cpu, () -> {
                    for (int i = 0; i < 20; i++) {
                        word.getOpaque();
                    }
                });
            }
            simulation.atEnd(() -> landed.add(count[0]));
        });
        assertThat(exploration.runs()).isEqualTo(200);
        assertThat(landed).contains(2);
    }

    @Test
    void schedulesAreWrittenAndReadBack() {
        var schedule = new Schedule(List.of(0, 0, 0, 1, 2, 2, 0, 0));
        assertThat(schedule).hasToString("3*0 1 2*2");
        assertThat(Schedule.parse("3*0 1 2*2").choices()).containsExactly(0, 0, 0, 1, 2, 2);
        assertThat(Schedule.parse("").choices()).isEmpty();
    }
}
