package dev.spinbpf.verifier;

import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnresolvedReloc;
import dev.spinbpf.verifier.attach.ContextAccessRules;
import dev.spinbpf.verifier.attach.ReturnCodeRules;
import dev.spinbpf.verifier.call.KernelCallChecker;
import dev.spinbpf.verifier.check.MemoryAccessChecker;
import dev.spinbpf.verifier.explain.Explainer;
import dev.spinbpf.verifier.explain.LockRecorder;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.ExplorationObserver;
import dev.spinbpf.verifier.flow.FunctionStatistics;
import dev.spinbpf.verifier.flow.InsnTrace;
import dev.spinbpf.verifier.flow.ObjectUnit;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.flow.Services;
import dev.spinbpf.verifier.flow.TargetProgram;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.log.LogStatePrinter;
import dev.spinbpf.verifier.prune.BacktrackingPrecision;
import dev.spinbpf.verifier.prune.ExploredStateCache;
import dev.spinbpf.verifier.prune.LivenessPass;
import dev.spinbpf.verifier.prune.StackLiveness;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.state.RegType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether Linux would let a program run, by walking all its paths over abstract values, for a user with all
 * capabilities.
 */
public final class Verifier {
    private final ProgramObject object;
    private final VerifierOptions options;
    private final Kernel kernel;
    private @Nullable ObjectUnit objectUnit;

    /**
     * A verifier of the programs of one object, for one thread: what they have in common is found out once.
     *
     * @param object the object that the programs' maps, kernel functions and types belong to
     */
    public Verifier(ProgramObject object, VerifierOptions options) {
        this.object = object;
        this.options = options;
        kernel = Kernel.of(options.kernel());
    }

    /**
     * Verifies one program of the object.
     *
     * @return accepted, rejected with Linux's message, or unsupported by name; never throws for what a program does
     */
    public Verdict verify(Program program) {
        return verify(program, _ -> {});
    }

    /**
     * Verifies one program of an object.
     *
     * @param object the object that the program's maps, kernel functions and types belong to
     * @param program one of its programs
     * @return accepted, rejected with Linux's message, or unsupported by name; never throws for what a program does
     */
    public static Verdict verify(ProgramObject object, Program program, VerifierOptions options) {
        return new Verifier(object, options).verify(program);
    }

    /**
     * Verifies one program of an object, and notes the locks that it takes on its paths.
     *
     * @param object the object that the program belongs to
     * @param program one of its programs
     * @return the verdict of {@link #verify(ProgramObject, Program, VerifierOptions)}, with the uses of locks
     */
    public static LockVerdict locks(ProgramObject object, Program program, VerifierOptions options) {
        var recorder = new LockRecorder();
        Verdict verdict = new Verifier(object, options).verify(program, path -> path.callObserver = recorder);
        return new LockVerdict(verdict, recorder.uses(), recorder.isComplete());
    }

    /**
     * Verifies one program of an object to which others attach.
     *
     * @param object the object that the program belongs to
     * @param program one of its programs
     * @return the verdict of {@link #verify(ProgramObject, Program, VerifierOptions)}, and the target if it was accepted
     */
    public static TargetVerdict target(ProgramObject object, Program program, VerifierOptions options) {
        var paths = new ArrayList<Exploration>();
        Verdict verdict = new Verifier(object, options).verify(program, paths::add);
        return new TargetVerdict(
                verdict,
                verdict instanceof Verdict.Accepted ? new VerifiedTarget(TargetProgram.of(paths.getFirst())) : null);
    }

    /**
     * As {@link #verify(ProgramObject, Program, VerifierOptions)}, for tests of what is explored.
     *
     * @param observer sees what is explored; null for nobody
     * @param comparesAllScalars whether pruning compares all scalars, whether they matter to safety or not
     */
    static Verdict verify(
            ProgramObject object,
            Program program,
            VerifierOptions options,
            @Nullable ExplorationObserver observer,
            boolean comparesAllScalars) {
        return new Verifier(object, options).verify(program, path -> {
            path.observer = observer;
            path.comparesAllScalars = comparesAllScalars;
        });
    }

    /** Returns the explanation of a program whose section says no type, which libbpf does not load. */
    public static Explanation explainUnknownSection(String section) {
        return Explainer.explainUnknownSection(section);
    }

    /** Returns the explanation of a loading that ended before a program was verified. */
    public static Explanation explain(LoadRefusal refusal) {
        return Explainer.explain(refusal);
    }

