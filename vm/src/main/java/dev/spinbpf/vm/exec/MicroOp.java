package dev.spinbpf.vm.exec;

import dev.spinbpf.programs.isa.Op;

/**
 * Numbers of the pre-decoded operations, dense so that they switch well. Immediate operands are constants in the
 * register file, so that register and immediate rows of the {@link Op} table share a number.
 */
final class MicroOp {
    /** 64-bit arithmetic: this plus the ordinal of the {@link Op.Alu}. */
    static final int ALU64 = 0;

    static final int ADD64 = ALU64;
    static final int SUB64 = ALU64 + 1;
    static final int MUL64 = ALU64 + 2;
    static final int DIV64 = ALU64 + 3;
    static final int SDIV64 = ALU64 + 4;
    static final int OR64 = ALU64 + 5;
    static final int AND64 = ALU64 + 6;
    static final int LSH64 = ALU64 + 7;
    static final int RSH64 = ALU64 + 8;
    static final int MOD64 = ALU64 + 9;
    static final int SMOD64 = ALU64 + 10;
    static final int XOR64 = ALU64 + 11;
    static final int MOV64 = ALU64 + 12;
    static final int ARSH64 = ALU64 + 13;

    /** 32-bit arithmetic: this plus the ordinal of the {@link Op.Alu}. */
    static final int ALU32 = 14;

    static final int ADD32 = ALU32;
    static final int SUB32 = ALU32 + 1;
    static final int MUL32 = ALU32 + 2;
    static final int DIV32 = ALU32 + 3;
    static final int SDIV32 = ALU32 + 4;
    static final int OR32 = ALU32 + 5;
    static final int AND32 = ALU32 + 6;
    static final int LSH32 = ALU32 + 7;
    static final int RSH32 = ALU32 + 8;
    static final int MOD32 = ALU32 + 9;
    static final int SMOD32 = ALU32 + 10;
    static final int XOR32 = ALU32 + 11;
    static final int MOV32 = ALU32 + 12;
    static final int ARSH32 = ALU32 + 13;

    /** 64-bit conditional jumps: this plus the ordinal of the {@link Op.Cond}. */
    static final int JCC64 = 28;

    static final int JEQ64 = JCC64;
    static final int JGT64 = JCC64 + 1;
    static final int JGE64 = JCC64 + 2;
    static final int JSET64 = JCC64 + 3;
    static final int JNE64 = JCC64 + 4;
    static final int JSGT64 = JCC64 + 5;
    static final int JSGE64 = JCC64 + 6;
    static final int JLT64 = JCC64 + 7;
    static final int JLE64 = JCC64 + 8;
    static final int JSLT64 = JCC64 + 9;
    static final int JSLE64 = JCC64 + 10;

    /** 32-bit conditional jumps: this plus the ordinal of the {@link Op.Cond}. */
    static final int JCC32 = 39;

    static final int JEQ32 = JCC32;
    static final int JGT32 = JCC32 + 1;
    static final int JGE32 = JCC32 + 2;
    static final int JSET32 = JCC32 + 3;
    static final int JNE32 = JCC32 + 4;
    static final int JSGT32 = JCC32 + 5;
    static final int JSGE32 = JCC32 + 6;
    static final int JLT32 = JCC32 + 7;
    static final int JLE32 = JCC32 + 8;
    static final int JSLT32 = JCC32 + 9;
    static final int JSLE32 = JCC32 + 10;

    static final int JA = 50;
    static final int LDX8 = 51;
    static final int LDX16 = 52;
    static final int LDX32 = 53;
    static final int LDX64 = 54;
    static final int STX8 = 55;
    static final int STX16 = 56;
    static final int STX32 = 57;
    static final int STX64 = 58;

    // The rarer ones; the interpreter handles them out of its innermost switch.

    static final int NEG32 = 59;
    static final int NEG64 = 60;
    static final int MOVSX32_8 = 61;
    static final int MOVSX32_16 = 62;
    static final int MOVSX64_8 = 63;
    static final int MOVSX64_16 = 64;
    static final int MOVSX64_32 = 65;
    static final int TRUNCATE16 = 66;
    static final int TRUNCATE32 = 67;
    static final int SWAP16 = 68;
    static final int SWAP32 = 69;
    static final int SWAP64 = 70;
    static final int LDXSX8 = 71;
    static final int LDXSX16 = 72;
    static final int LDXSX32 = 73;

    /** Operation on a cell, ordered: this plus log2 of the width in bytes. */
    static final int LOAD_ACQUIRE = 74;

    static final int STORE_RELEASE = 78;

    /** 32-bit atomics: this plus the ordinal of the {@link Op.Atomic}. */
    static final int ATOMIC32 = 82;

    static final int ATOMIC64 = 92;

    /** Legacy packet loads: this plus log2 of the width; dst is the register that is added, src a constant. */
    static final int LD_PACKET = 102;

