package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.serve.Service;
import dev.spinbpf.tools.serve.ServiceOptions;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.top.TopFeed;
import dev.spinbpf.tools.top.TopOrder;
import dev.spinbpf.tools.top.TopTerminal;
import dev.spinbpf.tools.top.TopText;
import dev.spinbpf.tools.top.TopView;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.StressOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf top}: locks by failure rate, as they change. */
@Command(
        name = "top",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Shows locks by failure rate with their holders, programs and CPUs, once a second: of a running service"
                    + " (spinbpf serve), or of FILEs that it runs itself.",
            "",
            "On a terminal q ends it, s takes the next order, and f, r, a, w and n order the locks by failures a second, their"
                    + " share, attempts, waits and name. Elsewhere it prints lines. Rates are of the time since the view before, in the"
                    + " first view since the workload began; waits are of all the time.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf top",
            "  spinbpf top programs/samples/abba.yaml",
            "  spinbpf top programs/samples/abba.bpf.o -n 2 | cat",
            "  spinbpf top --server http://127.0.0.1:9464 --json -n 10 --interval 5s",
            "",
            "Exit codes: 0 good, 1 the service refused, 2 wrong usage, a file that cannot be used, or a service that cannot be",
            "reached."
        })
final class TopCommand implements Callable<Integer> {
    private static final Set<String> OF_SERVICE = Set.of("--server", "--token-file", "--ca-cert");

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FILE",
            arity = "0..*",
            description =
                    "BPF objects (.bpf.o) and text programs (.bpfasm), or one workload file (.yaml), to run here.")
    private List<Path> files = List.of();

    @Option(
            names = "--sort",
            paramLabel = "ORDER",
            defaultValue = "failures",
            description = "Order of locks: failures, ratio, attempts, wait or name (default failures).")
    private TopOrder order;

    @Option(
            names = "--interval",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = DurationConverter.class,
            description = "Time between two views (default 1s).")
    private Duration interval;

    @Option(
            names = {"-n", "--count"},
            paramLabel = "COUNT",
            description = "End after so many views.")
    private @Nullable Long count;

    @Mixin
    private final ServerOption server = new ServerOption();

    @Mixin
    private final KernelTypesOption btf = new KernelTypesOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    TopCommand() {}

    @Override
    public Integer call() throws InputException, InterruptedException, ServiceException {
        if (interval.isZero() || interval.compareTo(StressOptions.FOREVER) == 0) {
            throw new WrongUsage(spec, "--interval has to be a time above 0");
        }
        if (count != null && count < 1) {
            throw new WrongUsage(spec, "--count is " + count + "; it has to be 1 or more");
        }
        if (files.isEmpty()) {
            return server.ask(client -> show(client, server.shown(), false));
        }
        List<String> given = WorkloadInputs.given(spec, OF_SERVICE);
        if (!given.isEmpty()) {
            throw new WrongUsage(spec, String.join(", ", given) + ": of a service, or FILEs to run here, not both");
        }
        return runHere(WorkloadInputs.isWorkloadFile(files, spec));
    }

    /** Runs the files as a service on loopback that nobody else knows of. */
    private int runHere(boolean isWorkloadFile) throws InputException, InterruptedException, ServiceException {
        System.setProperty(
                "org.slf4j.simpleLogger.log.serve", "error"); // its lines would stand between those shown here
        Btf kernelTypes = btf.read();
        String source = files.stream().map(InputFiles::shown).collect(Collectors.joining(", "));
        try (Service service = Service.start(ServiceOptions.loopback(0), () -> workload(isWorkloadFile), kernelTypes)) {
            URI url = URI.create("http://127.0.0.1:" + service.address().getPort());
            try (ServiceClient client = new ServiceClient(url, null)) {
                return show(client, source, true);
            }
        } catch (IOException e) {
            throw new InputException("cannot run " + source + ": " + e.getMessage());
        } catch (Refusal e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    private ProgramWorkload workload(boolean isWorkloadFile) throws Refusal {
        return isWorkloadFile
                ? ServedWorkload.of(files.getFirst())
                : ProgramWorkload.of(ServedWorkload.objects(files)).withDuration(StressOptions.FOREVER);
    }

    private int show(ServiceClient client, String source, boolean isHere)
            throws ServiceException, InterruptedException {
        TopFeed feed = new TopFeed(client, source);
        long most = count == null ? Long.MAX_VALUE : count;
        boolean onTerminal = Boolean.getBoolean("spinbpf.stdout.terminal") && !json.isGiven();
        try (TopTerminal terminal = onTerminal ? TopTerminal.open(order) : null) {
            if (terminal != null) {
                terminal.show(feed, interval, most);
                return ExitCodes.GOOD;
            }
        }
        print(feed, most, isHere);
        return ExitCodes.GOOD;
    }

    /** Prints views until there were enough, the workload that runs here has ended, or nobody reads on. */
    private void print(TopFeed feed, long most, boolean isHere) throws ServiceException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        boolean goesOn = true;
        for (long shown = 0; goesOn; shown++) {
            if (shown > 0 || isHere) {
                Thread.sleep(interval);
            }
            TopView view = feed.next();
            if (json.isGiven()) {
                out.print(TopText.json(view, order));
            } else {
                out.print(String.join("\n", TopText.lines(view, order)) + "\n\n");
            }
            out.flush();
            goesOn = shown + 1 < most
                    && !out.checkError()
                    && !(isHere && !view.state().equals("running"));
        }
    }
}
