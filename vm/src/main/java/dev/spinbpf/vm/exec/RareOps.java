package dev.spinbpf.vm.exec;

import dev.spinbpf.programs.isa.Op;

/** The operations that {@link Interpreter} does not have in its innermost switch. */
final class RareOps {
    private static final Op.Atomic[] ATOMICS = Op.Atomic.values();
    private static final Op.Cond[] CONDITIONS = Op.Cond.values();
    private static final Op.Alu[] OPERATORS = Op.Alu.values();

    private RareOps() {}

    /**
     * Executes one instruction.
     *
     * @param pc index of the next instruction
     * @return index to go on at, or {@link Execution#EXITED}, {@link Execution#SWITCHED} or {@link Execution#PIECE}
     */
    static int step(Execution run, long[] r, long insn, int pc) {
        int d = (int) (insn >>> 8) & 0xf;
        int s = (int) (insn >>> 12) & 0xfffff;
        int off = (int) (insn >> 32);
        int micro = (int) insn & 0xff;
        switch (micro) {
            case MicroOp.CALL_SUBPROG -> {
                run.at = pc - 1;
                run.enter(pc, r);
                return off;
            }
            case MicroOp.EXIT -> {
                return run.leave(r);
            }
            case MicroOp.CALL_HELPER -> {
                run.at = pc - 1;
                r[0] = run.code().helpers[s].call(run, r[1], r[2], r[3], r[4], r[5]);
                return run.afterCall(pc, r);
            }
            case MicroOp.PIECE -> {
                run.resumeAt = off;
                return Execution.PIECE;
            }
            case MicroOp.DIV64 -> r[d] = AluSemantics.div64(r[d], r[s]);
            case MicroOp.MOD64 -> r[d] = AluSemantics.mod64(r[d], r[s]);
            case MicroOp.DIV32 -> r[d] = AluSemantics.div32(r[d], r[s]);
            case MicroOp.MOD32 -> r[d] = AluSemantics.mod32(r[d], r[s]);
            case MicroOp.SWAP16 -> r[d] = AluSemantics.byteSwap(Op.BSWAP16, r[d]);
            case MicroOp.SWAP32 -> r[d] = AluSemantics.byteSwap(Op.BSWAP32, r[d]);
            case MicroOp.SWAP64 -> r[d] = AluSemantics.byteSwap(Op.BSWAP64, r[d]);
            default -> {
                return micro < MicroOp.NEG32 ? operator(r, micro, d, s, off, pc) : memory(run, r, micro, d, s, off, pc);
            }
        }
        return pc;
    }

    /** Arithmetic and jumps by operator. */
    private static int operator(long[] r, int micro, int d, int s, int target, int pc) {
        if (micro < MicroOp.ALU32) {
            r[d] = AluSemantics.apply64(OPERATORS[micro - MicroOp.ALU64], r[d], r[s]);
            return pc;
        }
        if (micro < MicroOp.JCC64) {
            r[d] = AluSemantics.apply32(OPERATORS[micro - MicroOp.ALU32], r[d], r[s]);
            return pc;
        }
        boolean taken = micro < MicroOp.JCC32
                ? ConditionSemantics.test64(CONDITIONS[micro - MicroOp.JCC64], r[d], r[s])
                : ConditionSemantics.test32(CONDITIONS[micro - MicroOp.JCC32], r[d], r[s]);
        return taken ? target : pc;
    }

