package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.tools.metrics.Meters;
import dev.spinbpf.tools.metrics.MetricsServer;
import dev.spinbpf.tools.report.StressJson;
import dev.spinbpf.tools.report.StressText;
import dev.spinbpf.tools.report.StressText.NotAttached;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.StressDriver;
import dev.spinbpf.vm.StressOptions;
import dev.spinbpf.vm.StressReport;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf stress}: all programs at once, nested into each other, on all CPUs. */
@Command(
        name = "stress",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Verifies all programs of an object, attaches the accepted ones to the hooks that their sections name, keeps all"
                    + " emulated CPUs busy while interrupts land, and reports what happened to each lock.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf stress programs/samples/nesting.bpf.o",
            "  spinbpf stress programs/samples/abba.bpf.o --cpus 4 --duration 30s --json",
            "  spinbpf stress programs/samples/abba.bpf.o --duration 1h --metrics-port 9464",
            "",
            "Refused programs are reported and take no part. Exit codes: 0 the accepted programs ran, 1 none was accepted,"
                    + " one of them failed while running, or (with --strict) one was refused, 2 wrong usage or a file that"
                    + " cannot be read."
        })
final class StressCommand implements Callable<Integer> {
    private static final int MOST_CPUS = 64;
    private static final int MOST_PORT = 65_535;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A BPF object (.bpf.o) or text program (.bpfasm).")
    private Path file;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "2", description = "Emulated CPUs, 1 to 64 (default 2).")
    private int cpus;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "5s",
            converter = DurationConverter.class,
            description = "How long: 500ms, 5s, 2m, forever (default 5s).")
    private Duration duration;

    @Option(
            names = "--nmi-every",
            paramLabel = "TIME",
            defaultValue = "1ms",
            converter = DurationConverter.class,
            description = "Mean time between two NMIs on a CPU, 0 for none (default 1ms).")
    private Duration nmiEvery;

    @Option(
            names = "--hardirq-every",
            paramLabel = "TIME",
            defaultValue = "1ms",
            converter = DurationConverter.class,
            description = "Mean time between two timer interrupts on a CPU, 0 for none (default 1ms).")
    private Duration hardirqEvery;

    @Option(
            names = "--held-times",
            paramLabel = "N",
            arity = "0..1",
            defaultValue = "0",
            fallbackValue = "16",
            description = "Time how long locks are held, of one acquisition in N (16 where N is not given).")
    private int heldTimes;

    @Option(names = "--per-cpu", description = "Show locks by CPU too.")
    private boolean perCpu;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of random numbers and of the moments at which interrupts land (default 1).")
    private long seed;

    @Option(
            names = "--lock",
            paramLabel = "KIND",
            defaultValue = "queued",
            description = "The lock's algorithm: queued, or tas for the test-and-set fallback (default queued).")
    private LockKind lock;

    @Option(
            names = "--prog",
            paramLabel = "NAME",
            description = "Only the programs of this name; may be given several times.")
    private List<String> programs = List.of();

    @Option(names = "--btf", paramLabel = "FILE", description = "The kernel's types, as for verify.")
    private @Nullable Path btf;

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

    @Option(names = "--strict", description = "Exit with 1 if a program was refused.")
    private boolean strict;

    @Option(
            names = {"-j", "--json"},
            description = "Print the report as JSON.")
    private boolean json;

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    StressCommand() {}

    /** The lock's algorithms. */
    enum LockKind {
        QUEUED,
        TAS
    }

    @Override
    public Integer call() throws InputException, InterruptedException {
        checkOptions();
        Btf kernelTypes = Inputs.kernelTypes(btf);
        ProgramObject object = Inputs.read(file, kernelTypes);
        List<NotAttached> notAttached = new ArrayList<>();
        MachineOptions options = MachineOptions.ofCpus(cpus)
                .withSeed(seed)
                .withTestAndSet(lock == LockKind.TAS)
                .withHeldTimesInterval(heldTimes);
        StressReport report;
        try (Machine machine = new Machine(options)) {
            Stress stress = new Stress(machine, new StressOptions(duration, nmiEvery, hardirqEvery, seed));
            attachAll(machine, object, kernelTypes, notAttached, stress.meters);
            report = stress.run();
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(
                json
                        ? StressJson.of(file.toString(), report, notAttached)
                        : StressText.of(file.toString(), report, notAttached, perCpu, Style.ofStandardOutput()));
        return exitCode(report, notAttached);
    }

    private int exitCode(StressReport report, List<NotAttached> notAttached) {
        boolean failed = report.programs().isEmpty()
                || !report.stuckCpus().isEmpty()
                || !report.faults().isEmpty()
                || (strict && notAttached.stream().anyMatch(NotAttached::refused));
        return failed ? ExitCodes.REFUSED : ExitCodes.GOOD;
    }

    private void checkOptions() {
        if (heldTimes < 0) {
            throw new ParameterException(
                    spec.commandLine(), "--held-times is " + heldTimes + "; it has to be 1 or more, or 0 for none");
        }
        if (cpus < 1 || cpus > MOST_CPUS) {
            throw new ParameterException(spec.commandLine(), "--cpus is " + cpus + "; it has to be 1 to " + MOST_CPUS);
        }
        if (metricsPort != null && (metricsPort < 0 || metricsPort > MOST_PORT)) {
            throw new ParameterException(
                    spec.commandLine(), "--metrics-port is " + metricsPort + "; it has to be 0 to " + MOST_PORT);
        }
    }

    private void attachAll(
            Machine machine, ProgramObject object, Btf kernelTypes, List<NotAttached> notAttached, Meters meters) {
        VerifierOptions options = new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT);
        for (Program program : object.programs()) {
            if (!programs.isEmpty() && !programs.contains(program.name())) {
                continue;
            }
            switch (Verifier.verify(object, program, options)) {
                case Verdict.Accepted accepted -> {
                    meters.countVerdict("accepted");
                    attach(machine, accepted, program, notAttached);
                }
                case Verdict.Rejected rejected -> {
                    meters.countVerdict("rejected");
                    notAttached.add(new NotAttached(
                            program.name(), program.section(), true, rejected.message(), rejected.explanation()));
                }
                case Verdict.Unsupported unsupported -> {
                    meters.countVerdict("unsupported");
                    notAttached.add(new NotAttached(program.name(), program.section(), true, unsupported.what(), ""));
                }
            }
        }
        for (UnlinkedProgram program : object.unlinked()) {
            notAttached.add(new NotAttached(program.name(), program.section(), true, program.reason(), ""));
        }
    }

    private static void attach(
            Machine machine, Verdict.Accepted accepted, Program program, List<NotAttached> notAttached) {
        try {
            machine.attach(machine.load(accepted.program()));
        } catch (MapCreationException | UnsupportedProgramException e) {
            notAttached.add(
                    new NotAttached(program.name(), program.section(), false, String.valueOf(e.getMessage()), ""));
        }
    }

    /** A stress run with its metrics endpoint. */
    private final class Stress {
        private final Machine machine;
        private final StressOptions options;
        private final Meters meters = new Meters(this::snapshot);
        private volatile @Nullable StressDriver driver;

        Stress(Machine machine, StressOptions options) {
            this.machine = machine;
            this.options = options;
        }

        private StressReport snapshot() {
            StressDriver started = driver;
            return (started == null ? new StressDriver(machine, options) : started).snapshot();
        }

        StressReport run() throws InputException, InterruptedException {
            StressDriver started = new StressDriver(machine, options);
            driver = started;
            Thread hook = new Thread(started::stop, "spinbpf-stop");
            Runtime.getRuntime().addShutdownHook(hook);
            Integer port = metricsPort;
            if (port == null) {
                return started.run();
            }
            try (MetricsServer server = MetricsServer.start(metricsHost, port, meters::scrape)) {
                PrintWriter err = spec.commandLine().getErr();
                err.println("spinbpf: metrics at http://" + metricsHost + ":"
                        + server.address().getPort() + "/metrics");
                err.flush();
                return started.run();
            } catch (IOException e) {
                throw new InputException(String.valueOf(e.getMessage()));
            }
        }
    }
}