    /** @param watch puts in observers before the exploration begins */
    private Verdict verify(Program program, Consumer<Exploration> watch) {
        long start = System.nanoTime();
        ObjectUnit loaded = objectUnit();
        LoadRefusal refusal = loaded.refusal();
        if (refusal != null) {
            Explanation explanation = options.explains() ? Explainer.explain(refusal) : Explanation.NONE;
            return new Verdict.Rejected(refusal.errno(), -1, refusal.message(), explanation, Verdict.Stats.NONE, "");
        }
        VerifiedTarget target = options.target();
        var unit = new ProgramUnit(loaded, program, target == null ? null : target.program());
        unit.cpus = options.cpus();
        var log = new VerifierLog(kernel, options.log());
        log.keepsAllPaths = options.allPaths();
        unit.strictAlignment = options.flags().strictAlignment();
        unit.keepsStatesOften = options.flags().keepsStatesOften();
        var stack = new StackLiveness();
        var path = new Exploration(unit, log, services(stack), options.insnLimit());
        path.countsByFunction = options.statistics();
        watch.accept(path);
        try {
            Phases.run(path, new LivenessPass(stack));
            Verdict.Stats stats = stats(path, start);
            return new Verdict.Accepted(verified(path), stats, log(path));
        } catch (Rejection e) {
            Explanation explanation = options.explains() ? Explainer.explain(path, e.getMessage()) : Explanation.NONE;
            Verdict.Stats stats = stats(path, start);
            String message = messageOfLoader(object, program, path.insnIndex(), e);
            return new Verdict.Rejected(e.errno(), path.insnIndex(), message, explanation, stats, log(path));
        } catch (UnsupportedFeature e) {
            return new Verdict.Unsupported(path.insnIndex(), e.getMessage(), stats(path, start), log(path));
        }
    }

    private ObjectUnit objectUnit() {
        ObjectUnit known = objectUnit;
        if (known == null) {
            known = new ObjectUnit(object, kernel, options.kernelTypes());
            objectUnit = known;
        }
        return known;
    }

    private static VerifiedProgram verified(Exploration path) {
        ProgramUnit unit = path.unit();
        return new VerifiedProgram(
                unit.object(),
                unit.program(),
                rewrites(path, unit.program()),
                ContextArgument.of(unit.attachTarget),
                unit.kernelTypes());
    }

    /** The message as libbpf words it, which knows of relocations that found nothing. */
    private static String messageOfLoader(ProgramObject object, Program program, int insn, Rejection rejection) {
        boolean isStandIn =
                rejection.is(Message.INVALID_FUNC) && program.insns().get(insn).immLow() == UnresolvedReloc.HELPER;
        UnresolvedReloc reloc = isStandIn ? object.unresolvedAt(program, insn) : null;
        return reloc == null ? rejection.getMessage() : "failed to resolve CO-RE relocation " + reloc.description();
    }

    private static VerifiedProgram.Rewrites rewrites(Exploration path, Program program) {
        var arenaAccesses = new BitSet();
        var arenaArithmetic = new BitSet();
        var dead = new BitSet();
        for (int slot = 0; slot < program.insns().size(); slot++) {
            arenaAccesses.set(slot, path.trace(slot).ptrType == RegType.PTR_TO_ARENA);
            arenaArithmetic.set(slot, path.trace(slot).withArenaPointer);
            dead.set(slot, !path.trace(slot).walked);
        }
        return new VerifiedProgram.Rewrites(probes(path, program), arenaAccesses, arenaArithmetic, dead);
    }

    private static BitSet probes(Exploration path, Program program) {
        var probes = new BitSet();
        for (int slot = 0; slot < program.insns().size(); slot++) {
            boolean isLoad =
                    switch (program.insns().get(slot).op().kind()) {
                        case LDX, LDXSX -> true;
                        default -> false;
                    };
            if (isLoad && isProbed(path.trace(slot))) {
                probes.set(slot);
            }
        }
        return probes;
    }

    private static boolean isProbed(InsnTrace trace) {
        RegType type = trace.ptrType;
        if (type == null) {
            return false;
        }
        return switch (type) {
            case PTR_TO_BTF_ID ->
                trace.ptrFlags == 0
                        || trace.ptrFlags == TypeFlags.PTR_UNTRUSTED
                        || trace.ptrFlags == (TypeFlags.MEM_ALLOC | TypeFlags.PTR_UNTRUSTED);
            case PTR_TO_MEM -> trace.ptrFlags == (TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED);
            default -> false;
        };
    }

    private static Services services(StackLiveness stack) {
        var precision = new BacktrackingPrecision();
        return new Services(
                new KernelCallChecker(new MemoryAccessChecker()),
                new ContextAccessRules(),
                new ReturnCodeRules(),
                new SubprogCalls(),
                precision,
                new ExploredStateCache(precision, stack),
                new LogStatePrinter());
    }

    private static Verdict.Stats stats(Exploration path, long startNanos) {
        if (path.countsByFunction) {
            FunctionStatistics.print(path, System.nanoTime() - startNanos);
        }
        path.log()
                .narrate(
                        "processed %d insns (limit %d) max_states_per_insn %d total_states %d peak_states %d mark_read"
                                + " 0\n",
                        path.insnProcessed, path.insnLimit(), path.maxStatesPerInsn, path.totalStates, path.peakStates);
        return new Verdict.Stats(path.insnProcessed, path.totalStates, path.peakStates, System.nanoTime() - startNanos);
    }

    private static String log(Exploration path) {
        return path.log().isWanted() ? path.log().toString() : "";
    }
}
