package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.task.Task;
import dev.spinbpf.vm.task.TaskSpec;
import dev.spinbpf.vm.task.Tasks;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Tasks that are declared: which one runs, and what programs see of it. */
class TasksTest {
    private static final List<TaskSpec> SPECS = List.of(
            new TaskSpec(42, "nginx", 33, "/web/front", List.of("main", "serve")),
            TaskSpec.of(43, "redis"),
            TaskSpec.of(44, "sshd"));

    private static final String ASKING = """
            .license "GPL"
            .program pid "syscall"
                call bpf_get_current_pid_tgid
                r0 &= 0xffff
                exit
            .program group "syscall"
                call bpf_get_current_cgroup_id
                exit
            .program above "syscall"
                r1 = 1
                call bpf_get_current_ancestor_cgroup_id
                exit
            .program user "syscall"
                call bpf_get_current_uid_gid
                r0 &= 0xffff
                exit
            """;

    private static long run(TextPrograms on, String program) {
        return on.machine.run(on.program(program), new byte[8], 0, 1).r0();
    }

    @Test
    void shouldTakeTurnsOnTheirCpu() throws Exception {
        MachineOptions options = MachineOptions.ofCpus(2).withTasks(SPECS);
        try (TextPrograms on = new TextPrograms(options, ASKING)) {
            assertThat(run(on, "pid")).isEqualTo(42);
            assertThat(run(on, "pid")).isEqualTo(44);
            assertThat(run(on, "pid")).isEqualTo(42);
            assertThat(on.machine.run(on.program("pid"), new byte[8], 1, 1).r0())
                    .isEqualTo(43);
        }
        try (TextPrograms alone = new TextPrograms(MachineOptions.ofCpus(1), ASKING)) {
            assertThat(run(alone, "pid")).isEqualTo(1000);
        }
    }

    @Test
    void shouldHaveAUserAndACgroup() throws Exception {
        MachineOptions options = MachineOptions.ofCpus(1).withTasks(SPECS.subList(0, 1));
        try (TextPrograms on = new TextPrograms(options, ASKING)) {
            assertThat(run(on, "user")).isEqualTo(33);
            Task task = Objects.requireNonNull(on.machine.tasks().ofPid(42));
            assertThat(run(on, "group")).isEqualTo(task.cgroup().id()).isNotEqualTo(1);
            long above = Objects.requireNonNull(task.cgroup().ancestor(1)).id();
            assertThat(run(on, "above"))
                    .isEqualTo(above)
                    .isNotEqualTo(task.cgroup().id());
            assertThat(task.cgroup().level()).isEqualTo(2);
        }
    }

    @Test
    void shouldKeepPidsApart() {
        assertThat(Tasks.mistake(List.of(TaskSpec.of(42, "a"), TaskSpec.of(42, "b")), 1))
                .isEqualTo("pid 42 is declared twice");
        assertThat(Tasks.mistake(List.of(TaskSpec.of(1001, "a")), 2))
                .isEqualTo("pid 1001 is that of the task of CPU 1");
        assertThat(Tasks.mistake(List.of(TaskSpec.of(1001, "a")), 1)).isEmpty();
        assertThat(new TaskSpec(7, "x", 0, "web", List.of()).mistake()).contains("path such as /web");
        assertThat(TaskSpec.of(7, "0123456789abcdef").mistake()).contains("1 to 15 characters");
    }

    @Test
    void shouldInterruptRuns() throws Exception {
        String text = """
            .program counted "syscall"
                r0 = 0
                exit
            .program sample "perf_event"
                r0 = 7
                exit
            """;
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(1), text)) {
            var target = HookTable.of(on.program("sample").program());
            on.machine.interruptRuns(on.program("sample"), target, ContextLevel.NMI, CpuSet.ALL);
            on.machine.run(on.program("counted"), new byte[8], 0, 20);
            assertThat(on.program("sample").stats().runs(ContextLevel.NMI)).isEqualTo(20);
            Cpu cpu = on.machine.cpus().get(0);
            assertThat(cpu.level()).isEqualTo(ContextLevel.TASK);
        }
    }
}
