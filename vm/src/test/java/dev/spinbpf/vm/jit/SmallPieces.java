package dev.spinbpf.vm.jit;

import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.MachineCode;
import dev.spinbpf.vm.exec.PiecedCode;
import java.util.SplittableRandom;

/** Programs of ordinary size, compiled as large ones are: in pieces of a few instructions, of which some are open. */
public final class SmallPieces {
    private static final int PIECE_SIZE = 120;
    private static final int LARGEST_WHOLE = 300;

    private SmallPieces() {}

    /**
     * Compiles a program.
     *
     * @param seed by which some functions are cut, and some pieces opened
     */
    public static MachineCode compile(Code code, AccessMode access, long seed) throws NotCompilableException {
        SplittableRandom random = new SplittableRandom(seed);
        int largest = random.nextInt(LARGEST_WHOLE);
        MachineCode machine = Compiler.compile(code, access, ProgramParts.of(code, largest), PIECE_SIZE);
        if (machine instanceof PiecedCode pieces) {
            int openOfFour = 1 + random.nextInt(4);
            for (int piece = 0; piece < pieces.pieces(); piece++) {
                if (random.nextInt(4) < openOfFour) {
                    pieces.open(piece);
                }
            }
        }
        return machine;
    }
}
