package dev.spinbpf.programs.elf;

/** Fields of an instruction slot as it stands in a file: eight bytes, read as a little-endian number. */
final class RawInsn {
    static final int BYTES = 8;
    static final int CALL = 0x85;
    static final int LDDW = 0x18;
    static final int PSEUDO_MAP_FD = 1;
    static final int PSEUDO_MAP_VALUE = 2;
    static final int PSEUDO_BTF_ID = 3;
    static final int PSEUDO_FUNC = 4;
    static final int PSEUDO_CALL = 1;
    static final int PSEUDO_KFUNC_CALL = 2;

    private static final long IMM_MASK = 0xffffffffL;

    private RawInsn() {}

    static int opcode(long insn) {
        return (int) insn & 0xff;
    }

    static int dst(long insn) {
        return (int) (insn >>> 8) & 0xf;
    }

    static int src(long insn) {
        return (int) (insn >>> 12) & 0xf;
    }

    static int off(long insn) {
        return (short) (insn >>> 16);
    }

    static int imm(long insn) {
        return (int) (insn >>> 32);
    }

    static long of(int opcode, int dst, int src, int off, int imm) {
        return opcode | (long) dst << 8 | (long) src << 12 | (off & 0xffffL) << 16 | (long) imm << 32;
    }

    static long withOpcode(long insn, int opcode) {
        return insn & ~0xffL | opcode;
    }

    static long withSrc(long insn, int src) {
        return insn & ~0xf000L | (long) src << 12;
    }

    static long withOff(long insn, int off) {
        return insn & ~0xffff0000L | (off & 0xffffL) << 16;
    }

    static long withImm(long insn, int imm) {
        return insn & IMM_MASK | (long) imm << 32;
    }

    static boolean isLddw(long insn) {
        return opcode(insn) == LDDW;
    }

    static boolean isCall(long insn) {
        return opcode(insn) == CALL;
    }

    static boolean isSubprogCall(long insn) {
        return isCall(insn) && src(insn) == PSEUDO_CALL && off(insn) == 0;
    }

    static boolean isFunctionAddress(long insn) {
        return isLddw(insn) && src(insn) == PSEUDO_FUNC;
    }
}
