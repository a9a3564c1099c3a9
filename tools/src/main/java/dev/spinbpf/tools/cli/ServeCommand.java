package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.serve.Service;
import dev.spinbpf.tools.serve.ServiceOptions;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.http.HttpLimits;
import dev.spinbpf.vm.stress.LockChoice;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.Packets;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.StressOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf serve}: a machine that goes on, over HTTP. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Runs objects on emulated CPUs until it is told to end, and serves over HTTP what happens: metrics for"
                    + " Prometheus, and JSON below /api/v1 to upload, load and attach programs, to read and change maps,"
                    + " to see locks and their failures, and to start and stop the workload.",
            "",
            "It listens on loopback unless --listen says otherwise; other addresses need --token-file. SIGTERM and"
                    + " Ctrl-C answer the requests that are there and end it.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf serve programs/samples/abba.bpf.o",
            "  spinbpf serve --workload programs/samples/abba.yaml --duration forever",
            "  spinbpf serve --listen 127.0.0.1:9500 --cpus 4",
            "  spinbpf serve --listen 0.0.0.0:9464 --token-file token --tls-cert cert.pem \\",
            "      --tls-key key.pem programs/samples/abba.bpf.o",
            "",
            "Exit codes: 1 it cannot go on, 2 wrong usage, a file that cannot be used, or an address that is taken."
        })
final class ServeCommand implements Callable<Integer> {
    /** Options that a workload file replaces. */
    private static final Set<String> IN_WORKLOAD =
            Set.of("--cpus", "--seed", "--nmi-every", "--hardirq-every", "--held-times");

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "OBJECT",
            arity = "0..*",
            description = "BPF objects (.bpf.o) or text programs (.bpfasm); their accepted programs are attached where"
                    + " their sections say.")
    private List<Path> objects = List.of();

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:9464",
            converter = ListenConverter.class,
            description = "Address to listen on; port 0 for any free one (default 127.0.0.1:9464).")
    private InetSocketAddress listen;

    @Option(
            names = "--workload",
            paramLabel = "FILE",
            description = "A workload file (.yaml) instead of OBJECTs; POST /-/reload reads it again.")
    private @Nullable Path workloadFile;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "Length of the workload: 5s, 2m, forever (default: what its file says; else forever)."
                    + " The service goes on after it.")
    private @Nullable Duration duration;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description =
                    "A name by which clients call the service, besides loopback names and its address; may be given"
                            + " several times.")
    private List<String> names = List.of();

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "The token that clients have to show for all but metrics and health.")
    private @Nullable Path tokenFile;

    @Option(names = "--tls-cert", paramLabel = "FILE", description = "Serve HTTPS with this certificate (PEM).")
    private @Nullable Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "The certificate's private key (PEM, PKCS #8).")
    private @Nullable Path key;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description =
                    "Keep objects, programs, maps and workload in this directory; a state that is there goes before"
                            + " OBJECTs and the workload file.")
    private @Nullable Path state;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "2", description = "Emulated CPUs, 1 to 64 (default 2).")
    private int cpus;

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
            description = "Measure how long locks are held, for one acquisition in N (16 if N is not given).")
    private int heldTimes;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of random numbers and of the moments at which interrupts land (default 1).")
    private long seed;

    @Mixin
    private final KernelTypesOption btf = new KernelTypesOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    ServeCommand() {}

    @Override
    public Integer call() throws InputException, InterruptedException {
        checkOptions();
        Set<String> lowerNames =
                names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
        ServiceOptions options =
                new ServiceOptions(listen, lowerNames, tokenFile, certificate, key, state, HttpLimits.DEFAULT);
        Btf kernelTypes = btf.read();
        try {
            Service service = Service.start(options, this::workload, kernelTypes);
            CountDownLatch ended = new CountDownLatch(1);
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(
                            () -> {
                                service.close();
                                ended.countDown();
                            },
                            "spinbpf-stop"));
            PrintWriter err = spec.commandLine().getErr();
            err.println("spinbpf: serving at " + (certificate == null ? "http" : "https") + "://"
                    + listen.getHostString() + ":" + service.address().getPort() + "/");
            err.flush();
            ended.await();
            return ExitCodes.GOOD;
        } catch (IOException e) {
            throw new InputException(
                    "cannot serve on " + listen.getHostString() + ":" + listen.getPort() + ": " + e.getMessage());
        } catch (Refusal e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    private void checkOptions() {
        if (workloadFile != null && !objects.isEmpty()) {
            throw new WrongUsage(spec, "--workload names the objects; leave the OBJECTs out");
        }
        List<String> saidByFile = WorkloadInputs.given(spec, IN_WORKLOAD);
        if (workloadFile != null && !saidByFile.isEmpty()) {
            throw new WrongUsage(spec, String.join(", ", saidByFile) + ": " + workloadFile + " says that");
        }
        if (cpus < 1 || cpus > ProgramWorkload.MOST_CPUS) {
            throw new WrongUsage(spec, "--cpus is " + cpus + "; it has to be 1 to " + ProgramWorkload.MOST_CPUS);
        }
        if (heldTimes < 0) {
            throw new WrongUsage(spec, "--held-times is " + heldTimes + "; it has to be 1 or more, or 0 for none");
        }
        if (certificate == null != (key == null)) {
            throw new WrongUsage(spec, "--tls-cert and --tls-key go together");
        }
    }

    /** Reads the workload file or the objects that the command line names. */
    private ProgramWorkload workload() throws Refusal {
        Path file = workloadFile;
        return lasting(file == null ? ofObjects() : ServedWorkload.of(file));
    }

    private ProgramWorkload lasting(ProgramWorkload workload) {
        return duration == null ? workload : workload.withDuration(duration);
    }

    private ProgramWorkload ofObjects() throws Refusal {
        return new ProgramWorkload(
                cpus,
                LockChoice.QUEUED,
                seed,
                StressOptions.FOREVER,
                heldTimes,
                Pacing.every(nmiEvery),
                Pacing.every(hardirqEvery),
                null,
                ServedWorkload.objects(objects),
                List.of(),
                List.of(),
                List.of(),
                Packets.DEFAULT,
                List.of(),
                List.of());
    }
}