    // Control.

    static final int CALL_HELPER = 105;
    static final int CALL_SUBPROG = 106;
    static final int EXIT = 107;
    static final int MAY_GOTO = 108;

    /** The end of the code: running on to here is a fault. */
    static final int OFF_THE_END = 109;

    /** A jump to a word of a table of instructions. */
    static final int GOTO_REG = 110;

    /** An access through a pointer into the arena; {@link ArenaAccess#pack} says which. */
    static final int ARENA = 111;

    /** Added to the number of an access to memory that passes a schedule point first; see {@link ObservedOps}. */
    static final int OBSERVED = 112;

    /** A pointer into the arena becomes an address of user space. */
    static final int CAST_USER = OBSERVED + CALL_HELPER;

    /** An instruction that was not executed yet, where that is watched; {@link Code#watchReached} says how. */
    static final int UNSEEN = 255;

    /** A piece of the program that is compiled begins here, with the ticket in place of the offset; see {@link PiecedCode}. */
    static final int PIECE = 254;

    private MicroOp() {}

    /** The number of an access that passes a schedule point first; of what is no such access, its own. */
    static int observed(int micro) {
        boolean simple = micro >= LDX8 && micro <= STX64 || micro >= LDXSX8 && micro <= LDXSX32;
        boolean cell = micro >= LOAD_ACQUIRE && micro < LD_PACKET;
        return simple || cell ? micro + OBSERVED : micro;
    }

    /** The number of an operation, or -1 where the engine has none: the program is refused by name then. */
    static int of(Op op) {
        return switch (op.kind()) {
            case ALU -> (op.is64() ? ALU64 : ALU32) + op.alu().ordinal();
            case MOVSX -> movsx(op);
            case NEG -> op.is64() ? NEG64 : NEG32;
            case BYTE_SWAP -> byteSwap(op);
            case JA -> JA;
            case JCC -> (op.is64() ? JCC64 : JCC32) + op.cond().ordinal();
            case MAY_GOTO -> MAY_GOTO;
            case CALL_HELPER, CALL_KFUNC -> CALL_HELPER;
            case CALL_SUBPROG -> CALL_SUBPROG;
            case EXIT -> EXIT;
            case LDX -> LDX8 + log2(op.widthBytes());
            case LDXSX -> LDXSX8 + log2(op.widthBytes());
            case ST, STX -> STX8 + log2(op.widthBytes());
            case ATOMIC -> (op.is64() ? ATOMIC64 : ATOMIC32) + op.atomic().ordinal();
            case LOAD_ACQUIRE -> LOAD_ACQUIRE + log2(op.widthBytes());
            case STORE_RELEASE -> STORE_RELEASE + log2(op.widthBytes());
            case LD_ABS, LD_IND -> LD_PACKET + log2(op.widthBytes());
            case LDDW -> MOV64;
            case GOTO_REG -> GOTO_REG;
            case ADDR_SPACE_CAST -> CAST_USER;
            case LDDW_HI -> -1;
        };
    }

    static boolean isLoad(int micro) {
        return micro < STX8 || isSigned(micro) || micro >= LOAD_ACQUIRE && micro < STORE_RELEASE;
    }

    static boolean isSigned(int micro) {
        return micro >= LDXSX8 && micro <= LDXSX32;
    }

    static boolean isStore(int micro) {
        return micro >= STX8 && micro <= STX64 || micro >= STORE_RELEASE && micro < ATOMIC32;
    }

    /** Bytes that an access to memory reaches. */
    static int widthBytes(int micro) {
        if (micro < STX8) {
            return 1 << (micro - LDX8);
        }
        if (micro <= STX64) {
            return 1 << (micro - STX8);
        }
        if (micro <= LDXSX32) {
            return 1 << (micro - LDXSX8);
        }
        if (micro < STORE_RELEASE) {
            return 1 << (micro - LOAD_ACQUIRE);
        }
        if (micro < ATOMIC32) {
            return 1 << (micro - STORE_RELEASE);
        }
        return micro < ATOMIC64 ? Integer.BYTES : Long.BYTES;
    }

    private static int movsx(Op op) {
        return (op.is64() ? MOVSX64_8 : MOVSX32_8) + log2(op.fromWidth() / 8);
    }

    private static int byteSwap(Op op) {
        return switch (op) {
            case LE16 -> TRUNCATE16;
            case LE32 -> TRUNCATE32;
            case LE64 -> JA;
            case BE16, BSWAP16 -> SWAP16;
            case BE32, BSWAP32 -> SWAP32;
            case BE64, BSWAP64 -> SWAP64;
            default -> throw new IllegalArgumentException(op + " swaps no bytes");
        };
    }

    private static int log2(int bytes) {
        return Integer.numberOfTrailingZeros(bytes);
    }
}
