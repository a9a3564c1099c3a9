package dev.spinbpf.vm.exec;

import static dev.spinbpf.vm.exec.AluSemantics.zext;
import static dev.spinbpf.vm.exec.ConditionSemantics.ge32;
import static dev.spinbpf.vm.exec.ConditionSemantics.ge64;
import static dev.spinbpf.vm.exec.ConditionSemantics.gt32;
import static dev.spinbpf.vm.exec.ConditionSemantics.gt64;
import static dev.spinbpf.vm.exec.MemorySemantics.load16;
import static dev.spinbpf.vm.exec.MemorySemantics.load32;
import static dev.spinbpf.vm.exec.MemorySemantics.load64;
import static dev.spinbpf.vm.exec.MemorySemantics.load8;
import static dev.spinbpf.vm.exec.MemorySemantics.store16;
import static dev.spinbpf.vm.exec.MemorySemantics.store32;
import static dev.spinbpf.vm.exec.MemorySemantics.store64;
import static dev.spinbpf.vm.exec.MemorySemantics.store8;

/**
 * The innermost loop.
 *
 * <p>Code runs in slices of a bounded number of instructions. Between two slices the execution polls, which is where
 * interrupts land and budgets are enforced; a slice ends where an interrupt is to land. Calls of helpers poll by
 * themselves. The common operations are one switch
 * in {@link #slice}, small enough that the compiler keeps its state in machine registers; the others are in {@link
 * RareOps}.
 */
final class Interpreter {
    /** Most instructions between two polls. */
    static final int SLICE = 256;

    private Interpreter() {}

    /** Runs until the function that starts at this index exits; returns r0. */
    static long run(Execution run, int start) {
        int next = start;
        boolean alone = false;
        while (true) {
            if (run.budget <= 0) {
                run.at = next;
                throw new TrapException("the instruction budget is used up");
            }
            PiecedCode pieces = run.code().pieces();
            long[] steps = pieces == null || alone ? run.code().insns : pieces.steps;
            next = slice(run, steps, run.registers, next, run.sliceLength());
            alone = false;
            if (pieces != null) {
                if (next == Execution.PIECE) {
                    next = pieces.run(run, run.resumeAt);
                    alone = next == Execution.PIECE;
                } else {
                    pieces.sample(run, next);
                }
            }
            if (next == Execution.EXITED) {
                return run.registers[0];
            }
            if (next < Execution.EXITED) {
                next = run.resumeAt;
            }
            run.at = next;
            run.poll();
        }
    }

    private static int slice(Execution run, long[] code, long[] r, int start, int count) {
        int pc = start;
        int left = count;
        try {
            while (--left >= 0) {
                long insn = code[pc++];
                int d = (int) (insn >>> 8) & 0xf;
                int s = (int) (insn >>> 12) & 0xfffff;
                int off = (int) (insn >> 32);
                switch ((int) insn & 0xff) {
                    case MicroOp.ADD64 -> r[d] += r[s];
                    case MicroOp.SUB64 -> r[d] -= r[s];
                    case MicroOp.MUL64 -> r[d] *= r[s];
                    case MicroOp.OR64 -> r[d] |= r[s];
                    case MicroOp.AND64 -> r[d] &= r[s];
                    case MicroOp.LSH64 -> r[d] <<= r[s];
                    case MicroOp.RSH64 -> r[d] >>>= r[s];
                    case MicroOp.XOR64 -> r[d] ^= r[s];
                    case MicroOp.MOV64 -> r[d] = r[s];
                    case MicroOp.ARSH64 -> r[d] >>= r[s];
                    case MicroOp.ADD32 -> r[d] = zext((int) r[d] + (int) r[s]);
                    case MicroOp.SUB32 -> r[d] = zext((int) r[d] - (int) r[s]);
                    case MicroOp.MUL32 -> r[d] = zext((int) r[d] * (int) r[s]);
                    case MicroOp.OR32 -> r[d] = zext((int) r[d] | (int) r[s]);
                    case MicroOp.AND32 -> r[d] = zext((int) r[d] & (int) r[s]);
                    case MicroOp.LSH32 -> r[d] = zext((int) r[d] << (int) r[s]);
                    case MicroOp.RSH32 -> r[d] = zext((int) r[d] >>> (int) r[s]);
                    case MicroOp.XOR32 -> r[d] = zext((int) r[d] ^ (int) r[s]);
                    case MicroOp.MOV32 -> r[d] = zext((int) r[s]);
                    case MicroOp.JA -> pc = off;
                    case MicroOp.JEQ64 -> pc = r[d] == r[s] ? off : pc;
                    case MicroOp.JNE64 -> pc = r[d] != r[s] ? off : pc;
                    case MicroOp.JSET64 -> pc = (r[d] & r[s]) != 0 ? off : pc;
                    case MicroOp.JGT64 -> pc = gt64(r[d], r[s]) ? off : pc;
                    case MicroOp.JGE64 -> pc = ge64(r[d], r[s]) ? off : pc;
                    case MicroOp.JLT64 -> pc = gt64(r[s], r[d]) ? off : pc;
                    case MicroOp.JLE64 -> pc = ge64(r[s], r[d]) ? off : pc;
                    case MicroOp.JSGT64 -> pc = r[d] > r[s] ? off : pc;
                    case MicroOp.JSLT64 -> pc = r[d] < r[s] ? off : pc;
                    case MicroOp.JEQ32 -> pc = (int) r[d] == (int) r[s] ? off : pc;
                    case MicroOp.JNE32 -> pc = (int) r[d] != (int) r[s] ? off : pc;
                    case MicroOp.JSET32 -> pc = ((int) r[d] & (int) r[s]) != 0 ? off : pc;
                    case MicroOp.JGT32 -> pc = gt32(r[d], r[s]) ? off : pc;
                    case MicroOp.JGE32 -> pc = ge32(r[d], r[s]) ? off : pc;
                    case MicroOp.JLT32 -> pc = gt32(r[s], r[d]) ? off : pc;
                    case MicroOp.JLE32 -> pc = ge32(r[s], r[d]) ? off : pc;
                    case MicroOp.LDX8 -> r[d] = load8(r[s] + off);
                    case MicroOp.LDX16 -> r[d] = load16(r[s] + off);
                    case MicroOp.LDX32 -> r[d] = load32(r[s] + off);
                    case MicroOp.LDX64 -> r[d] = load64(r[s] + off);
                    case MicroOp.STX8 -> store8(r[d] + off, r[s]);
                    case MicroOp.STX16 -> store16(r[d] + off, r[s]);
                    case MicroOp.STX32 -> store32(r[d] + off, r[s]);
                    case MicroOp.STX64 -> store64(r[d] + off, r[s]);
                    default -> {
                        pc = RareOps.step(run, r, insn, pc);
                        if (pc < 0) {
                            return pc;
                        }
                    }
                }
            }
            return pc;
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            return run.afterFault(pc - 1, e);
        } finally {
            run.addExecuted(count - Math.max(left, 0));
        }
    }
}
