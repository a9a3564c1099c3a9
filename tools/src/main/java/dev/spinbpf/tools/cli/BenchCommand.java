package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.report.BenchReport;
import dev.spinbpf.tools.report.BenchRow;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.RunResult;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.PiecedCode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf bench}: how long programs take. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Runs each accepted program of an object many times and prints how many nanoseconds a run takes. The programs run one"
                    + " after the other, in the file's order, on one machine, so they share the object's maps.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf bench programs/samples/packet_counter.bpf.o",
            "  spinbpf bench build/maps.bpf.o --prog lookup --samples 21 -o tsv",
            "  spinbpf bench kernels/crc32.bin --mem kernels/crc32.mem",
            "",
            "A file that ends in .bin holds bare instructions; they run unverified, with r1 pointing to the bytes of --mem.",
            "Refused programs are reported and skipped. Exit codes: 0 the accepted programs ran, 1 none was accepted or"
                    + " one of them failed while running, 2 wrong usage or a file that cannot be read."
        })
final class BenchCommand implements Callable<Integer> {
    private static final long SAMPLE_NANOS = 20_000_000;
    private static final int MOST_SAMPLES = 1_000_000;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FILE",
            description = "A BPF object (.bpf.o), text program (.bpfasm) or file of instructions (.bin).")
    private Path file;

    @Mixin
    private final ProgramNames programs = new ProgramNames();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "Output format: table, tsv (program, best_ns, median_ns, r0) or json.")
    private BenchReport.Format format;

    @Option(
            names = {"-j", "--json"},
            description = "The same as -o json.")
    private boolean json;

    @Option(
            names = "--warmup",
            paramLabel = "TIME",
            defaultValue = "500ms",
            converter = DurationConverter.class,
            description = "Warm-up of each program before its samples; at least one run (default 500ms).")
    private Duration warmup;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "9",
            description = "Samples of each program (default 9).")
    private int samples;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "0",
            description = "Runs in each sample (default: as many as take 20 ms).")
    private int repeat;

    @Option(
            names = "--ctx",
            paramLabel = "FILE|hex:BYTES",
            description = "The packet or context, as for run; built again for each run.")
    private @Nullable String context;

    @Option(
            names = "--mem",
            paramLabel = "FILE|hex:BYTES",
            description = "For .bin files: the memory that r1 points to; restored for each run.")
    private @Nullable String memory;

    @Option(
            names = {"-v", "--verbose"},
            description = "Say on the standard error, after each program, if it was compiled, and why not.")
    private boolean verbose;

    @Mixin
    private final MachineArguments arguments = new MachineArguments();

    @Mixin
    private final KernelTypesOption btf = new KernelTypesOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    BenchCommand() {}

    @Override
    public Integer call() throws InputException {
        boolean raw = RawProgram.isNamed(file);
        checkOptions(raw);
        String given = raw ? memory : context;
        byte[] input = given == null ? null : InputFiles.contextBytes(given);
        Btf kernelTypes = btf.read();
        ProgramObject object = raw ? RawProgram.read(file) : InputFiles.read(file, kernelTypes);
        InputFiles.requirePrograms(object, programs.list());
        try (Machine machine = new Machine(arguments.options())) {
            List<LoadedProgram> loaded = LoadedPrograms.load(machine, object, kernelTypes, this::complain);
            PrintWriter err = spec.commandLine().getErr();
            loaded.forEach(program -> InputFiles.printMissing(InputFiles.shown(file), program, err));
            boolean good = measure(machine, loaded, input == null && raw ? new byte[0] : input);
            return good ? ExitCodes.GOOD : ExitCodes.REFUSED;
        } catch (MapCreationException e) {
            complain(e.getMessage());
            return ExitCodes.REFUSED;
        }
    }

    private void checkOptions(boolean raw) {
        atLeast("--samples", samples, 1, MOST_SAMPLES);
        atLeast("--repeat", repeat, 0, Integer.MAX_VALUE);
        arguments.check();
        if (warmup.equals(DurationConverter.FOREVER)) {
            throw new WrongUsage(spec, "--warmup has to end");
        }
        if (raw ? context != null : memory != null) {
            throw new WrongUsage(
                    spec, raw ? "a .bin file has no context: give --mem instead of --ctx" : "--mem is for .bin files");
        }
    }

    private void atLeast(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new WrongUsage(spec, option + " is " + value + "; it has to be " + least + " to " + most);
        }
    }

    private void complain(@Nullable String what) {
        spec.commandLine().getErr().println("spinbpf: " + InputFiles.shown(file) + ": " + what);
    }

    private boolean measure(Machine machine, List<LoadedProgram> loaded, byte @Nullable [] input) {
        BenchReport report = BenchReport.of(
                json ? BenchReport.Format.JSON : format, spec.commandLine().getOut(), Style.ofStandardOutput());
        Progress progress = Progress.ofStandardError();
        boolean any = false;
        boolean good = true;
        report.begin();
        for (LoadedProgram program : loaded) {
            if (programs.include(program.name())) {
                progress.step(program.name());
                BenchRow row = rowOf(machine, program, input);
                progress.clear();
                if (verbose) {
                    complain(program.name() + " is " + engine(program.code()));
                }
                any = true;
                good &= row != null;
                if (row != null) {
                    report.add(row);
                }
            }
        }
        report.end();
        return any && good;
    }

    private static String engine(Code code) {
        if (code.machineCode() instanceof PiecedCode large) {
            return "compiled: " + large.open() + " of its " + large.pieces() + " pieces until now";
        }
        if (code.machineCode() != null) {
            return "compiled";
        }
        String reason = code.interpretedBecause();
        return reason == null ? "interpreted" : "interpreted: " + reason;
    }

    /** Null where the program failed. */
    private @Nullable BenchRow rowOf(Machine machine, LoadedProgram program, byte @Nullable [] input) {
        long startNanos = System.nanoTime();
        RunResult result;
        int runs = 1;
        do {
            result = run(machine, program, input, runs);
            runs = repeat != 0 ? repeat : runsOf(result);
        } while (result.fault() == null && System.nanoTime() - startNanos < warmup.toNanos());
        double[] nanosPerRun = new double[samples];
        for (int i = 0; i < samples && result.fault() == null; i++) {
            result = run(machine, program, input, runs);
            nanosPerRun[i] = result.nanosPerRun();
        }
        if (result.fault() != null) {
            complain(result.fault().describe());
            return null;
        }
        boolean returnsInt = program.program().type() != ProgType.UNSPEC;
        return new BenchRow(program.name(), nanosPerRun, runs, result.insns(), result.r0(), returnsInt);
    }

    private static int runsOf(RunResult result) {
        return (int) Math.clamp(SAMPLE_NANOS / Math.max(result.nanosPerRun(), 1), 1, 1 << 20);
    }

    private static RunResult run(Machine machine, LoadedProgram program, byte @Nullable [] input, int runs) {
        return program.program().type() == ProgType.UNSPEC && input != null
                ? machine.runOnMemory(program, input, 0, runs)
                : machine.run(program, input, 0, runs);
    }
}
