package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.report.RunReport;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.tools.snapshot.LiveMaps;
import dev.spinbpf.tools.snapshot.SnapshotDirectory;
import dev.spinbpf.tools.snapshot.SnapshotException;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.VerifiedProgram;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.RunInput;
import dev.spinbpf.vm.RunResult;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.stress.Loading;
import dev.spinbpf.vm.stress.LockChoice;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf run}: one program, as {@code BPF_PROG_TEST_RUN} runs it. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Verifies a program and runs it on one emulated CPU; prints R0, the time, its output and, on request, the"
                    + " maps.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf run programs/samples/lock_in_map_value.bpf.o --repeat 1000 --dump-maps",
            "  spinbpf run programs/samples/tail_calls.bpf.o --prog entry",
            "  spinbpf run programs/samples/packet_counter.bpf.o --ctx packet.bin --json",
            "  spinbpf run programs/samples/nesting.bpf.o --prog remember --on sample=map-update-under-lock",
            "  spinbpf run programs/samples/nesting.bpf.o --prog remember --attach sample=nmi --repeat 100",
            "  spinbpf run scheduler.bpf.o --btf vmlinux --prog enqueue --task pid=42,comm=nginx --arg 1=task:42",
            "  spinbpf run programs/samples/packet_counter.bpf.o --load-maps state \\",
            "      --save-maps state",
            "",
            "Exit codes: 0 the program ran, 1 it was refused or failed, 2 wrong usage or a file that cannot be read."
        })
