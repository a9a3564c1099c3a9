package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.report.ExploreJson;
import dev.spinbpf.tools.report.ExploreText;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.vm.explore.CheckedPrediction;
import dev.spinbpf.vm.explore.ExploreOptions;
import dev.spinbpf.vm.explore.ExploreReport;
import dev.spinbpf.vm.explore.ScheduleSearch;
import dev.spinbpf.vm.explore.SearchProgress;
import dev.spinbpf.vm.explore.Witness;
import dev.spinbpf.vm.stress.Loading;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf explore}: each interleaving of an object's programs. */
@Command(
        name = "explore",
        subcommands = ExploreMergeCommand.class,
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Runs the programs of FILEs under every schedule of a few CPUs, with interrupts wherever they may land,"
                    + " and shows what attempts to take locks can come to, with the shortest schedule that leads to each"
                    + " failure, data race or lost update.",
            "",
            "Each CPU runs one program, or --runs of them, in all combinations. Time passes only when no CPU can go on.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf explore programs/samples/abba.bpf.o",
            "  spinbpf explore programs/samples/nesting.bpf.o --preemptions 2 --interrupts 2 --duration 1m",
            "  spinbpf explore programs/samples/abba.bpf.o --preemptions 3 --jobs 8",
            "  spinbpf explore programs/samples/abba.yaml --save abba.sched",
            "  spinbpf explore programs/samples/abba.bpf.o --html findings.html",
            "  spinbpf explore programs/samples/abba.bpf.o --predictions",
            "  spinbpf explore programs/samples/nmi_bucket.bpf.o --runs 2",
            "  spinbpf explore programs/samples/bugs/counter_after_unlock.bpf.o --assert 'packets == runs(count)'",
            "  spinbpf explore programs/samples/abba.bpf.o --shard 1/2 --part 1.part",
            "  spinbpf explore merge 1.part 2.part",
            "",
            "Exit codes: 0 nothing found, 1 something found, 2 wrong usage or a file that cannot be used."
        })
final class ExploreCommand implements Callable<Integer> {
    private static final long LINE_MILLIS = 500;

    @Spec
    private CommandSpec spec;

    private final WorkloadInputs inputs = new WorkloadInputs();

    @Parameters(
            paramLabel = "FILE",
            arity = "0..*",
            description = "BPF objects (.bpf.o) and text programs (.bpfasm), or one workload file (.yaml).")
    private List<Path> files = List.of();

    @Option(
            names = "--cpus",
            paramLabel = "N",
            description = "Number of emulated CPUs (default 2, or the workload file's).")
    private @Nullable Integer cpus;

    @Option(
            names = "--preemptions",
            paramLabel = "N",
            defaultValue = "2",
            description = "How often a CPU may be stopped that could go on (default 2).")
    private int preemptions;

