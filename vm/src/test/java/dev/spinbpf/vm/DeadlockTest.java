package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.vm.context.CpuContext;
import java.io.InputStream;
import java.util.Objects;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** CPUs that wait for ordinary spin locks which they hold themselves, or each other: the run ends and says so. */
@Timeout(60)
class DeadlockTest {
    private static ObjectMachine hang(int cpus) throws Exception {
        try (InputStream stream = DeadlockTest.class.getResourceAsStream("hang/hang.bpf.o")) {
            byte[] bytes = stream.readAllBytes();
            return new ObjectMachine(
                    ObjectReader.read("hang.bpf.o", bytes, ReadOptions.DEFAULT), MachineOptions.ofCpus(cpus));
        }
    }

    /** Has an NMI run a program once another one holds its lock on the CPU and others do, too. */
    private static void nest(ObjectMachine on, int cpu, String inner, CyclicBarrier allHold) {
        CpuContext context = on.machine.context(cpu);
        Cpu nested = context.cpu();
        boolean[] raised = new boolean[1];
        context.pollPoint(run -> {
            if (!raised[0] && run.spinLock() != 0) {
                raised[0] = true;
                nested.raise(ContextLevel.NMI);
            }
        });
        nested.setInterruptHandler((at, level) -> {
            try {
                allHold.await();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            context.run(on.program(inner), context.area().address());
        });
    }

    @Test
    void shouldEndARunThatWaitsForWhatItInterrupted() throws Exception {
        try (ObjectMachine on = hang(1)) {
            nest(on, 0, "other_a", new CyclicBarrier(1));
            RunResult result = on.machine.run(on.program("hold_a"), null, 0, 5);
            assertThat(result.runs()).isEqualTo(1);
            Deadlock deadlock = Objects.requireNonNull(on.machine.deadlock());
            assertThat(deadlock.ring()).hasSize(1);
            Deadlock.StuckCpu cpu = deadlock.ring().getFirst();
            assertThat(cpu.lock()).isEqualTo("a");
            assertThat(cpu.contexts()).extracting(Deadlock.Nested::program).containsExactly("other_a", "hold_a");
            assertThat(cpu.contexts())
                    .extracting(Deadlock.Nested::level)
                    .containsExactly(ContextLevel.NMI, ContextLevel.TASK);
            assertThat(cpu.contexts().get(cpu.target()).holds())
                    .extracting(Deadlock.Held::lock)
                    .containsExactly("a");
            assertThat(cpu.contexts().get(cpu.target()).holds().getFirst().takenAt())
                    .startsWith("hold_a+0x");
            assertThat(cpu.contexts().get(cpu.waiting()).line()).startsWith("hang.bpf.c:");
            assertThat(deadlock.waits()).extracting(WaitRow::holder).containsExactly(0);
        }
    }

    @Test
    void shouldEndARingOfTwoCpus() throws Exception {
        try (ObjectMachine on = hang(2)) {
            CyclicBarrier bothHold = new CyclicBarrier(2);
            nest(on, 0, "other_b", bothHold);
            nest(on, 1, "other_a", bothHold);
            Thread other = Thread.ofPlatform().start(() -> on.machine.run(on.program("hold_b"), null, 1, 1));
            on.machine.run(on.program("hold_a"), null, 0, 1);
            other.join();
            Deadlock deadlock = Objects.requireNonNull(on.machine.deadlock());
            assertThat(deadlock.ring()).extracting(Deadlock.StuckCpu::cpu).containsExactlyInAnyOrder(0, 1);
            for (Deadlock.StuckCpu cpu : deadlock.ring()) {
                assertThat(cpu.lock()).isEqualTo(cpu.cpu() == 0 ? "b" : "a");
                assertThat(cpu.contexts())
                        .extracting(Deadlock.Nested::program)
                        .containsExactly(cpu.cpu() == 0 ? "other_b" : "other_a", cpu.cpu() == 0 ? "hold_a" : "hold_b");
                assertThat(cpu.target()).isEqualTo(1);
                assertThat(cpu.behind()).isFalse();
            }
            assertThat(on.machine.cpus().all()).allMatch(Cpu::irqsEnabled);
        }
    }

    @Test
    void shouldKeepTheFlagsOfALockThatAnotherProgramInterrupts() throws Exception {
        try (ObjectMachine on = hang(1)) {
            nest(on, 0, "other_b", new CyclicBarrier(1));
            RunResult result = on.machine.run(on.program("hold_a"), null, 0, 1);
            assertThat(result.r0()).isEqualTo(7);
            assertThat(on.machine.deadlock()).isNull();
            assertThat(on.machine.cpus().get(0).irqsEnabled()).isTrue();
            assertThat(on.variable("sum")).isEqualTo(2);
        }
    }
}
