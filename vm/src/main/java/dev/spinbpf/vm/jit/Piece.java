package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.PieceCode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Blocks of a function that become one method. HotSpot compiles no method above 8,000 bytes of bytecode, so that a
 * large function is several pieces, cut at block borders.
 *
 * <p>A piece is entered at one of its entries: the function's start, and each block to which another piece jumps or
 * falls through. Entries are numbered; a piece's number and an entry's number make a {@link #ticket}, by which one
 * piece says where to go on.
 */
final class Piece {
    /** Bytes of the largest function that stays whole, as {@link #sizeOf} estimates. */
    static final int LARGEST_WHOLE = 6_800;

    /**
     * Bytes of a piece where a function is cut: smaller ones compile sooner and better, and HotSpot's first compiler
     * gives up on more than some fifty accesses of memory.
     */
    static final int PIECE_SIZE = 2_000;

    /** Bytes of an instruction in a loop that is written several times, on average. */
    private static final int INSN_SIZE = 24;

    /** Most instructions of a block in a function that is cut. */
    private static final int LONGEST_BLOCK = 32;

    private static final int BLOCK_SIZE = 12;
    private static final int BACK_JUMP_SIZE = 26;

    private final int number;
    private final int first;
    private int last;
    private final BitSet entries = new BitSet();

    private Piece(int number, int first) {
        this.number = number;
        this.first = first;
        last = first;
    }

    /** Returns a function as one piece. */
    static Piece whole(FunctionBlocks function) {
        Piece piece = new Piece(0, function.leaders().nextSetBit(0));
        piece.last = function.leaders().length() - 1;
        piece.enter(function.start());
        return piece;
    }

    /**
     * Cuts a function.
     *
     * @param firstNumber the first piece's number
     * @param most bytes of a piece, by estimate
     */
    static List<Piece> of(Code code, FunctionBlocks function, int firstNumber, int most) {
        List<Piece> pieces = new ArrayList<>();
        function.divide(LONGEST_BLOCK);
        int size = 0;
        for (int leader : function.leaders().stream().toArray()) {
            int added = sizeOf(code, function, leader);
            if (pieces.isEmpty() || size + added > most) {
                pieces.add(new Piece(firstNumber + pieces.size(), leader));
                size = 0;
            }
            size += added;
            pieces.getLast().last = leader;
        }
        findEntries(code, function, pieces);
        return pieces;
    }

    /** Returns how many instructions may be added to a function that stays whole. */
    static int room(Code code, FunctionBlocks function) {
        return (LARGEST_WHOLE - sizeOf(code, function)) / INSN_SIZE;
    }

    /** The piece's number. */
    int number() {
        return number;
    }

    /** The index of its first instruction. */
    int first() {
        return first;
    }

    /** The index at which its last block begins. */
    int last() {
        return last;
    }

    /** Returns the indices at which it can be entered, in the order of their numbers. */
    int[] entries() {
        return entries.stream().map(entry -> first + entry).toArray();
    }

    /** Returns true where the block that begins at an index is one of this piece. */
    boolean has(int leader) {
        return first <= leader && leader <= last;
    }

    /** Returns the bytes of a function that is one method, by an upper estimate. */
    static int sizeOf(Code code, FunctionBlocks function) {
        return function.leaders().stream()
                .map(leader -> sizeOf(code, function, leader))
                .sum();
    }

    private static void findEntries(Code code, FunctionBlocks function, List<Piece> pieces) {
        pieceOf(pieces, function.start()).enter(function.start());
        function.leaders().stream().filter(leader -> leader < code.end()).forEach(leader -> {
            int next = function.end(leader);
            Insn insn = code.insn(next - 1);
            if (FunctionBlocks.jumps(insn.op())) {
                enter(pieces, leader, code.target(next - 1));
            }
            if (FunctionBlocks.goesOn(insn.op())) {
                enter(pieces, leader, next);
            }
            for (int target : FunctionBlocks.targets(code, next - 1)) {
                enter(pieces, leader, target);
            }
        });
    }

    private static void enter(List<Piece> pieces, int from, int to) {
        Piece target = pieceOf(pieces, to);
        if (!target.has(from)) {
            target.enter(to);
        }
    }

    private void enter(int index) {
        entries.set(index - first);
    }

    /** Returns the piece in which a block is. */
    static Piece pieceOf(List<Piece> pieces, int leader) {
        int low = 0;
        int high = pieces.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (pieces.get(middle).first <= leader) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return pieces.get(low);
    }

    /** Returns the number by which another piece goes on at an entry of this one. */
    int ticket(int entry) {
        return number << PieceCode.ENTRY_BITS | entries.get(0, entry - first).cardinality();
    }

    /** An upper estimate of a block's bytecode. */
    private static int sizeOf(Code code, FunctionBlocks function, int leader) {
        int size = BLOCK_SIZE;
        for (int index = leader; index < function.end(leader); index++) {
            Insn insn = code.insn(index);
            size += switch (insn.op().kind()) {
                case ALU, MOVSX, NEG, BYTE_SWAP -> insn.op().is64() ? 10 : 16;
                case LDX, LDXSX, ST, STX -> code.isProbe(index) || code.isArenaAccess(index) ? 52 : 30;
                case ATOMIC, LOAD_ACQUIRE, STORE_RELEASE -> 32;
                case CALL_HELPER -> 72 + LoopEmitter.size(code, index);
                case CALL_SUBPROG, CALL_KFUNC, LD_ABS, LD_IND -> 72;
                case JCC, JA, MAY_GOTO -> 16 + (code.target(index) <= index ? BACK_JUMP_SIZE : 0);
                case GOTO_REG -> 24 + 16 * FunctionBlocks.targets(code, index).length;
                case LDDW, EXIT, ADDR_SPACE_CAST, LDDW_HI -> 8;
            };
        }
        return size;
    }
}
