package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.Packets;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.StressReport;
import dev.spinbpf.vm.task.DispatchQueues;
import dev.spinbpf.vm.task.DispatchQueues.MistakeException;
import dev.spinbpf.vm.task.DispatchQueues.Order;
import dev.spinbpf.vm.task.Task;
import dev.spinbpf.vm.task.TaskSpec;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Structs of functions under stress: each member is called when Linux calls it. */
class StructOrderTest {
    private static ObjectMachine load(MachineOptions options) throws Exception {
        try (InputStream stream = StructOrderTest.class.getResourceAsStream("structs/scheduler.bpf.o")) {
            byte[] bytes = Objects.requireNonNull(stream).readAllBytes();
            return new ObjectMachine(ObjectReader.read("scheduler.bpf.o", bytes, ReadOptions.DEFAULT), options);
        }
    }

    private static StressReport stress(ObjectMachine on) throws Exception {
        for (LoadedProgram program : on.machine.programs()) {
            on.machine.attach(program);
        }
        StressOptions usual = StressOptions.DEFAULT;
        return new StressDriver(
                        on.machine,
                        new StressOptions(
                                Duration.ofMillis(500), Pacing.Rate.NEVER, usual.hardirqs(), Packets.DEFAULT, 1))
                .run();
    }

    @Test
    void shouldCallASchedulerInOrder() throws Exception {
        try (ObjectMachine on = load(MachineOptions.ofCpus(2))) {
            StressReport report = stress(on);
            assertThat(report.faults()).isEmpty();
            assertThat(on.variable("wrong")).isZero();
            assertThat(on.variable("unknown")).isZero();
            assertThat(on.variable("inits")).isEqualTo(1);
            assertThat(on.variable("exits")).isEqualTo(1);
            for (String each : new String[] {"made", "enabled", "disabled", "gone"}) {
                assertThat(on.variable(each)).as(each).isEqualTo(8);
            }
            assertThat(on.variable("switches")).isPositive();
            assertThat(on.variable("sleeps")).isPositive();
            assertThat(on.variable("waiting")).isPositive();
            assertThat(on.program("tick").stats().runs(ContextLevel.HARDIRQ)).isPositive();
            long stopped = on.variable("switches") + on.variable("sleeps");
            assertThat(on.variable("runs")).isBetween(stopped, stopped + 2);
        }
    }

    @Test
    void shouldScheduleTheTasksThatAreDeclared() throws Exception {
        List<TaskSpec> tasks = List.of(TaskSpec.of(42, "nginx"), TaskSpec.of(43, "redis"), TaskSpec.of(44, "sshd"));
        try (ObjectMachine on = load(MachineOptions.ofCpus(2).withTasks(tasks))) {
            stress(on);
            assertThat(on.variable("made")).isEqualTo(3);
            assertThat(on.variable("wrong")).isZero();
            assertThat(on.variable("runs")).isPositive();
        }
    }

    @Test
    void shouldBeginAndEndWithEachObjectOfAStruct() throws Exception {
        try (ObjectMachine on = load(MachineOptions.ofCpus(1))) {
            stress(on);
            assertThat(on.variable("sockets")).isEqualTo(1);
            assertThat(on.variable("released")).isEqualTo(1);
            assertThat(on.variable("wrong")).isZero();
            assertThat(on.variable("losses")).isPositive();
            assertThat(on.variable("acks")).isBetween(on.variable("losses"), on.variable("losses") + 1);
        }
    }

    @Test
    void shouldCreateAQueueOnce() throws Exception {
        try (ObjectMachine on = load(MachineOptions.ofCpus(1))) {
            RunResult made = on.machine.run(on.program("init"), null, 0, 1);
            assertThat(made.r0()).isZero();
            assertThat(on.machine.run(on.program("init"), null, 0, 1).r0()).isEqualTo(-17);
        }
    }

    @Test
    void shouldEndTheSchedulerWhereATaskIsDispatchedToNoQueue() throws Exception {
        try (ObjectMachine on = load(MachineOptions.ofCpus(1))) {
            LoadedProgram enqueue = on.program("wait");
            Task task = on.machine.tasks().current(on.machine.cpus().get(0));
            byte[] arguments = new byte[16];
            long address = on.machine.tasks().address(task);
            for (int i = 0; i < Long.BYTES; i++) {
                arguments[i] = (byte) (address >>> i * Byte.SIZE);
            }
            RunResult result = on.machine.run(enqueue, arguments, 0, 1);
            assertThat(Objects.requireNonNull(result.fault()).reason())
                    .isEqualTo("Linux ends the scheduler here: there is no DSQ 0x7");
            assertThat(on.machine.dispatchQueues().ended()).isEqualTo("there is no DSQ 0x7");
        }
    }

    @Test
    void shouldHandOverATaskThatComesBackOnce() throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withTasks(List.of(TaskSpec.of(11, "a"))))) {
            DispatchQueues queues = machine.dispatchQueues();
            var cpu = machine.cpus().get(0);
            Task task = machine.tasks().declared().getFirst();
            queues.adopt(task);
            assertThat(queues.wake(task)).isTrue();
            queues.arrived(task, false);
            assertThat(queues.wake(task)).as("it waits in a queue").isFalse();
            queues.take(cpu);
            assertThat(queues.wake(task)).as("it runs").isFalse();
            queues.sleep(task);
            assertThat(queues.wake(task)).isTrue();
            queues.insert(cpu, task, DispatchQueues.LOCAL, Order.FIFO);
            queues.arrived(task, true);
            assertThat(queues.reenqueue(cpu)).isEqualTo(1);
            assertThat(queues.wake(task))
                    .as("it is handed over once more first")
                    .isFalse();
            assertThat(queues.arriveReturned()).isSameAs(task);
            assertThat(queues.wake(task)).as("it is being handed over").isFalse();
            assertThat(queues.arriveReturned()).isNull();
        }
    }

    @Test
    void shouldKeepTasksInOrder() throws Exception {
        List<TaskSpec> specs = List.of(TaskSpec.of(11, "a"), TaskSpec.of(12, "b"), TaskSpec.of(13, "c"));
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withTasks(specs))) {
            DispatchQueues queues = machine.dispatchQueues();
            var cpu = machine.cpus().get(0);
            List<Task> tasks = machine.tasks().declared();
            queues.create(1);
            queues.insert(cpu, tasks.get(0), 1, new Order(true, 30, false));
            queues.insert(cpu, tasks.get(1), 1, new Order(true, -5, false));
            queues.insert(cpu, tasks.get(2), 1, new Order(true, 7, false));
            assertThatThrownBy(() -> queues.insert(cpu, machine.tasks().current(cpu), 1, Order.FIFO))
                    .isInstanceOf(MistakeException.class)
                    .hasMessageContaining("virtual time");
            assertThatThrownBy(() -> queues.destroy(1))
                    .isInstanceOf(MistakeException.class)
                    .hasMessageContaining("3 tasks");
            for (int next : new int[] {1, 2, 0}) {
                assertThat(queues.moveToLocal(cpu, 1)).isTrue();
                assertThat(queues.take(cpu)).isSameAs(tasks.get(next));
            }
            assertThat(queues.moveToLocal(cpu, 1)).isFalse();
        }
    }
}
