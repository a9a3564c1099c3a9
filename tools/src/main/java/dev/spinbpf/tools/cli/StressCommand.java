package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.metrics.Activity;
import dev.spinbpf.tools.metrics.Meters;
import dev.spinbpf.tools.report.ModeJson;
import dev.spinbpf.tools.report.ModeText;
import dev.spinbpf.tools.report.StressJson;
import dev.spinbpf.tools.report.StressText;
import dev.spinbpf.tools.report.StressText.NotAttached;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.serve.MetricsServer;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.vm.stress.Loading;
import dev.spinbpf.vm.stress.LockChoice;
import dev.spinbpf.vm.stress.ModeDriver;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.ModeReport;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.PromiseRow;
import dev.spinbpf.vm.stress.StressMode;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.StressReport;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import dev.spinbpf.vm.stress.WorkloadSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf stress}: all programs at once, nested into each other, on all CPUs. */
@Command(
        name = "stress",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Verifies all programs of an object, attaches the accepted ones to the hooks that their sections name,"
                    + " keeps all emulated CPUs busy while interrupts land, and reports what happened to each lock.",
            "",
            "A workload file says all that and more in one place: which programs run on which CPUs and how often,"
                    + " delays in critical sections, what is in maps at the start, packets. Of the options that describe a"
                    + " run, --duration and --seed can be given with it, and go before what the file says; --assert adds"
                    + " promises.",
            "",
            "Without a FILE, --mode stresses the lock alone. aa, abba and abbcca work like the kernel's module"
                    + " bpf_test_rqspinlock: a task on each CPU, interrupted by NMIs. torture takes many locks of all"
                    + " kinds at random, in all contexts, and checks what they protect.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf stress programs/samples/nesting.bpf.o",
            "  spinbpf stress programs/samples/abba.bpf.o --cpus 4 --duration 30s --json",
            "  spinbpf stress programs/samples/abba.yaml",
            "  spinbpf stress programs/samples/abba.bpf.o --save mine.yaml",
            "  spinbpf stress programs/samples/bugs/counter_after_unlock.bpf.o --assert 'packets == runs(count)'",
            "  spinbpf stress programs/samples/abba.bpf.o --duration 1h --metrics-port 9464",
            "  spinbpf stress programs/samples/nesting.bpf.o --attach 'filter=softirq@cpu1:every 1ms'",
            "  spinbpf stress programs/samples/nesting.bpf.o --on sample=map-update-under-lock",
            "  spinbpf stress programs/samples/nesting.bpf.o --task pid=42,comm=nginx,cgroup=/web",
            "  spinbpf stress programs/samples/nesting.bpf.o --coverage --packets mixed",
            "",
            "Refused programs are reported and skipped. Exit codes: 0 the accepted programs ran, 1 none was accepted,"
                    + " one of them failed while running, CPUs hung, a promise was broken, a mode's checks failed, or"
                    + " (with --strict) a program was refused, 2 wrong usage or a file that cannot be read."
        })
final class StressCommand implements Callable<Integer> {
    private static final int MOST_LOCKS = 4096;
    private static final int MOST_PORT = 65_535;
    private static final int SECONDS_TO_REPORT = 15;

    /** Options that describe what a workload file describes. */
    private static final Set<String> IN_WORKLOAD = Set.of(
            "--cpus",
            "--nmi-every",
            "--hardirq-every",
            "--held-times",
            "--normal-delay",
            "--nmi-delay",
            "--locks",
            "--lock",
            "--prog",
            "--attach",
            "--on",
            "--task",
            "--packets",
            "--map-entries",
            "--map-value-size",
            "-G",
            "--btf",
            "--kconfig");

