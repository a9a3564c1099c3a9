package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/**
 * The basic blocks that can be reached from the start of a function by jumps. Two functions may share some, where a
 * program that nobody verified jumps from one into the other; each has a copy then.
 *
 * <p>A block begins where a jump leads and after each jump, call and legacy load, since a function may be left at a call and go on in the
 * interpreter after it.
 */
final class FunctionBlocks {
    private static final int[] NOWHERE = {};

    private final Code code;
    private final int start;
    private final BitSet leaders = new BitSet();
    private int insns;

    FunctionBlocks(Code code, int start) {
        this.code = code;
        this.start = start;
        BitSet reached = new BitSet();
        Deque<Integer> open = new ArrayDeque<>();
        lead(start, open, reached);
        while (!open.isEmpty()) {
            walk(open.pop(), open, reached);
        }
        insns = reached.cardinality();
    }

    private void lead(int index, Deque<Integer> open, BitSet reached) {
        leaders.set(index);
        if (!reached.get(index)) {
            open.push(index);
        }
    }

    private void walk(int from, Deque<Integer> open, BitSet reached) {
        int index = from;
        while (!reached.get(index)) {
            reached.set(index);
            if (index == code.end()) {
                leaders.set(index);
                return;
            }
            Insn insn = code.insn(index);
            if (jumps(insn.op())) {
                lead(code.target(index), open, reached);
            }
            for (int target : targets(code, index)) {
                lead(target, open, reached);
            }
            if (!goesOn(insn.op())) {
                return;
            }
            index++;
            if (ends(insn.op())) {
                leaders.set(index);
            }
        }
    }

    /** Makes several blocks of each long one, so that the function can be cut anywhere. */
    void divide(int mostInsns) {
        for (int leader : leaders.stream().toArray()) {
            int end = end(leader);
            for (int index = leader + mostInsns; index < end; index += mostInsns) {
                leaders.set(index);
            }
        }
    }

    /** Returns the index of the function's first instruction. */
    int start() {
        return start;
    }

    /** Returns how many instructions can be reached. */
    int insns() {
        return insns;
    }

    /** Returns the first index of each block. */
    BitSet leaders() {
        return leaders;
    }

    /** Returns the index after a block's last instruction. */
    int end(int leader) {
        int index = leader;
        while (index < code.end()) {
            boolean ends = ends(code.insn(index).op());
            index++;
            if (ends || leaders.get(index)) {
                return index;
            }
        }
        return code.end();
    }

    /** Returns true where the instruction after this one begins a block. */
    static boolean ends(Op op) {
        return switch (op.kind()) {
            case JA, JCC, MAY_GOTO, GOTO_REG, CALL_HELPER, CALL_SUBPROG, CALL_KFUNC, EXIT, LD_ABS, LD_IND -> true;
            case ALU, MOVSX, NEG, BYTE_SWAP, ADDR_SPACE_CAST, LDX, LDXSX, ST, STX, ATOMIC -> false;
            case LOAD_ACQUIRE, STORE_RELEASE, LDDW, LDDW_HI -> false;
        };
    }

    static boolean jumps(Op op) {
        return op.kind() == Op.Kind.JA || op.kind() == Op.Kind.JCC || op.kind() == Op.Kind.MAY_GOTO;
    }

    /** Returns where the instruction at an index may jump if that is an indirect jump; else nothing. */
    static int[] targets(Code code, int index) {
        return isIndirect(code.insn(index).op()) ? code.jumpTargets(index) : NOWHERE;
    }

    static boolean isIndirect(Op op) {
        return op.kind() == Op.Kind.GOTO_REG;
    }

    static boolean calls(Op op) {
        return op.kind() == Op.Kind.CALL_HELPER || op.kind() == Op.Kind.CALL_KFUNC || op.kind() == Op.Kind.CALL_SUBPROG;
    }

    /** Returns true where the instruction after this one may be executed next. */
    static boolean goesOn(Op op) {
        return op.kind() != Op.Kind.JA && op.kind() != Op.Kind.EXIT && op.kind() != Op.Kind.GOTO_REG;
    }
}
