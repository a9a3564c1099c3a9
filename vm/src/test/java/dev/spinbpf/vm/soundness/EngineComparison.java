package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.exec.MachineCode;
import dev.spinbpf.vm.jit.AccessMode;
import dev.spinbpf.vm.jit.Compiler;
import dev.spinbpf.vm.jit.NotCompilableException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs random programs that the verifier accepted in interpreter and compiler, on the same input. */
final class EngineComparison {
    private static final int INSN_LIMIT = 8_000;
    private static final long AMPLE_BUDGET = 100_000;

    private final Bench bench;
    private final Engine compiler;
    private long programs;
    private long accepted;
    private long executed;

    /** Makes machine code of a program. */
    @FunctionalInterface
    interface Engine {
        MachineCode compile(Code code) throws NotCompilableException;
    }

    EngineComparison(Bench bench, Engine compiler) {
        this.bench = bench;
        this.compiler = compiler;
    }

    static EngineComparison of(Bench bench, AccessMode access) {
        return new EngineComparison(bench, code -> Compiler.compile(code, access));
    }

    long programs() {
        return programs;
    }

    long accepted() {
        return accepted;
    }

    /** Instructions that both engines executed. */
    long executed() {
        return executed;
    }

    /**
     * Runs a program on several inputs, with budgets that are ample or end in the middle.
     *
     * @return the difference, or null if there is none or the program is refused
     */
    @Nullable
    String difference(List<Insn> insns, long seed, int runs) {
        programs++;
        TrialSubject subject = TrialSubject.of(insns);
        VerifierOptions options = new VerifierOptions(false, Btf.EMPTY, INSN_LIMIT);
        if (!(Verifier.verify(subject.object(), subject.program(), options) instanceof Verdict.Accepted)) {
            return null;
        }
        accepted++;
        Code code = bench.load(subject);
        MachineCode machineCode;
        try {
            machineCode = compiler.compile(code);
        } catch (NotCompilableException e) {
            return "not compiled: " + e.getMessage();
        }
        RandomNumbers budgets = new RandomNumbers(seed);
        for (int run = 0; run < runs; run++) {
            long budget = budgets.once(2) ? AMPLE_BUDGET : 1 + budgets.below(4 * insns.size() + 200);
            String difference = difference(code, machineCode, seed + run, budget);
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private @Nullable String difference(Code code, MachineCode machineCode, long seed, long budget) {
        code.machineCode(null);
        Bench.Outcome interpreted = bench.run(code, seed, budget);
        code.machineCode(machineCode);
        Bench.Outcome compiled = bench.run(code, seed, budget);
        executed += compiled.executed();
        boolean same = interpreted.r0() == compiled.r0()
                && interpreted.executed() == compiled.executed()
                && place(interpreted.fault()).equals(place(compiled.fault()))
                && interpreted.memory().equals(compiled.memory());
        return same ? null : "input %d, budget %d%n%s%n%s".formatted(seed, budget, interpreted, compiled);
    }

    /** Registers are left out: those that a call leaves without a value hold other ones. */
    private static String place(@Nullable Fault fault) {
        return fault == null ? "" : fault.insn() + ": " + fault.reason();
    }
}
