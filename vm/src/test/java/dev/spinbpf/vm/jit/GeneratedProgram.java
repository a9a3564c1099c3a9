package dev.spinbpf.vm.jit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * A program of any size for measurements, as bare instructions: one loop over rows of arithmetic, loads, stores and short jumps.
 *
 * <p>It needs nothing but the JDK: {@code java GeneratedProgram.java 5000 > FILE.bin} writes it, and says on the standard error how
 * many instructions it executes on {@value #MEMORY_BYTES} zero bytes of memory. r6 counts the rounds, r7 is the memory.
 */
public final class GeneratedProgram {
    /** Bytes of the memory that r1 points to. */
    static final int MEMORY_BYTES = 512;

    private static final int SEED = 13;
    private static final int DATA_REGISTERS = 6;
    private static final int COUNTER = 6;
    private static final int BASE = 7;
    private static final int FRAME = 5;

    private static final int ADD64_REG = 0x0f;
    private static final int ADD64_IMM = 0x07;
    private static final int MUL64_IMM = 0x27;
    private static final int XOR32_IMM = 0xa4;
    private static final int MOV64_REG = 0xbf;
    private static final int MOV64_IMM = 0xb7;
    private static final int LDX_DW = 0x79;
    private static final int STX_DW = 0x7b;
    private static final int JGT64_REG = 0x2d;
    private static final int JEQ64_IMM = 0x15;
    private static final int JA32 = 0x06;
    private static final int EXIT = 0x95;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final long[] insns;
    private int end;

    private GeneratedProgram(int size, int rounds) {
        insns = new long[size];
        emit(MOV64_REG, BASE, 1, 0, 0);
        emit(MOV64_IMM, COUNTER, 0, 0, rounds);
        for (int register = 0; register < DATA_REGISTERS; register++) {
            emit(MOV64_IMM, register, 0, 0, random.nextInt());
        }
        int head = end;
        while (end < size - FRAME) {
            row();
        }
        emit(ADD64_IMM, 0, 0, 0, 1);
        emit(ADD64_IMM, COUNTER, 0, 0, -1);
        emit(JEQ64_IMM, COUNTER, 0, 1, 0);
        emit(JA32, 0, 0, 0, head - end - 1);
        emit(EXIT, 0, 0, 0, 0);
    }

    private void row() {
        int dst = random.nextInt(DATA_REGISTERS);
        int src = random.nextInt(DATA_REGISTERS);
        int off = random.nextInt(MEMORY_BYTES / Long.BYTES) * Long.BYTES;
        switch (random.nextInt(6)) {
            case 0 -> emit(ADD64_REG, dst, src, 0, 0);
            case 1 -> emit(XOR32_IMM, dst, 0, 0, random.nextInt());
            case 2 -> emit(LDX_DW, dst, BASE, off, 0);
            case 3 -> emit(STX_DW, BASE, src, off, 0);
            case 4 -> emit(JGT64_REG, dst, src, Math.min(1 + random.nextInt(8), insns.length - FRAME - end - 1), 0);
            default -> emit(MUL64_IMM, dst, 0, 0, random.nextInt());
        }
    }

    private void emit(int opcode, int dst, int src, int off, int imm) {
        insns[end++] = opcode | dst << 8 | src << 12 | (off & 0xffffL) << 16 | (long) imm << 32;
    }

    /** Returns the slots of a program of so many instructions, little-endian. */
    static byte[] bytes(int size, int rounds) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * size).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(new GeneratedProgram(size, rounds).insns);
        return bytes.array();
    }

    /** Executes the program, and returns how many instructions that takes. */
    private long executed() {
        long[] registers = new long[BASE + 1];
        long[] memory = new long[MEMORY_BYTES / Long.BYTES];
        long executed = 1;
        for (int at = 0; (insns[at] & 0xff) != EXIT; executed++) {
            at += 1 + step(insns[at], registers, memory);
        }
        return executed;
    }

    /** Executes an instruction; returns how far it jumps. */
    private static int step(long insn, long[] registers, long[] memory) {
        int dst = (int) insn >> 8 & 0xf;
        int src = (int) insn >> 12 & 0xf;
        short off = (short) (insn >> 16);
        int imm = (int) (insn >> 32);
        switch ((int) insn & 0xff) {
            case ADD64_REG -> registers[dst] += registers[src];
            case ADD64_IMM -> registers[dst] += imm;
            case MUL64_IMM -> registers[dst] *= imm;
            case XOR32_IMM -> registers[dst] = (registers[dst] ^ imm) & 0xffff_ffffL;
            case MOV64_REG -> registers[dst] = registers[src];
            case MOV64_IMM -> registers[dst] = imm;
            case LDX_DW -> registers[dst] = memory[off / Long.BYTES];
            case STX_DW -> memory[off / Long.BYTES] = registers[src];
            case JGT64_REG -> {
                return Long.compareUnsigned(registers[dst], registers[src]) > 0 ? off : 0;
            }
            case JEQ64_IMM -> {
                return registers[dst] == imm ? off : 0;
            }
            case JA32 -> {
                return imm;
            }
            default -> throw new IllegalStateException("no instruction of ours: " + insn);
        }
        return 0;
    }

    /**
     * Writes a program to the standard output.
     *
     * @param arguments how many instructions, at least 20, and how many rounds (10 where it is not given)
     */
    public static void main(String[] arguments) throws IOException {
        int size = Integer.parseInt(arguments[0]);
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
        System.out.write(bytes(size, rounds));
        System.out.flush();
        System.err.println(new GeneratedProgram(size, rounds).executed() + " instructions");
    }
}
