package dev.spinbpf.tools.selftest;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.VerifiedProgram;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.RunResult;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Judges the programs of an object by their tags. */
public final class ProgramTest {
    private static final int TEST_DATA_BYTES = 64;
    /** Parts of messages about what a module of the kernel would have. */
    private static final Pattern NOT_THERE = Pattern.compile(
            "is referenced but wasn't resolved|failed to find kernel BTF type ID|is not found in kernel BTF");

    private static final String NOT_RUN = "cannot be run";
    private static final double NANOS_PER_SECOND = 1e9;

    private final ProgramObject object;
    private final Function<String, @Nullable ProgramObject> relocated;
    private final String file;
    private final VerifierOptions options;

    /**
     * @param relocated the same object, relocated for the types of a file with that name; null if they cannot be read
     * @param file the object's name in reports
     * @param options the kernel whose rules hold, with its types
     */
    public ProgramTest(
            ProgramObject object,
            Function<String, @Nullable ProgramObject> relocated,
            String file,
            VerifierOptions options) {
        this.object = object;
        this.relocated = relocated;
        this.file = file;
        this.options = options;
    }

    /** Returns a result for each program that has tags, in the order of the object. */
    public List<TestResult> results() {
        List<TestResult> results = new ArrayList<>();
        for (Program program : object.programs()) {
            TestSpec spec = TestSpec.of(object.btf(), program.name());
            if (spec.isTagged() || spec.isAuxiliary()) {
                results.add(result(program, spec));
            }
        }
        return results;
    }

    private TestResult result(Program program, TestSpec spec) {
        String skipped = spec.skipped();
        if (skipped != null) {
            return new TestResult(file, program.name(), TestResult.Outcome.SKIPPED, skipped, List.of(), 0);
        }
        long start = System.nanoTime();
        String problem;
        try {
            problem = problem(program, spec);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            problem = "internal error: " + e;
        }
        double seconds = (System.nanoTime() - start) / NANOS_PER_SECOND;
        if (problem != null && NOT_THERE.matcher(problem).find()) {
            String reason = "needs what this kernel does not have: " + problem;
            return new TestResult(file, program.name(), TestResult.Outcome.SKIPPED, reason, List.of(), seconds);
        }
        if (problem != null && problem.startsWith(NOT_RUN)) {
            List<String> notJudged = new ArrayList<>(spec.notJudged());
            notJudged.add("test_retval, as it " + problem);
            return new TestResult(file, program.name(), TestResult.Outcome.PASSED, "", notJudged, seconds);
        }
        return problem == null
                ? new TestResult(file, program.name(), TestResult.Outcome.PASSED, "", spec.notJudged(), seconds)
                : new TestResult(file, program.name(), TestResult.Outcome.FAILED, problem, spec.notJudged(), seconds);
    }

    /** Returns the first expectation that does not hold, or null. */
    private @Nullable String problem(Program program, TestSpec spec) {
        VerifierOptions asLoaded = options.withAllPaths(spec.wantsAllPaths())
                .withStatistics(spec.wantsStatistics())
                .withFlags(new VerifierOptions.LoadFlags(
                        spec.flags().contains(TestSpec.STRICT_ALIGNMENT),
                        spec.flags().contains(TestSpec.STATES_OFTEN)));
        ProgramObject own = spec.typesFile().isEmpty() ? object : relocated.apply(spec.typesFile());
        if (own == null) {
            return "the types of " + spec.typesFile() + " cannot be read";
        }
        Program loaded = own.programs().stream()
                .filter(other -> other.name().equals(program.name()))
                .findFirst()
                .orElse(program);
        Verdict verdict = Verifier.verify(
                own, spec.flags().contains(TestSpec.SLEEPABLE) ? loaded.asSleepable() : loaded, asLoaded);
        String log;
        switch (verdict) {
            case Verdict.Unsupported unsupported -> {
                return unsupported.what();
            }
            case Verdict.Rejected refused -> {
                if (!spec.expectsFailure()
                        || NOT_THERE.matcher(refused.message()).find()) {
                    return "is refused: " + refused.message();
                }
                log = refused.log().contains(refused.message())
                        ? refused.log()
                        : refused.log() + refused.message() + '\n';
            }
            case Verdict.Accepted accepted -> {
                if (spec.expectsFailure()) {
                    return "is accepted, and has to be refused";
                }
                log = accepted.log();
            }
        }
        String problem = ExpectedText.problem(log, spec.messages());
        if (problem != null && verdict instanceof Verdict.Rejected refused) {
            return problem + "; it is refused with: " + refused.message();
        }
        boolean runs = spec.retval().isPresent() && verdict instanceof Verdict.Accepted;
        return problem == null && runs
                ? returned(((Verdict.Accepted) verdict).program(), spec.retval().orElseThrow())
                : problem;
    }

    /** Loads the programs that the object's maps hold, such as targets of tail calls. */
    private void loadHeld(Machine machine) throws MapCreationException {
        for (Program program : object.programs()) {
            boolean isHeld = object.maps().stream()
                    .flatMap(map -> map.slots().stream())
                    .anyMatch(slot -> program.name().equals(slot.target()));
            if (isHeld && Verifier.verify(object, program, options) instanceof Verdict.Accepted accepted) {
                machine.load(accepted.program());
            }
        }
    }

    private @Nullable String returned(VerifiedProgram program, String expected) {
        Long wanted = number(expected);
        if (wanted == null) {
            return null; // a value that stands for any
        }
        try (Machine machine = new Machine(MachineOptions.ofCpus(2))) {
            loadHeld(machine);
            LoadedProgram loaded = machine.load(program);
            byte[] input = takesPackets(program.program().type()) ? new byte[TEST_DATA_BYTES] : null;
            RunResult result = machine.run(loaded, input, 0, 1);
            if (result.fault() != null
                    && loaded.missing().contains(result.fault().reason())) {
                return NOT_RUN + ": " + result.fault().reason();
            }
            if (result.fault() != null) {
                return "a run ends with a fault: " + result.fault();
            }
            int r0 = (int) result.r0();
            return r0 == wanted.intValue() ? null : "returns " + r0 + ", and has to return " + wanted.intValue();
        } catch (MapCreationException | UnsupportedProgramException e) {
            return NOT_RUN + ": " + e.getMessage();
        }
    }

    private static boolean takesPackets(ProgType type) {
        return switch (type) {
            case SOCKET_FILTER,
                    SCHED_CLS,
                    SCHED_ACT,
                    XDP,
                    CGROUP_SKB,
                    LWT_IN,
                    LWT_OUT,
                    LWT_XMIT,
                    LWT_SEG6LOCAL,
                    SK_SKB -> true;
            default -> false;
        };
    }

    /** The value of a tag; null for the one that stands for any pointer. */
    private static @Nullable Long number(String text) {
        return switch (text) {
            case "_INT_MIN", "INT_MIN" -> (long) Integer.MIN_VALUE;
            case "0xbadcafe", "POINTER_VALUE" -> null;
            default -> {
                try {
                    yield Long.decode(text);
                } catch (NumberFormatException e) {
                    yield null;
                }
            }
        };
    }
}