    private final WorkloadInputs inputs = new WorkloadInputs();

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FILE",
            arity = "0..*",
            description =
                    "BPF objects (.bpf.o) and text programs (.bpfasm), or one workload file (.yaml); not with --mode.")
    private List<Path> files = List.of();

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            description = "Stress the lock without programs: aa, abba, abbcca or torture.")
    private @Nullable StressMode mode;

    @Option(names = "--cpus", paramLabel = "N", description = "Emulated CPUs, 1 to 64 (default 2, with --mode 4).")
    private @Nullable Integer cpus;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "Length of the run: 500ms, 5s, 2m, forever (default 5s, or the workload file's).")
    private @Nullable Duration duration;

    @Option(
            names = "--nmi-every",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description =
                    "Mean time between two NMIs on a CPU, 0 for none (default 1ms; with --mode aa, abba or abbcca the"
                            + " value of --normal-delay, so that one lands in each critical section).")
    private @Nullable Duration nmiEvery;

    @Option(
            names = "--hardirq-every",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "Mean time between two timer interrupts on a CPU, 0 for none (default 1ms).")
    private @Nullable Duration hardirqEvery;

    @Option(
            names = "--held-times",
            paramLabel = "N",
            arity = "0..1",
            fallbackValue = "16",
            description = "Measure how long locks are held, for one acquisition in N (16 if N is not given).")
    private @Nullable Integer heldTimes;

    @Option(names = "--per-cpu", description = "Show the figures of each CPU too.")
    private boolean perCpu;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "Seed of random numbers and of the moments at which interrupts land (default 1, or the workload"
                            + " file's).")
    private @Nullable Long seed;

    @Option(
            names = "--normal-delay",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "With --mode: length of a task's critical section (default 20ms; torture about 20us).")
    private @Nullable Duration normalDelay;

    @Option(
            names = "--nmi-delay",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "With --mode: length of an NMI's critical section (default 10ms; torture about 10us).")
    private @Nullable Duration nmiDelay;

    @Option(
            names = "--locks",
            paramLabel = "N",
            description = "With --mode torture: number of resilient locks (default 48).")
    private @Nullable Integer locks;

    @Option(
            names = "--lock",
            paramLabel = "KIND",
            description = "The lock's algorithm: queued, tas for the test-and-set fallback, or with --mode torture both"
                    + " (default queued; torture both).")
    private @Nullable LockChoice lock;

    @Mixin
    private final PromiseOption promises = new PromiseOption();

    @Mixin
    private final ProgramNames programs = new ProgramNames();

    @Mixin
    private final AttachOption attach = new AttachOption();

    @Mixin
    private final OnOption on = new OnOption();

    @Mixin
    private final TaskOption task = new TaskOption();

    @Mixin
    private final PacketsOption packets = new PacketsOption();

    @Mixin
    private final LoadingOptions loading = new LoadingOptions();

    @Mixin
    private final RunningKernelOption kernel = new RunningKernelOption();

    @Mixin
    private final JitOption jit = new JitOption();

    @Mixin
    private final CoverageOption coverage = new CoverageOption();

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description = "Serve Prometheus metrics at http://HOST:PORT/metrics; 0 for any free port.")
    private @Nullable Integer metricsPort;

    @Option(
            names = "--metrics-host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "Address to serve metrics on (default 127.0.0.1).")
    private String metricsHost;

    @Option(
            names = "--save",
            paramLabel = "FILE",
            description = "First write the workload to a file, with what is attached and how, for stress FILE.")
    private @Nullable Path save;

    @Option(
            names = "--otlp",
            paramLabel = "URL",
            description = "Push the metrics over OTLP (HTTP) to this URL too, such as http://127.0.0.1:4318/v1/metrics;"
                    + " the last time at the end.")
    private @Nullable URI otlp;

    @Option(
            names = "--otlp-every",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = DurationConverter.class,
            description = "Time between two pushes (default 10s).")
    private Duration otlpEvery;

    @Mixin
    private final StressedMaps maps = new StressedMaps();

    @Option(names = "--strict", description = "Exit with 1 if a program was refused.")
    private boolean strict;

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    StressCommand() {}

    @Override
    public Integer call() throws InputException, InterruptedException, WorkloadException, WorkloadFileException {
        checkOptions();
        StressMode chosen = mode;
        if (chosen != null) {
            ModeOptions options = modeOptions(chosen);
            saveTo(options);
            return stressLocks(options);
        }
        if (files.isEmpty()) {
            throw new WrongUsage(spec, "name a FILE, or a --mode to stress the lock without programs");
        }
        if (!WorkloadInputs.isWorkloadFile(files.getFirst())) {
            return stressPrograms(objects());
        }
        return switch (overridden(WorkloadInputs.read(files.getFirst()))) {
            case ModeOptions options -> stressLocks(options);
            case ProgramWorkload workload -> stressPrograms(workload);
        };
    }

    private WorkloadSpec overridden(WorkloadSpec workload) {
        WorkloadSpec lasting = duration == null ? workload : workload.withDuration(duration);
        return seed == null ? lasting : lasting.withSeed(seed);
    }

    private void saveTo(WorkloadSpec workload) throws InputException {
        if (save != null) {
            inputs.save(workload, save);
        }
    }

    // Locks alone.

    private int stressLocks(ModeOptions options) throws InputException, InterruptedException {
        CountDownLatch printed = new CountDownLatch(1);
        try (ModeDriver driver = new ModeDriver(options);
                Meters meters = meters(Activity.of(driver))) {
            ModeReport report = serve(meters, driver::stop, printed, driver::run);
            print(json.isGiven() ? ModeJson.of(report) : ModeText.of(report, perCpu, Style.ofStandardOutput()));
            return report.isGood() ? ExitCodes.GOOD : ExitCodes.REFUSED;
        } finally {
            printed.countDown();
        }
    }

    private ModeOptions modeOptions(StressMode chosen) {
        ModeOptions defaults = ModeOptions.of(chosen);
        boolean torture = chosen == StressMode.TORTURE;
        int number = Objects.requireNonNullElse(cpus, defaults.cpus());
        if (number < chosen.fewestCpus()) {
            throw new WrongUsage(
                    spec,
                    "--cpus is " + number + "; --mode " + chosen.name().toLowerCase(Locale.ROOT) + " needs "
                            + chosen.fewestCpus() + " or more");
        }
        if (locks != null && !torture) {
            throw new WrongUsage(
                    spec, "--locks is for --mode torture; the other modes have their one, two or three locks");
        }
        LockChoice algorithm = Objects.requireNonNullElse(lock, defaults.algorithm());
        if (algorithm == LockChoice.BOTH && !torture) {
            throw new WrongUsage(spec, "--lock both is for --mode torture");
        }
        Duration normal = Objects.requireNonNullElse(normalDelay, defaults.normalDelay());
        Duration usual = torture || normal.isZero() ? StressOptions.USUAL_INTERVAL : normal;
        return defaults.withAlgorithm(algorithm)
                .withCpus(number)
                .withDuration(Objects.requireNonNullElse(duration, defaults.duration()))
                .withDelays(normal, Objects.requireNonNullElse(nmiDelay, defaults.nmiDelay()))
                .withInterruptsEvery(
                        Objects.requireNonNullElse(nmiEvery, usual),
                        Objects.requireNonNullElse(hardirqEvery, StressOptions.USUAL_INTERVAL))
                .withLocks(Objects.requireNonNullElse(locks, defaults.locks()))
                .withHeldTimesInterval(Objects.requireNonNullElse(heldTimes, 0))
                .withSeed(Objects.requireNonNullElse(seed, defaults.seed()));
    }

    // Programs.

    private ProgramWorkload objects() throws InputException {
        if (lock == LockChoice.BOTH || locks != null || normalDelay != null || nmiDelay != null) {
            throw new WrongUsage(spec, "--lock both, --locks, --normal-delay and --nmi-delay are for --mode");
        }
        Loading settings = loading.loading();
        Map<String, String> config = kernel.config();
        Path typesFile = kernel.file(files, settings.withConfig(config));
        NamedFile types = typesFile == null ? null : inputs.open(typesFile);
        PrintWriter err = spec.commandLine().getErr();
        List<ObjectFile> objects =
                inputs.objects(files, InputFiles.kernelTypes(types), programs.list(), settings.withConfig(config), err);
        ProgramWorkload defaults = ProgramWorkload.of(objects);
        int number = Objects.requireNonNullElse(cpus, defaults.cpus());
        return new ProgramWorkload(
                number,
                Objects.requireNonNullElse(lock, defaults.lock()),
                Objects.requireNonNullElse(seed, defaults.seed()),
                Objects.requireNonNullElse(duration, defaults.duration()),
                Objects.requireNonNullElse(heldTimes, 0),
                nmiEvery == null ? defaults.nmis() : Pacing.every(nmiEvery),
                hardirqEvery == null ? defaults.hardirqs() : Pacing.every(hardirqEvery),
                types,
                objects,
                attachments(number),
                defaults.delays(),
                defaults.maps(),
                packets.packets(),
                List.of(),
                task.tasks(number));
    }

    /** Returns the attachments where options say any; none for each program where its section says. */
    private List<Attachment> attachments(int number) throws InputException {
        if (!attach.isGiven() && !on.isGiven()) {
            return List.of();
        }
        List<Attachment> given = new ArrayList<>(attach.attachments(inputs.read(), number));
        given.addAll(on.attachments(inputs.read(), number));
        return AttachmentNames.all(inputs.read(), programs.list(), given);
    }

    private int stressPrograms(ProgramWorkload given) throws InputException, InterruptedException, WorkloadException {
        ProgramWorkload workload = given.withPromises(promises.after(given));
        CountDownLatch printed = new CountDownLatch(1);
        try (WorkloadRun run = WorkloadRun.prepare(workload, coverage.mode(jit));
                Meters meters = meters(Activity.of(run.driver()))) {
            maps.check(run);
            coverage.watch(run);
            if (metricsPort != null || otlp != null) {
                run.driver().timeRuns();
            }
            saveTo(run.effectiveSpec());
            run.verdicts().forEach(meters::countVerdict);
            printMissing(run);
            List<NotAttached> notAttached = run.answers().stream()
                    .filter(answer -> answer.outcome() != WorkloadRun.Outcome.ACCEPTED)
                    .map(StressCommand::notAttached)
                    .toList();
            boolean nothingToRun = run.snapshot().programs().isEmpty();
            StressReport report = nothingToRun ? run.snapshot() : serve(meters, run::stop, printed, run::run);
            String name = files.stream().map(InputFiles::shown).collect(Collectors.joining(", "));
            Style style = Style.ofStandardOutput();
            print(
                    json.isGiven()
                            ? StressJson.of(
                                    name, report, notAttached, run.attachments(), maps.contents(run), coverage.of(run))
                            : StressText.of(name, report, notAttached, perCpu, style)
                                    + coverage.text(run, style)
                                    + maps.text(run, style));
            maps.save(run);
            return exitCode(report, notAttached);
        } finally {
            printed.countDown();
        }
    }

    private void printMissing(WorkloadRun run) {
        PrintWriter err = spec.commandLine().getErr();
        run.objects().forEach(object -> object.programs()
                .values()
                .forEach(program -> InputFiles.printMissing(object.name(), program, err)));
    }

    private static NotAttached notAttached(WorkloadRun.Answer answer) {
        boolean refused = answer.outcome() != WorkloadRun.Outcome.NOT_ATTACHED;
        return new NotAttached(answer.program(), answer.section(), refused, answer.reason(), answer.explanation());
    }

    /** Makes the meters of a machine, which are pushed if that is asked for. */
    private Meters meters(Activity activity) {
        Meters meters = new Meters(() -> activity);
        URI endpoint = otlp;
        if (endpoint != null) {
            meters.pushTo(endpoint.toString(), otlpEvery);
        }
        return meters;
    }

    private void print(String report) {
        PrintWriter out = spec.commandLine().getOut();
        out.print(report);
        out.flush();
    }

    private int exitCode(StressReport report, List<NotAttached> notAttached) {
        boolean failed = report.programs().isEmpty()
                || report.isStuck()
                || !report.faults().isEmpty()
                || report.promises().stream().anyMatch(PromiseRow::isBroken)
                || (strict && notAttached.stream().anyMatch(NotAttached::refused));
        return failed ? ExitCodes.REFUSED : ExitCodes.GOOD;
    }

    private void checkOptions() {
        if (mode != null && !files.isEmpty()) {
            throw new WrongUsage(spec, "--mode stresses the lock without programs; leave " + files.getFirst() + " out");
        }
        checkWorkloadFile();
        if (mode != null
                && (attach.isGiven()
                        || on.isGiven()
                        || task.isGiven()
                        || packets.isGiven()
                        || kernel.hasConfig()
                        || !loading.loading().isNone())) {
            throw new WrongUsage(
                    spec,
                    "--attach, --on, --task, --packets, --map-entries, --map-value-size, -G and --kconfig are for"
                            + " programs, not for --mode");
        }
        if (mode != null && promises.isGiven()) {
            throw new WrongUsage(spec, "--assert is about programs and maps, and --mode has none");
        }
        if (mode != null && maps.isGiven()) {
            throw new WrongUsage(spec, "--dump-maps and --save-maps are for programs, not for --mode");
        }
        if (heldTimes != null && heldTimes < 0) {
            throw new WrongUsage(spec, "--held-times is " + heldTimes + "; it has to be 1 or more, or 0 for none");
        }
        if (cpus != null && (cpus < 1 || cpus > ProgramWorkload.MOST_CPUS)) {
            throw new WrongUsage(spec, "--cpus is " + cpus + "; it has to be 1 to " + ProgramWorkload.MOST_CPUS);
        }
        if (locks != null && (locks < 1 || locks > MOST_LOCKS)) {
            throw new WrongUsage(spec, "--locks is " + locks + "; it has to be 1 to " + MOST_LOCKS);
        }
        if (otlp != null && !("http".equals(otlp.getScheme()) || "https".equals(otlp.getScheme()))) {
            throw new WrongUsage(
                    spec, "--otlp is " + otlp + "; it has to be a URL that begins with http:// or https://");
        }
        if (otlpEvery.isZero()) {
            throw new WrongUsage(spec, "--otlp-every is 0; it has to be longer");
        }
        if (metricsPort != null && (metricsPort < 0 || metricsPort > MOST_PORT)) {
            throw new WrongUsage(spec, "--metrics-port is " + metricsPort + "; it has to be 0 to " + MOST_PORT);
        }
    }

    private void checkWorkloadFile() {
        if (!WorkloadInputs.isWorkloadFile(files, spec)) {
            return;
        }
        List<String> given = WorkloadInputs.given(spec, IN_WORKLOAD);
        if (!given.isEmpty()) {
            throw new WrongUsage(
                    spec,
                    String.join(", ", given) + ": " + files.getFirst() + " says that; of what it says only --duration"
                            + " and --seed can be given besides");
        }
        if (save != null) {
            throw new WrongUsage(
                    spec,
                    "--save writes the workload of objects or of a --mode; " + files.getFirst() + " is one already");
        }
    }

    /** A stress run. */
    @FunctionalInterface
    private interface Run<R> {
        R run() throws InterruptedException;
    }

    /**
     * Runs while metrics are served, if they are asked for. When the process is told to end, the run stops and its
     * report is still printed.
     */
    private <R> R serve(Meters meters, Runnable stop, CountDownLatch printed, Run<R> run)
            throws InputException, InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(stop, printed), "spinbpf-stop"));
        Integer port = metricsPort;
        if (port == null) {
            return run.run();
        }
        try (MetricsServer server = MetricsServer.start(metricsHost, port, meters::scrapeShared)) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("spinbpf: metrics at http://" + metricsHost + ":"
                    + server.address().getPort() + "/metrics");
            err.flush();
            return run.run();
        } catch (IOException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    private static void stopAndWait(Runnable stop, CountDownLatch printed) {
        stop.run();
        try {
            boolean inTime = printed.await(SECONDS_TO_REPORT, TimeUnit.SECONDS);
            if (!inTime) {
                System.err.println("spinbpf: the run did not stop");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
