package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.ExploreJson;
import dev.spinbpf.tools.report.ExploreText;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.WitnessSteps;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.vm.explore.ExploreOptions;
import dev.spinbpf.vm.explore.ScheduleSearch;
import dev.spinbpf.vm.explore.Witness;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf replay}: the schedule of a finding again. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Runs a schedule again that spinbpf explore --save wrote, and shows it. The object has to be the same.",
            "",
            "The state at a row is what its CPU holds then, the lock word, what changed of globals, arrays and hashes,"
                    + " and the registers of its program before its last access to what is shared.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf replay abba.sched",
            "  spinbpf replay abba.sched --step",
            "  spinbpf replay abba.sched --print-state",
            "  spinbpf replay abba.sched --html abba.html",
            "  spinbpf replay abba.sched --json",
            "",
            "Exit codes: 0 the run shows what was found, 1 it does not, 2 a file that cannot be used, or another"
                    + " object."
        })
final class ReplayCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The schedule.")
    private Path file;

    @Option(
            names = "--step",
            description =
                    "Show one row after the other with its state: Enter for the next, p for the one before, a number,"
                            + " q to end. All of them where standard input or output is no terminal.")
    private boolean step;

    @Option(names = "--print-state", description = "Show the state at each row, after the table.")
    private boolean printState;

    @Mixin
    private final FindingsPageOption page = new FindingsPageOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    ReplayCommand() {}

    @Override
    public Integer call() throws InputException, WorkloadFileException, WorkloadException, IOException {
        if (json.isGiven() && (step || printState)) {
            throw new WrongUsage(spec, "--json has the state at each row; leave --step and --print-state out");
        }
        ScheduleFile schedule = ScheduleFile.read(file);
        PrintWriter err = spec.commandLine().getErr();
        List<Path> input = List.of(schedule.input());
        ProgramWorkload workload = ExploreCommand.workload(input, List.of(), new WorkloadInputs(), spec, err)
                .withCpus(schedule.cpus())
                .withSeed(schedule.seed())
                .withPromises(schedule.promises());
        if (!ScheduleFile.digestOf(workload).equals(schedule.digest())) {
            throw new InputException(
                    InputFiles.shown(schedule.input()) + ": is not the object that the schedule is of");
        }
        ExploreOptions defaults = ExploreOptions.DEFAULT;
        ExploreOptions options = new ExploreOptions(
                defaults.preemptions(), defaults.interrupts(), schedule.stalls(), defaults.duration());
        try (ScheduleSearch exploration = ScheduleSearch.prepare(workload, options)) {
            @Nullable Witness witness = exploration.replay(schedule.start(), schedule.plan(), schedule.key());
            PrintWriter out = spec.commandLine().getOut();
            if (witness == null) {
                (json.isGiven() ? err : out).println("The schedule does not show what was found.");
            } else {
                page.write(InputFiles.shown(schedule.input()), witness, workload.cpus());
                show(witness, workload.cpus(), out);
            }
            out.flush();
            return witness == null ? ExitCodes.REFUSED : ExitCodes.GOOD;
        }
    }

    private void show(Witness witness, int cpus, PrintWriter out) throws IOException {
        Style style = Style.ofStandardOutput();
        if (json.isGiven()) {
            out.print(ExploreJson.of(witness));
            return;
        }
        out.print(ExploreText.of(witness, cpus, style));
        WitnessSteps steps = new WitnessSteps(witness, style);
        boolean isTerminal =
                Boolean.getBoolean("spinbpf.stdin.terminal") && Boolean.getBoolean("spinbpf.stdout.terminal");
        if (step && isTerminal) {
            new ReplayWalk(steps, out)
                    .run(new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset())));
        } else if (step || printState) {
            out.print(steps.all());
        }
    }
}
