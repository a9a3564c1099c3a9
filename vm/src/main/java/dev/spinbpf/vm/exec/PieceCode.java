package dev.spinbpf.vm.exec;

import java.util.List;

/** The machine code of some pieces of a large program: a hidden class. */
public interface PieceCode {
    /** Bits of a ticket that hold the number of an entry; those above hold the number of the piece. */
    int ENTRY_BITS = 12;

    /**
     * Runs a piece to its end, with the registers in the execution.
     *
     * @param ticket the piece, and the entry at which it begins
     * @return the ticket of the piece that comes next; negative where there is none
     */
    int enter(Execution run, int ticket);

    /** Defines a class of pieces, as {@link MachineCode#define} does for whole functions. */
    static PieceCode define(byte[] classFile, List<Object> classData) {
        return MachineCode.define(PieceCode.class, classFile, classData);
    }

    /** Makes the machine code of pieces. */
    @FunctionalInterface
    interface Source {
        /** Returns the class that has a piece. May be called again for another piece of the same class. */
        PieceCode of(int piece);
    }
}
