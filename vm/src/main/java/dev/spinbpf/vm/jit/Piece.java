package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.vm.exec.Code;
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
 *
 * @param number from 0, in the order of instructions
 * @param leaders the first indices of its blocks
 * @param entries those of them where it can be entered
 */
record Piece(int number, BitSet leaders, BitSet entries) {
    /** Bytes of the largest function that stays whole, as {@link #sizeOf} estimates. */
    private static final int LARGEST_WHOLE = 6_800;

    /**
     * Bytes of a piece where a function is cut: smaller ones compile sooner and better, and HotSpot's first compiler
     * gives up on more than some fifty accesses of memory.
     */
    private static final int PIECE_SIZE = 2_000;

    /** Most pieces of a function, for the method that goes from one to the next. */
    static final int MOST = 500;

    /** Pieces of a very large function; they are larger than others rather than more. */
    private static final int ENOUGH = MOST * 4 / 5;

    /** Bits of a ticket that hold the entry's number. */
    static final int ENTRY_BITS = 12;

    /** Bytes of an instruction in a loop that is written several times, on average. */
    private static final int INSN_SIZE = 24;

    private static final int BLOCK_SIZE = 12;
    private static final int BACK_JUMP_SIZE = 26;

    /** Cuts a function. */
    static List<Piece> of(Code code, FunctionBlocks function) {
        List<Piece> pieces = new ArrayList<>();
        int total = sizeOf(code, function);
        int most = total <= LARGEST_WHOLE ? LARGEST_WHOLE : Math.clamp(total / ENOUGH, PIECE_SIZE, LARGEST_WHOLE);
        int size = 0;
        for (int leader : function.leaders().stream().toArray()) {
            int added = sizeOf(code, function, leader);
            if (pieces.isEmpty() || size + added > most) {
                pieces.add(new Piece(pieces.size(), new BitSet(), new BitSet()));
                size = 0;
            }
            size += added;
            pieces.getLast().leaders.set(leader);
        }
        findEntries(code, function, pieces);
        return pieces;
    }

    /** Returns how many instructions may be added to a function that stays whole. */
    static int room(Code code, FunctionBlocks function, List<Piece> pieces) {
        return pieces.size() > 1 ? 0 : (LARGEST_WHOLE - sizeOf(code, function)) / INSN_SIZE;
    }

    private static int sizeOf(Code code, FunctionBlocks function) {
        return function.leaders().stream()
                .map(leader -> sizeOf(code, function, leader))
                .sum();
    }

    private static void findEntries(Code code, FunctionBlocks function, List<Piece> pieces) {
        pieceOf(pieces, function.start()).entries.set(function.start());
        for (Piece piece : pieces) {
            piece.leaders.stream().forEach(leader -> {
                int last = function.end(leader) - 1;
                if (leader == code.end()) {
                    return;
                }
                Insn insn = code.insn(last);
                if (FunctionBlocks.jumps(insn.op())) {
                    piece.enter(code.target(last), pieces);
                }
                if (FunctionBlocks.goesOn(insn.op())) {
                    piece.enter(last + 1, pieces);
                }
                for (int target : FunctionBlocks.targets(code, last)) {
                    piece.enter(target, pieces);
                }
            });
        }
    }

    private void enter(int index, List<Piece> pieces) {
        Piece target = pieceOf(pieces, index);
        if (target.number != number) {
            target.entries.set(index);
        }
    }

    /** Returns the piece in which a block is. */
    static Piece pieceOf(List<Piece> pieces, int leader) {
        int low = 0;
        int high = pieces.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (pieces.get(middle).leaders.nextSetBit(0) <= leader) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return pieces.get(low);
    }

    /** Returns the number by which another piece goes on at an entry of this one. */
    int ticket(int entry) {
        return number << ENTRY_BITS | entries.get(0, entry).cardinality();
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
                case CALL_HELPER -> LoopEmitter.takes(code, index) ? 160 : 72;
                case CALL_SUBPROG, CALL_KFUNC, LD_ABS, LD_IND -> 72;
                case JCC, JA, MAY_GOTO -> 16 + (code.target(index) <= index ? BACK_JUMP_SIZE : 0);
                case GOTO_REG -> 24 + 16 * FunctionBlocks.targets(code, index).length;
                case LDDW, EXIT, ADDR_SPACE_CAST, LDDW_HI -> 8;
            };
        }
        return size;
    }
}
