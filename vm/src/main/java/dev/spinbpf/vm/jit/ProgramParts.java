package dev.spinbpf.vm.jit;

import dev.spinbpf.vm.exec.Code;
import java.util.ArrayList;
import java.util.List;

/**
 * The functions of a program, by the way in which they are compiled.
 *
 * @param whole those that are methods of one class
 * @param cut those that are cut into pieces, because they or all of them are too large
 */
record ProgramParts(List<FunctionBlocks> whole, List<FunctionBlocks> cut) {
    /** Most instructions of all functions together; a program of a hostile shape may have the same ones in each. */
    static final int MOST_INSNS = 1 << 20;

    /** Most instructions of one class: each may need constants of its own, of which a class has 65,535. */
    private static final int MOST_INSNS_OF_CLASS = 12_000;

    static ProgramParts of(Code code) throws NotCompilableException {
        return of(code, Piece.LARGEST_WHOLE);
    }

    /** @param largestWhole bytes of the largest function that is one method, by estimate */
    static ProgramParts of(Code code, int largestWhole) throws NotCompilableException {
        if (code.isWatched()) {
            throw new NotCompilableException("it is watched which instructions are executed");
        }
        List<FunctionBlocks> whole = new ArrayList<>();
        List<FunctionBlocks> cut = new ArrayList<>();
        long insns = 0;
        long insnsOfClass = 0;
        for (int start : code.functionStarts()) {
            FunctionBlocks function = new FunctionBlocks(code, start);
            insns += function.insns();
            if (insns > MOST_INSNS) {
                throw new NotCompilableException("its functions have more than " + MOST_INSNS + " instructions");
            }
            boolean fits = insnsOfClass + function.insns() <= MOST_INSNS_OF_CLASS;
            if (fits && Piece.sizeOf(code, function) <= largestWhole) {
                whole.add(function);
                insnsOfClass += function.insns();
            } else {
                cut.add(function);
            }
        }
        return new ProgramParts(whole, cut);
    }
}
