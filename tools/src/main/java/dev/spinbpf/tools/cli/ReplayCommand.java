package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.ExploreText;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.vm.explore.ExploreOptions;
import dev.spinbpf.vm.explore.ScheduleSearch;
import dev.spinbpf.vm.explore.Witness;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf replay}: the schedule of a finding again. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Runs a schedule again that spinbpf explore --save wrote, and shows it. The object has to be the same.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf replay abba.sched",
            "",
            "Exit codes: 0 the run shows what was found, 1 it does not, 2 a file that cannot be used, or another"
                    + " object."
        })
final class ReplayCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The schedule.")
    private Path file;

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    ReplayCommand() {}

    @Override
    public Integer call() throws InputException, WorkloadFileException, WorkloadException {
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
            out.print(
                    witness == null
                            ? "The schedule does not show what was found.\n"
                            : ExploreText.of(witness, workload.cpus(), Style.ofStandardOutput()));
            out.flush();
            return witness == null ? ExitCodes.REFUSED : ExitCodes.GOOD;
        }
    }
}
