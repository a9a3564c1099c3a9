package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.client.RemoteObject;
import dev.spinbpf.tools.client.RemoteProgram;
import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.VerifyPrinter;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.tools.workload.WorkloadReader;
import dev.spinbpf.verifier.Verdict;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf load}: gives programs to a service. */
@Command(
        name = "load",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Uploads objects to a running service (spinbpf serve), which verifies them, and loads and attaches their"
                    + " accepted programs where their sections say. An object's name there is its file's without .bpf.o;"
                    + " one of which nothing was loaded is not kept.",
            "",
            "A workload file (.yaml) takes the place of the service's workload, with the objects and captures that it"
                    + " names, and is started. With mistakes the workload before goes on.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf load programs/samples/nesting.bpf.o",
            "  spinbpf load --prog sample programs/samples/nesting.bpf.o",
            "  spinbpf load programs/samples/abba.yaml",
            "  spinbpf load mine.bpf.o --server http://127.0.0.1:9500",
            "",
            "Exit codes: 0 all programs were accepted and are attached, 1 some were refused, 2 wrong usage, a file that",
            "cannot be read, or the service cannot be reached."
        })
final class LoadCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "BPF objects (.bpf.o) and text programs (.bpfasm), or one workload file (.yaml).")
    private List<Path> files;

    @Mixin
    private final ProgramNames programs = new ProgramNames();

    @Mixin
    private final ServerOption server = new ServerOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    /** The results of loading and attaching, besides the verdicts. */
    private final List<String> attached = new ArrayList<>();

    private final List<String> problems = new ArrayList<>();
    private final List<String> seen = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    LoadCommand() {}

    @Override
    public Integer call() throws InputException, InterruptedException, ServiceException, WorkloadFileException {
        if (!WorkloadInputs.isWorkloadFile(files, spec)) {
            return server.ask(this::load);
        }
        if (!programs.list().isEmpty()) {
            throw new WrongUsage(spec, "--prog: the workload file says which programs of its objects take part");
        }
        WorkloadLoading workload = WorkloadLoading.read(files.getFirst());
        return server.ask(client -> load(client, workload));
    }

    private int load(ServiceClient client, WorkloadLoading workload) throws ServiceException, InterruptedException {
        List<VerifyRow> rows = new ArrayList<>();
        for (RemoteObject object : workload.send(client)) {
            for (RemoteProgram program : object.programs()) {
                if (workload.includes(object.name(), program.name())) {
                    rows.add(row(workload.fileOf(object), program));
                }
                if (!program.hook().isEmpty()) {
                    attached.add(attachedLine(object.name(), program.name(), program.hook()));
                }
            }
        }
        return report(rows);
    }

    /** A file that is to be loaded: all are read before the first is uploaded. */
    private record Upload(String fileName, String objectName, byte[] contents) {}

    private int load(ServiceClient client) throws ServiceException, InputException, InterruptedException {
        List<Upload> uploads = new ArrayList<>();
        for (Path file : files) {
            String name = InputFiles.nameOf(file);
            uploads.add(new Upload(name, WorkloadReader.objectName(name), InputFiles.bytesOf(file, true)));
        }
        List<VerifyRow> rows = new ArrayList<>();
        for (Upload upload : uploads) {
            rows.addAll(load(client, upload));
        }
        if (rows.isEmpty() && problems.isEmpty() && !programs.list().isEmpty()) {
            throw new InputException("no program named " + InputFiles.listed(programs.list()) + "; there are "
                    + InputFiles.listed(seen));
        }
        return report(rows);
    }

    /** Prints what came of it; returns the exit code. */
    private int report(List<VerifyRow> rows) {
        PrintWriter out = spec.commandLine().getOut();
        VerifyPrinter.Format format = json.isGiven() ? VerifyPrinter.Format.JSON : VerifyPrinter.Format.TABLE;
        VerifyPrinter report = VerifyPrinter.of(format, out, Style.ofStandardOutput(), false);
        report.begin();
        rows.forEach(report::add);
        if (!rows.isEmpty() || json.isGiven()) {
            report.end();
        }
        boolean allAccepted = rows.stream().allMatch(row -> row.verdict() == VerifyRow.Outcome.SUCCESS);
        if (!json.isGiven()) {
            attached.forEach(line -> out.print(line + '\n'));
        }
        problems.forEach(line -> spec.commandLine().getErr().println("spinbpf: " + line));
        return allAccepted && problems.isEmpty() ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }

    /** Uploads a file, and attaches its programs. Returns a row for each program that is meant. */
    private List<VerifyRow> load(ServiceClient client, Upload upload) throws ServiceException, InterruptedException {
        RemoteObject object;
        try {
            object = client.upload(upload.objectName(), upload.contents());
        } catch (ServiceException e) {
            problem(upload.fileName(), e);
            return List.of();
        }
        List<VerifyRow> rows = new ArrayList<>();
        boolean isLoaded = false;
        for (RemoteProgram program : object.programs()) {
            seen.add(program.name());
            if (programs.include(program.name())) {
                rows.add(row(upload.fileName(), program));
                isLoaded |= program.isAccepted() && attach(client, upload, program.name());
            }
        }
        if (!isLoaded) {
            client.remove(object.name());
        }
        return rows;
    }

    /** Loads and attaches a program; returns true if it is loaded. */
    private boolean attach(ServiceClient client, Upload upload, String program)
            throws ServiceException, InterruptedException {
        boolean isLoaded = false;
        try {
            isLoaded = client.load(upload.objectName(), program).isLoaded();
            String hook = client.attach(upload.objectName(), program).hook();
            attached.add(attachedLine(upload.objectName(), program, hook));
        } catch (ServiceException e) {
            problem(upload.fileName() + ": " + program, e);
        }
        return isLoaded;
    }

    private static String attachedLine(String object, String program, String hook) {
        return "attached " + object + "/" + program + " to " + hook;
    }

    /** Notes what the service refused; where it cannot be asked any further, the command ends. */
    private void problem(String about, ServiceException e) throws ServiceException {
        if (!e.isRefusal() || e.isAboutToken()) {
            throw e;
        }
        problems.add(about + ": " + e.getMessage());
    }

    private static VerifyRow row(String fileName, RemoteProgram program) {
        VerifyRow.Outcome outcome = program.isAccepted()
                ? VerifyRow.Outcome.SUCCESS
                : program.isSupported() ? VerifyRow.Outcome.FAILURE : VerifyRow.Outcome.UNSUPPORTED;
        String explanation = program.isSupported() ? program.explanation() : FileVerification.NOT_SUPPORTED;
        RemoteProgram.Verification took = program.verification();
        return new VerifyRow(
                fileName,
                program.name(),
                program.type(),
                outcome,
                new Verdict.Stats(
                        Math.clamp(took.insns(), 0, Integer.MAX_VALUE),
                        Math.clamp(took.totalStates(), 0, Integer.MAX_VALUE),
                        Math.clamp(took.peakStates(), 0, Integer.MAX_VALUE),
                        took.durationNanos()),
                new VerifyRow.Reason(program.message(), explanation),
                "");
    }
}
