package dev.spinbpf.vm.jit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.EnginePair;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every row of the opcode table, compiled, against the interpreter: programs of many cases of one row, on random numbers. */
class EachOpCompiledTest {
    private static final long SEED = 20261127;
    private static final int CASES = 100;
    private static final int RUNS = 10;
    private static final int CELL = 40;
    private static final long[] EDGES = {
        0,
        1,
        2,
        31,
        32,
        63,
        64,
        0x7f,
        0x80,
        0xffff,
        0x7fff_ffffL,
        0x8000_0000L,
        0xffff_ffffL,
        1L << 32,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -128
    };

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final EnginePair engines = new EnginePair();

    @AfterEach
    void close() {
        engines.close();
    }

    static Stream<Op> straight() {
        return Arrays.stream(Op.values()).filter(op -> switch (op.kind()) {
            case ALU, MOVSX, NEG, BYTE_SWAP, JCC, LDX, LDXSX, ST, STX, ATOMIC, LOAD_ACQUIRE, STORE_RELEASE -> true;
            case ADDR_SPACE_CAST, JA, MAY_GOTO, GOTO_REG, CALL_HELPER, CALL_SUBPROG, CALL_KFUNC, EXIT -> false;
            case LD_ABS, LD_IND, LDDW, LDDW_HI -> false;
        });
    }

    /** A cell of memory for each case: two operands, r0 for comparisons, and the results. */
    @ParameterizedTest
    @MethodSource("straight")
    void shouldDoAsInterpreted(Op op) {
        List<Insn> insns = new ArrayList<>();
        insns.add(new Insn(Op.MOV64_REG, 6, 1, 0, 0));
        for (int i = 0; i < CASES; i++) {
            addCase(insns, op, i * CELL);
        }
        insns.add(new Insn(Op.MOV64_IMM, 0, 0, 0, 0));
        insns.add(new Insn(Op.EXIT, 0, 0, 0, 0));
        EnginePair.Program program = engines.program(insns);
        for (int run = 0; run < RUNS; run++) {
            byte[] memory = randomMemory();
            long interpreted = engines.interpret(program, memory);
            byte[] expected = engines.memory(memory.length);
            long compiled = engines.runCompiled(program, memory);
            assertThat(compiled).as("%s", op).isEqualTo(interpreted);
            assertThat(engines.memory(memory.length)).as("memory after %s", op).isEqualTo(expected);
            assertThat(engines.fault()).isNull();
        }
    }

    private void addCase(List<Insn> insns, Op op, int cell) {
        insns.add(new Insn(Op.LDX_DW, 2, 6, cell, 0));
        insns.add(new Insn(Op.LDX_DW, 3, 6, cell + 8, 0));
        insns.add(new Insn(Op.LDX_DW, 0, 6, cell + 16, 0));
        long imm = op.operand() == Op.Operand.IMM ? (int) number() : 0;
        switch (op.kind()) {
            case JCC -> {
                insns.add(new Insn(op, 2, op.usesSrcRegister() ? 3 : 0, 1, imm));
                insns.add(new Insn(Op.ADD64_IMM, 3, 0, 0, 1));
            }
            case LDX, LDXSX, LOAD_ACQUIRE -> insns.add(new Insn(op, 2, 6, cell + 8, 0));
            case ST -> insns.add(new Insn(op, 6, 0, cell + 8, imm));
            case STX, ATOMIC, STORE_RELEASE -> insns.add(new Insn(op, 6, 3, cell, 0));
            default -> insns.add(new Insn(op, 2, op.usesSrcRegister() ? 3 : 0, 0, imm));
        }
        insns.add(new Insn(Op.STX_DW, 6, 2, cell + 24, 0));
        insns.add(new Insn(Op.STX_DW, 6, 3, cell + 32, 0));
        insns.add(new Insn(Op.STX_DW, 6, 0, cell + 16, 0));
    }

    private long number() {
        long edge = EDGES[random.nextInt(EDGES.length)];
        return switch (random.nextInt(3)) {
            case 0 -> edge;
            case 1 -> edge + random.nextInt(-2, 3);
            default -> random.nextLong() >> random.nextInt(64);
        };
    }

    /** Half of the cells hold what a comparison wants: r0 equals the first operand. */
    private byte[] randomMemory() {
        byte[] memory = new byte[CASES * CELL];
        var view = ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < CASES; i++) {
            long first = number();
            view.putLong(i * CELL, first);
            view.putLong(i * CELL + 8, number());
            view.putLong(i * CELL + 16, random.nextBoolean() ? first : number());
        }
        return memory;
    }
}