    @Option(
            names = "--interrupts",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many interrupts may land (default 1).")
    private int interrupts;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many programs each CPU runs, one after the other, in all combinations (default 1).")
    private int runs;

    @Option(
            names = "--stalls",
            paramLabel = "N",
            defaultValue = "0",
            description = "How often a CPU may stand still for 2 s after it took a lock (default 0).")
    private int stalls;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = DurationConverter.class,
            description = "How long to search, if the schedules do not end before (default 10s).")
    private Duration duration;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of random numbers (default 1, or the workload file's).")
    private @Nullable Long seed;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "How many situations to search side by side (default: one a processor). A search that ends"
                    + " shows the same with any number.")
    private int jobs = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--predictions",
            description =
                    "First search for the schedules of what spinbpf locks predicts, one prediction after the other,"
                            + " for at most half of --duration.")
    private boolean predictions;

    @Option(
            names = "--shard",
            paramLabel = "K/N",
            converter = ShardConverter.class,
            description = "Search only the Kth of N parts, for explore merge; takes --part.")
    private ExploreOptions.Shard shard = ExploreOptions.Shard.WHOLE;

    @Option(
            names = "--part",
            paramLabel = "FILE",
            description = "With --shard, write what this part found and counted to a file.")
    private @Nullable Path part;

    @Option(
            names = "--save",
            paramLabel = "FILE",
            description = "Write the schedule of the first finding to a file, for spinbpf replay, and that of the Nth"
                    + " prediction, if it is confirmed, to FILE.N. Takes one FILE and all of its programs.")
    private @Nullable Path save;

    @Mixin
    private final PromiseOption promises = new PromiseOption();

    @Mixin
    private final ProgramNames programs = new ProgramNames();

    @Mixin
    private final FindingsPageOption page = new FindingsPageOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    ExploreCommand() {}

    @Override
    public Integer call() throws InputException, WorkloadFileException, WorkloadException {
        if (files.isEmpty()) {
            throw new WrongUsage(spec, "name a FILE");
        }
        if ((part == null) != (shard.count() == 1)) {
            throw new WrongUsage(spec, "--shard and --part go together");
        }
        if (part != null && predictions) {
            throw new WrongUsage(spec, "--predictions is for a whole search; leave --shard out");
        }
        checkBound("--preemptions", preemptions, ExploreOptions.MOST_BOUND);
        checkBound("--interrupts", interrupts, ExploreOptions.MOST_BOUND);
        checkBound("--stalls", stalls, ExploreOptions.MOST_BOUND);
        if (runs < 1 || runs > ExploreOptions.MOST_RUNS) {
            throw new WrongUsage(spec, "--runs is " + runs + "; it has to be 1 to " + ExploreOptions.MOST_RUNS);
        }
        if (jobs < 1) {
            throw new WrongUsage(spec, "--jobs is " + jobs + "; it has to be at least 1");
        }
        if (cpus != null && (cpus < 1 || cpus > ProgramWorkload.MOST_CPUS)) {
            throw new WrongUsage(spec, "--cpus is " + cpus + "; it has to be 1 to " + ProgramWorkload.MOST_CPUS);
        }
        return explore(workload());
    }

    private ProgramWorkload workload() throws InputException, WorkloadFileException {
        PrintWriter err = spec.commandLine().getErr();
        if (save != null && (files.size() > 1 || !programs.list().isEmpty())) {
            throw new WrongUsage(
                    spec, "--save takes one FILE and all of its programs; put several objects into a workload file");
        }
        ProgramWorkload workload = workload(files, programs.list(), inputs, spec, err);
        ProgramWorkload seeded = seed == null ? workload : workload.withSeed(seed);
        return (cpus == null ? seeded : seeded.withCpus(cpus)).withPromises(promises.after(workload));
    }

    /** Returns the workload of a workload file, or of objects. */
    static ProgramWorkload workload(
            List<Path> files, List<String> programs, WorkloadInputs inputs, CommandSpec spec, PrintWriter err)
            throws InputException, WorkloadFileException {
        if (!WorkloadInputs.isWorkloadFile(files, spec)) {
            return ProgramWorkload.of(inputs.objects(files, Btf.EMPTY, programs, Loading.NONE, err));
        }
        return switch (WorkloadInputs.read(files.getFirst())) {
            case ProgramWorkload workload -> workload;
            case ModeOptions mode ->
                throw new InputException(InputFiles.shown(files.getFirst()) + ": mode "
                        + mode.mode().name().toLowerCase(Locale.ROOT) + " has no programs to explore");
        };
    }

    private int explore(ProgramWorkload workload) throws InputException, WorkloadException {
        ExploreOptions options =
                new ExploreOptions(preemptions, interrupts, stalls, duration, predictions, shard, runs);
        long startNanos = System.nanoTime();
        try (ScheduleSearch exploration = ScheduleSearch.prepare(workload, options, jobs)) {
            ExploreReport report = watched(exploration);
            String name = files.stream().map(InputFiles::shown).collect(Collectors.joining(", "));
            PrintWriter out = spec.commandLine().getOut();
            out.print(
                    json.isGiven()
                            ? ExploreJson.of(name, report)
                            : ExploreText.of(name, report, Style.ofStandardOutput()));
            out.flush();
            PrintWriter err = spec.commandLine().getErr();
            err.println("spinbpf: " + counts(exploration.progress(), startNanos));
            err.flush();
            save(workload, report);
            page.write(name, report);
            if (part != null) {
                PartFile.write(part, new PartFile.Part(name, PartFile.identity(workload, options), report));
            }
            return report.witnesses().isEmpty() ? ExitCodes.GOOD : ExitCodes.REFUSED;
        }
    }

    /** Searches, and says meanwhile how far it is. */
    private static ExploreReport watched(ScheduleSearch exploration) {
        long startNanos = System.nanoTime();
        Progress line = Progress.ofStandardError();
        try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            SearchProgress progress = exploration.progress();
            clock.scheduleAtFixedRate(
                    () -> line.step(progress.bounds() + ": " + counts(progress, startNanos)),
                    LINE_MILLIS,
                    LINE_MILLIS,
                    TimeUnit.MILLISECONDS);
            return exploration.run();
        } finally {
            line.clear();
        }
    }

    private static String counts(SearchProgress progress, long startNanos) {
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        return "%,d schedules, %,d classes, depth %,d, %,d points in %.1f s: %,d a second; found %d"
                .formatted(
                        progress.schedules(),
                        progress.classes(),
                        progress.deepest(),
                        progress.points(),
                        seconds,
                        (long) (progress.points() / seconds),
                        progress.findings());
    }

    private void save(ProgramWorkload workload, ExploreReport report) throws InputException {
        Path target = save;
        if (target == null) {
            return;
        }
        if (!report.witnesses().isEmpty()) {
            schedule(workload, report.witnesses().getFirst()).write(target);
        }
        int number = 1;
        for (CheckedPrediction checked : report.predictions()) {
            Witness witness = checked.witness();
            if (witness != null) {
                schedule(workload, witness).write(target.resolveSibling(target.getFileName() + "." + number));
            }
            number++;
        }
    }

    private ScheduleFile schedule(ProgramWorkload workload, Witness witness) {
        return new ScheduleFile(
                files.getFirst(),
                ScheduleFile.digestOf(workload),
                workload.cpus(),
                workload.seed(),
                stalls,
                witness.start(),
                witness.finding().key(),
                witness.plan(),
                workload.promises());
    }

    private void checkBound(String option, int value, int most) {
        if (value < 0 || value > most) {
            throw new WrongUsage(spec, option + " is " + value + "; it has to be 0 to " + most);
        }
    }
}