final class RunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A BPF object (.bpf.o) or text program (.bpfasm).")
    private Path file;

    @Option(
            names = "--prog",
            paramLabel = "NAME",
            description = "The program, or the member of a struct that it is for (enqueue, sched_ext_ops.enqueue);"
                    + " needed if the object has several.")
    private @Nullable String program;

    @Option(
            names = "--ctx",
            paramLabel = "FILE|hex:BYTES",
            description = "The packet, or for other programs the context (default: a short UDP packet, or zeros).")
    private @Nullable String context;

    @Mixin
    private final MachineArguments arguments = new MachineArguments();

    @Option(names = "--cpu", paramLabel = "N", defaultValue = "0", description = "The CPU to run on (default 0).")
    private int cpu;

    @Option(names = "--repeat", paramLabel = "N", defaultValue = "1", description = "Number of runs (default 1).")
    private int repeat;

    @Option(
            names = "--lock",
            paramLabel = "KIND",
            defaultValue = "queued",
            description = "The lock's algorithm: queued, or tas for the test-and-set fallback (default queued).")
    private LockChoice lock;

    @Option(
            names = "--settle",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = DurationConverter.class,
            description = "How long to wait afterwards for timers that the program started, at most (default 1s).")
    private Duration settle;

    @Option(names = "--dump-maps", description = "Print the maps and global data afterwards, by their types.")
    private boolean dumpMaps;

    @Option(
            names = "--load-maps",
            paramLabel = "DIR",
            description = "First fill the maps with what was saved in the directory, by name.")
    private @Nullable Path loadMaps;

    @Option(
            names = "--save-maps",
            paramLabel = "DIR",
            description = "Save the maps in the directory afterwards, for --load-maps and spinbpf map.")
    private @Nullable Path saveMaps;

    @Mixin
    private final ArgumentOption argument = new ArgumentOption();

    @Mixin
    private final TaskOption task = new TaskOption();

    @Mixin
    private final AttachOption attach = new AttachOption();

    @Mixin
    private final OnOption on = new OnOption();

    @Mixin
    private final LoadingOptions loading = new LoadingOptions();

    @Mixin
    private final RunningKernelOption kernel = new RunningKernelOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    RunCommand() {}

    @Override
    public Integer call() throws InputException {
        checkOptions();
        byte[] input = context == null ? null : InputFiles.contextBytes(context);
        Loading settings = loading.loading().withConfig(kernel.config());
        Btf kernelTypes = InputFiles.kernelTypes(kernel.file(List.of(file), settings));
        ProgramObject object = InputFiles.read(file, settings.readOptions(kernelTypes));
        InputFiles.printNotes(object, spec.commandLine().getErr());
        Program chosen = InputFiles.program(object, program);
        int longest = Machine.maxInputBytes(chosen.type());
        if (input != null && input.length > longest) {
            throw new InputException("--ctx: has " + input.length + " bytes; a program of type "
                    + chosen.type().display() + " gets at most " + longest);
        }
        VerifiedProgram verified = verify(object, chosen, kernelTypes);
        if (verified == null) {
            return ExitCodes.REFUSED;
        }
        MachineOptions options =
                arguments.options().withTestAndSet(lock == LockChoice.TAS).withTasks(task.tasks(arguments.cpus()));
        try (Machine machine = new Machine(options)) {
            LoadedProgram loaded = machine.load(verified);
            InputFiles.printMissing(
                    InputFiles.shown(file), loaded, spec.commandLine().getErr());
            loadRest(machine, object, chosen, kernelTypes);
            nest(machine, object, kernelTypes);
            restoreMaps(machine, object);
            ContextLevel level = interrupt(machine, object, chosen, kernelTypes);
            register(machine, object, chosen, kernelTypes);
            RunInput how = new RunInput(input, argument.values(machine, loaded), level);
            RunResult result = machine.runWith(loaded, how, cpu, repeat);
            long waitingNanos =
                    machine.settle(settle.equals(DurationConverter.FOREVER) ? Long.MAX_VALUE / 2 : settle.toNanos());
            if (saveMaps != null) {
                saveMaps(saveMaps, machine, object);
            }
            RunReport report = new RunReport(machine, object, loaded, result, waitingNanos, dumpMaps);
            spec.commandLine().getOut().print(json.isGiven() ? report.json() : report.text(Style.ofStandardOutput()));
            return result.fault() == null && machine.deadlock() == null ? ExitCodes.GOOD : ExitCodes.REFUSED;
        } catch (MapCreationException | UnsupportedProgramException e) {
            return refuse(chosen, ": ", VerifyRow.Outcome.ERROR, String.valueOf(e.getMessage()), "");
        }
    }

    private void restoreMaps(Machine machine, ProgramObject object) throws InputException, MapCreationException {
        if (loadMaps == null) {
            return;
        }
        try {
            List<String> missing = LiveMaps.restore(SnapshotDirectory.read(loadMaps), machine, object);
            if (!missing.isEmpty()) {
                spec.commandLine()
                        .getErr()
                        .println("spinbpf: " + file + " has no maps " + String.join(", ", missing)
                                + "; what was saved of them is left out");
            }
        } catch (SnapshotException e) {
            throw new InputException("--load-maps: " + e.getMessage());
        }
    }

    private static void saveMaps(Path directory, Machine machine, ProgramObject object)
            throws InputException, MapCreationException {
        try (SnapshotDirectory locked = SnapshotDirectory.open(directory)) {
            locked.write(LiveMaps.snapshot(machine, object));
        } catch (SnapshotException e) {
            throw new InputException("--save-maps: " + e.getMessage());
        }
    }

    private void checkOptions() {
        arguments.check();
        if (cpu < 0 || cpu >= arguments.cpus()) {
            throw new WrongUsage(
                    spec,
                    "--cpu is " + cpu + "; with --cpus " + arguments.cpus() + " it has to be 0 to "
                            + (arguments.cpus() - 1));
        }
        if (lock == LockChoice.BOTH) {
            throw new WrongUsage(spec, "--lock both is for stress --mode torture");
        }
        if (argument.isGiven() && context != null) {
            throw new WrongUsage(spec, "--arg and --ctx both say what the program gets; leave one out");
        }
        if (repeat < 1) {
            throw new WrongUsage(spec, "--repeat is " + repeat + "; it has to be 1 or more");
        }
    }

    private @Nullable VerifiedProgram verify(ProgramObject object, Program chosen, Btf kernelTypes) {
        VerifierOptions options = new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT);
        return switch (Verifier.verify(object, chosen, options)) {
            case Verdict.Accepted accepted -> accepted.program();
            case Verdict.Rejected rejected -> {
                String why = rejected.explanation().text();
                refuse(chosen, " was refused: ", VerifyRow.Outcome.FAILURE, rejected.message(), why);
                yield null;
            }
            case Verdict.Unsupported unsupported -> {
                refuse(chosen, ": ", VerifyRow.Outcome.UNSUPPORTED, unsupported.what(), "");
                yield null;
            }
        };
    }

    private int refuse(Program chosen, String verb, VerifyRow.Outcome verdict, String message, String explanation) {
        if (json.isGiven()) {
            String report = RunReport.refused(InputFiles.shown(file), chosen.name(), verdict, message, explanation);
            spec.commandLine().getOut().print(report);
        } else {
            PrintWriter err = spec.commandLine().getErr();
            err.println("spinbpf: " + InputFiles.shown(file) + ": " + chosen.name() + verb + message);
            explanation.lines().forEach(line -> err.println("  " + line));
        }
        return ExitCodes.REFUSED;
    }

    /** Nests the programs of {@code --on}, which are verified and loaded for that. */
    private void nest(Machine machine, ProgramObject object, Btf kernelTypes)
            throws InputException, MapCreationException {
        for (Attachment how : on.attachments(Map.of(InputFiles.shown(file), object), arguments.cpus())) {
            LoadedProgram nested = load("--on", machine, object, how.program(), kernelTypes);
            machine.hooks().attach(nested, HookTable.of(nested.program(), how.hook()), how.cpus());
        }
    }

    /**
     * Makes the programs of {@code --attach} interrupt the run; returns the level that it gives the program that runs, or
     * null.
     */
    private @Nullable ContextLevel interrupt(Machine machine, ProgramObject object, Program chosen, Btf kernelTypes)
            throws InputException, MapCreationException {
        ContextLevel own = null;
        for (Attachment how : attach.attachments(Map.of(InputFiles.shown(file), object), arguments.cpus())) {
            if (how.pacing().isPaced()) {
                throw new InputException("--attach: a run has no clock for 'every'; stress has one");
            }
            if (!how.cpus().contains(cpu)) {
                throw new InputException("--attach: '" + how.program() + "' is not on CPU " + cpu
                        + ", on which the program runs; --cpu names another one");
            }
            Program program = InputFiles.program(object, how.program());
            ContextLevel level = Objects.requireNonNull(how.level());
            if (program.equals(chosen)) {
                own = level;
            } else {
                LoadedProgram other = load("--attach", machine, object, how.program(), kernelTypes);
                machine.interruptRuns(other, HookTable.of(program), level, how.cpus());
            }
        }
        return own;
    }

    /** Registers the scheduler that a program is part of: its init runs first. */
    private void register(Machine machine, ProgramObject object, Program chosen, Btf kernelTypes)
            throws InputException, MapCreationException {
        Program init = MemberNames.registration(object, chosen);
        if (init == null) {
            return;
        }
        RunResult result = machine.run(load("--prog", machine, object, init.name(), kernelTypes), null, cpu, 1);
        if (result.fault() != null || (int) result.r0() != 0) {
            throw new InputException(InputFiles.shown(file) + ": Linux does not register the struct of "
                    + chosen.name() + ": " + init.name() + " "
                    + (result.fault() == null
                            ? "returned " + (int) result.r0()
                            : result.fault().reason()));
        }
    }

    /** Returns a program that the run needs besides its own, verified and loaded. */
    private static LoadedProgram load(
            String option, Machine machine, ProgramObject object, String name, Btf kernelTypes)
            throws InputException, MapCreationException {
        LoadedProgram known = loaded(machine, name);
        if (known != null) {
            return known;
        }
        VerifierOptions options = new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT);
        Program program = InputFiles.program(object, name);
        if (Verifier.verify(object, program, options) instanceof Verdict.Accepted accepted) {
            return machine.load(accepted.program());
        }
        throw new InputException(option + ": Linux refuses '" + name + "'; spinbpf verify says why");
    }

    private static @Nullable LoadedProgram loaded(Machine machine, String name) {
        return machine.programs().stream()
                .filter(program -> program.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** Tail calls reach the object's other programs through its program arrays, so that those are loaded too. */
    private static void loadRest(Machine machine, ProgramObject object, Program chosen, Btf kernelTypes)
            throws MapCreationException {
        Verifier verifier = new Verifier(object, new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT));
        for (Program other : object.programs()) {
            boolean isTarget = object.maps().stream().anyMatch(map -> map.slots().stream()
                    .anyMatch(slot -> slot.target().equals(other.name())));
            if (isTarget
                    && !other.name().equals(chosen.name())
                    && verifier.verify(other) instanceof Verdict.Accepted accepted) {
                machine.load(accepted.program());
            }
        }
    }
}
