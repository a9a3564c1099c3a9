package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.spinbpf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code --attach} and {@code --on}. */
class AttachOptionsTest {
    private static final String NESTING = Path.of(
                    System.getProperty("spinbpf.root", ".."), "programs/samples/nesting.bpf.o")
            .toString();

    @TempDir
    private Path directory;

    @Test
    void shouldAttachAsTheUserSays() throws Exception {
        Path saved = directory.resolve("x.yaml");
        Outcome outcome = spinbpf(
                "stress",
                NESTING,
                "--duration",
                "200ms",
                "--attach",
                "account=task@cpu1:every 2ms",
                "--on",
                "on_contention=exit:account",
                "--on",
                "sample=map-update-under-lock@cpu0",
                "--save",
                saved.toString(),
                "--json");
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(ExitCodes.GOOD);
        ProgramWorkload workload = (ProgramWorkload) WorkloadInputs.read(saved);
        Pacing never = Pacing.Unpaced.INSTANCE;
        assertThat(workload.attachments())
                .hasSize(6)
                .contains(
                        new Attachment(
                                "nesting",
                                "account",
                                "packet",
                                ContextLevel.TASK,
                                new Pacing.Rate(1, 2_000_000),
                                CpuSet.of(List.of(1))),
                        new Attachment("nesting", "on_contention", "exit:account", null, never, CpuSet.ALL),
                        new Attachment(
                                "nesting", "sample", "map-update-under-lock", null, never, CpuSet.of(List.of(0))),
                        new Attachment("nesting", "remember", "syscall", null, never, CpuSet.ALL));
        assertThat(outcome.out())
                .containsPattern("\"program\" : \"account\",\\s+\"hook\" : \"packet\",\\s+\"level\" : \"task\","
                        + "\\s+\"every_ns\" : 2000000,\\s+\"cpus\" : \\[ 1 ]");
    }

    @Test
    void shouldNestIntoARun() {
        Outcome outcome =
                spinbpf("run", NESTING, "--prog", "remember", "--repeat", "5", "--on", "refused_type=element-free");
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(ExitCodes.GOOD);
        assertThat(outcome.out()).containsPattern("refused_type +element-free +- +0 +0");
        Outcome under = spinbpf(
                "run", NESTING, "--prog", "remember", "--repeat", "5", "--on", "refused_type=map-update-under-lock");
        assertThat(under.out()).containsPattern("refused_type +map-update-under-lock +nmi +5 +0");
        assertThat(spinbpf("run", NESTING, "--prog", "remember", "--on", "refused_type=entry:remember", "--json")
                        .out())
                .containsPattern("\"hook\" : \"entry:remember\",\\s+\"context\" : \"nmi\",\\s+\"runs\" : 1");
    }

    @Test
    void shouldRunATaskThatIsDeclaredAndAProgramThatInterrupts() {
        Outcome outcome = spinbpf(
                "run",
                NESTING,
                "--prog",
                "remember",
                "--repeat",
                "20",
                "--attach",
                "sample=nmi",
                "--task",
                "pid=42,comm=nginx,cgroup=/web",
                "--save-maps",
                directory.resolve("maps").toString());
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(ExitCodes.GOOD);
        assertThat(spinbpf("run", NESTING, "--prog", "remember", "--task", "pid=1000")
                        .err())
                .contains("--task: pid 1000 is that of the task of CPU 0");
        assertThat(spinbpf("run", NESTING, "--prog", "remember", "--task", "comm=x")
                        .err())
                .contains("has no pid");
        assertThat(spinbpf("run", NESTING, "--prog", "remember", "--arg", "1=2").err())
                .contains("remember has no argument '1'; it has 0");
        assertThat(spinbpf("run", NESTING, "--prog", "remember", "--attach", "sample=nmi:every 1ms")
                        .err())
                .contains("a run has no clock");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--attach | nope=task | there is no program 'nope'; there are: update_table, remember",
                "--attach | account=nmi | events of hook 'packet' come at the level task or softirq",
                "--attach | account=irq | PROG=LEVEL[@cpuN][:every TIME]",
                "--attach | account=task:every 5 | '5' is no time; write a number and a unit",
                "--attach | account=task:every 1ns | the time is to be 1us or more",
                "--attach | account=task@cpu2 | there are CPUs 0 to 1; --cpus gives more",
                "--attach | account=task@1 | write CPUs as @cpu0 or @cpu0,2",
                "--attach | on_contention=task | fires inside the runtime",
                "--on | account=freelist-pop | interrupts are off at 'freelist-pop'",
                "--on | account=entry:nope | there is no program 'nope'; there are: update_table",
                "--on | account=entry:account | cannot be nested into itself",
                "--on | account=nowhere | places to nest it into are entry:PROGRAM, exit:PROGRAM, contention-begin",
                "--on | account=packet | 'packet' has events of its own",
                "--on | account | PROG=HOOK[@cpuN]"
            })
    void shouldSayWhatIsWrong(String option, String value, String message) {
        Outcome outcome = spinbpf("stress", NESTING, "--duration", "100ms", option, value);
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err()).contains(option).contains(message);
    }

    @Test
    void shouldLeaveBothToPrograms() {
        assertThat(spinbpf("stress", "--mode", "aa", "--on", "a=b").err()).contains("are for programs, not for --mode");
    }
}
