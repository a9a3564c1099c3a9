package dev.spinbpf.verifier;

import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.attach.ContextRules;
import dev.spinbpf.verifier.attach.ReturnRules;
import dev.spinbpf.verifier.call.KernelCalls;
import dev.spinbpf.verifier.check.MemoryChecker;
import dev.spinbpf.verifier.flow.ExplorationObserver;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.flow.Services;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.log.Explanation;
import dev.spinbpf.verifier.log.LogPrinter;
import dev.spinbpf.verifier.prune.Backtracking;
import dev.spinbpf.verifier.prune.ExploredStates;
import dev.spinbpf.verifier.prune.LivenessPass;
import dev.spinbpf.verifier.prune.StackLiveness;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether Linux 7.2 would let a program run, by walking all its paths over abstract values, for a user with all
 * capabilities.
 */
public final class Verifier {
    private Verifier() {}

    /**
     * Verifies one program of an object.
     *
     * @param object the object that the program's maps, kernel functions and types belong to
     * @param program one of its programs
     * @return accepted, rejected with Linux's message, or unsupported by name; never throws for what a program does
     */
    public static Verdict verify(ProgramObject object, Program program, VerifierOptions options) {
        return verify(object, program, options, null, false);
    }

    /**
     * As {@link #verify(ProgramObject, Program, VerifierOptions)}, for tests of what is explored.
     *
     * @param observer sees what is explored; null for nobody
     * @param comparesAllScalars whether pruning compares all scalars, whether they matter to safety or not
     */
    public static Verdict verify(
            ProgramObject object,
            Program program,
            VerifierOptions options,
            @Nullable ExplorationObserver observer,
            boolean comparesAllScalars) {
        long start = System.nanoTime();
        var env = new VerifierEnv(
                object,
                program,
                Kernel.LINUX_7_2,
                options.log(),
                options.kernelTypes(),
                options.insnLimit(),
                services());
        env.observer = observer;
        env.comparesAllScalars = comparesAllScalars;
        try {
            Phases.run(env);
            Verdict.Stats stats = stats(env, start);
            return new Verdict.Accepted(new VerifiedProgram(object, program, probes(env, program)), stats, log(env));
        } catch (Rejection e) {
            String explanation = Explanation.explain(env, e.getMessage());
            Verdict.Stats stats = stats(env, start);
            return new Verdict.Rejected(e.errno(), env.insnIndex(), e.getMessage(), explanation, stats, log(env));
        } catch (UnsupportedFeature e) {
            return new Verdict.Unsupported(env.insnIndex(), e.getMessage(), stats(env, start), log(env));
        }
    }

    private static BitSet probes(VerifierEnv env, Program program) {
        var probes = new BitSet();
        for (int slot = 0; slot < program.insns().size(); slot++) {
            boolean isLoad =
                    switch (program.insns().get(slot).op().kind()) {
                        case LDX, LDXSX -> true;
                        default -> false;
                    };
            if (isLoad && isProbed(env.aux(slot))) {
                probes.set(slot);
            }
        }
        return probes;
    }

    private static boolean isProbed(InsnAux aux) {
        return switch (aux.ptrType) {
            case PTR_TO_BTF_ID ->
                aux.ptrFlags == 0
                        || aux.ptrFlags == TypeFlags.PTR_UNTRUSTED
                        || aux.ptrFlags == (TypeFlags.MEM_ALLOC | TypeFlags.PTR_UNTRUSTED);
            case PTR_TO_MEM -> aux.ptrFlags == (TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED);
            case null, default -> false;
        };
    }

    private static Services services() {
        var precision = new Backtracking();
        var stack = new StackLiveness();
        return new Services(
                new KernelCalls(new MemoryChecker()),
                new ContextRules(),
                new ReturnRules(),
                new ProgramChecks(),
                new SubprogCalls(),
                precision,
                new ExploredStates(precision, stack),
                new LivenessPass(stack),
                new LogPrinter());
    }

    private static Verdict.Stats stats(VerifierEnv env, long startNanos) {
        env.verbose(
                "processed %d insns (limit %d) max_states_per_insn %d total_states %d peak_states %d mark_read 0\n",
                env.insnProcessed, env.insnLimit(), env.maxStatesPerInsn, env.totalStates, env.peakStates);
        return new Verdict.Stats(env.insnProcessed, env.totalStates, env.peakStates, System.nanoTime() - startNanos);
    }

    private static String log(VerifierEnv env) {
        return env.log().isWanted() ? env.log().toString() : "";
    }
}
