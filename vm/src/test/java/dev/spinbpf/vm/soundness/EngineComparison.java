package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.exec.MachineCode;
import dev.spinbpf.vm.jit.AccessMode;
import dev.spinbpf.vm.jit.Compiler;
import dev.spinbpf.vm.jit.NotCompilableException;
import dev.spinbpf.vm.jit.SmallPieces;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs random programs that the verifier accepted in interpreter and compilers, on the same input. */
final class EngineComparison {
    private static final int INSN_LIMIT = 8_000;
    private static final long AMPLE_BUDGET = 100_000;

    private final Bench bench;
    private final List<Engine> compilers;
    private long programs;
    private long accepted;
    private long complete;
    private long executed;

    /** Makes machine code of a program, by a seed where there is a choice. */
    @FunctionalInterface
    interface Engine {
        MachineCode compile(Code code, long seed) throws NotCompilableException;
    }

    EngineComparison(Bench bench, List<Engine> compilers) {
        this.bench = bench;
        this.compilers = compilers;
    }

    /** Compares with what is compiled for each way of access, as a whole and in pieces. */
    static EngineComparison of(Bench bench) {
        return new EngineComparison(
                bench,
                Stream.of(AccessMode.values())
                        .<Engine>flatMap(access -> Stream.of(
                                (code, _) -> Compiler.compile(code, access),
                                (code, seed) -> SmallPieces.compile(code, access, seed)))
                        .toList());
    }

    long programs() {
        return programs;
    }

    long accepted() {
        return accepted;
    }

    /** Accepted programs that have a loop, a call of a function, a map access and an atomic. */
    long complete() {
        return complete;
    }

    /** Instructions that the interpreter executed, and each compiler's code as well. */
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
        complete += isComplete(insns) ? 1 : 0;
        Code code = bench.load(subject);
        List<MachineCode> machineCodes = new ArrayList<>();
        try {
            for (Engine compiler : compilers) {
                machineCodes.add(compiler.compile(code, seed));
            }
        } catch (NotCompilableException e) {
            return "not compiled: " + e.getMessage();
        }
        RandomNumbers budgets = new RandomNumbers(seed);
        for (int run = 0; run < runs; run++) {
            long budget = budgets.once(2) ? AMPLE_BUDGET : 1 + budgets.below(4 * insns.size() + 200);
            String difference = difference(code, machineCodes, seed + run, budget);
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static boolean isComplete(List<Insn> insns) {
        EnumSet<Op.Kind> kinds = EnumSet.noneOf(Op.Kind.class);
        boolean loops = false;
        boolean looksUp = false;
        for (Insn insn : insns) {
            Op.Kind kind = insn.op().kind();
            kinds.add(kind);
            loops |= kind == Op.Kind.JCC && insn.off() < 0;
            looksUp |= insn.op() == Op.LDDW_MAP_FD;
        }
        return loops && looksUp && kinds.contains(Op.Kind.CALL_SUBPROG) && kinds.contains(Op.Kind.ATOMIC);
    }

    private @Nullable String difference(Code code, List<MachineCode> machineCodes, long seed, long budget) {
        code.machineCode(null);
        Bench.Outcome interpreted = bench.run(code, seed, budget);
        executed += interpreted.executed();
        for (MachineCode machineCode : machineCodes) {
            code.machineCode(machineCode);
            Bench.Outcome compiled = bench.run(code, seed, budget);
            boolean same = interpreted.r0() == compiled.r0()
                    && interpreted.executed() == compiled.executed()
                    && place(interpreted.fault()).equals(place(compiled.fault()))
                    && interpreted.memory().equals(compiled.memory());
            if (!same) {
                return "input %d, budget %d, compiler %d%n%s%n%s"
                        .formatted(seed, budget, machineCodes.indexOf(machineCode), interpreted, compiled);
            }
        }
        return null;
    }

    /** Registers are left out: those that a call leaves without a value hold other ones. */
    private static String place(@Nullable Fault fault) {
        return fault == null ? "" : fault.insn() + ": " + fault.reason();
    }
}