    static int memory(Execution run, long[] r, int micro, int d, int s, int off, int pc) {
        switch (micro) {
            case MicroOp.NEG32 -> r[d] = AluSemantics.neg(32, r[d]);
            case MicroOp.NEG64 -> r[d] = AluSemantics.neg(64, r[d]);
            case MicroOp.MOVSX32_8 -> r[d] = AluSemantics.movsx(8, 32, r[s]);
            case MicroOp.MOVSX32_16 -> r[d] = AluSemantics.movsx(16, 32, r[s]);
            case MicroOp.MOVSX64_8 -> r[d] = AluSemantics.movsx(8, 64, r[s]);
            case MicroOp.MOVSX64_16 -> r[d] = AluSemantics.movsx(16, 64, r[s]);
            case MicroOp.MOVSX64_32 -> r[d] = AluSemantics.movsx(32, 64, r[s]);
            case MicroOp.TRUNCATE16 -> r[d] = AluSemantics.byteSwap(Op.LE16, r[d]);
            case MicroOp.TRUNCATE32 -> r[d] = AluSemantics.byteSwap(Op.LE32, r[d]);
            case MicroOp.LDXSX8 -> r[d] = MemorySemantics.loadSigned(8, r[s] + off);
            case MicroOp.LDXSX16 -> r[d] = MemorySemantics.loadSigned(16, r[s] + off);
            case MicroOp.LDXSX32 -> r[d] = MemorySemantics.loadSigned(32, r[s] + off);
            case MicroOp.MAY_GOTO -> {
                return --run.mayGotoLeft < 0 ? off : pc;
            }
            case MicroOp.ARENA -> ArenaAccess.step(run, r, d, s, off, pc - 1);
            case MicroOp.CAST_USER -> r[d] = run.code().arena().userAddress(r[s]);
            case MicroOp.GOTO_REG -> {
                run.at = pc - 1;
                return run.code().jumpTarget(r[d]);
            }
            case MicroOp.UNSEEN -> {
                return run.code().reached(pc - 1);
            }
            case MicroOp.OFF_THE_END -> {
                run.at = pc - 1;
                throw new TrapException("execution ran out of the program");
            }
            default -> {
                return cell(run, r, micro, d, s, off, pc);
            }
        }
        return pc;
    }

    /** Ordered and atomic accesses, and legacy packet loads. */
    static int cell(Execution run, long[] r, int micro, int d, int s, int off, int pc) {
        if (micro < MicroOp.STORE_RELEASE) {
            r[d] = MemorySemantics.loadAcquire(8 << (micro - MicroOp.LOAD_ACQUIRE), r[s] + off);
        } else if (micro < MicroOp.ATOMIC32) {
            MemorySemantics.storeRelease(8 << (micro - MicroOp.STORE_RELEASE), r[d] + off, r[s]);
        } else if (micro < MicroOp.ATOMIC64) {
            Op.Atomic operator = ATOMICS[micro - MicroOp.ATOMIC32];
            fetched(r, operator, s, MemorySemantics.atomic32(operator, r[d] + off, r[s], r[0]));
        } else if (micro < MicroOp.LD_PACKET) {
            Op.Atomic operator = ATOMICS[micro - MicroOp.ATOMIC64];
            fetched(r, operator, s, MemorySemantics.atomic64(operator, r[d] + off, r[s], r[0]));
        } else if (micro >= MicroOp.OBSERVED) {
            return ObservedOps.step(run, r, micro - MicroOp.OBSERVED, d, s, off, pc);
        } else {
            return loadPacket(run, r, 1 << (micro - MicroOp.LD_PACKET), (int) (r[d] + r[s]), pc);
        }
        return pc;
    }

    /** Returns true where the atomic operation of this ordinal yields the old value, which orders it fully. */
    static boolean fetches(int ordinal) {
        return ATOMICS[ordinal].fetches();
    }

    private static void fetched(long[] r, Op.Atomic operator, int s, long old) {
        if (operator == Op.Atomic.CMPXCHG) {
            r[0] = old;
        } else if (operator.fetches()) {
            r[s] = old;
        }
    }

    /** A load out of the packet ends the function with zero. */
    private static int loadPacket(Execution run, long[] r, int sizeBytes, int offset, int pc) {
        run.at = pc - 1;
        long value = run.packetLoader.load(r[6], offset, sizeBytes);
        if (value == PacketLoader.OUT_OF_PACKET) {
            r[0] = 0;
            return run.leave(r);
        }
        r[0] = value;
        return pc;
    }
}
