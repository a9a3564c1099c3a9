package dev.spinbpf.vm.exec;

import static dev.spinbpf.vm.exec.Snippet.exit;
import static dev.spinbpf.vm.exec.Snippet.insn;
import static dev.spinbpf.vm.exec.Snippet.load;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Op;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every row of the opcode table, against arithmetic on numbers without a width. */
class EachOpTest {
    private static final long SEED = 20260401;
    private static final long[] EDGES = {
        0,
        1,
        2,
        7,
        31,
        32,
        33,
        63,
        64,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0x7fff_ffffL,
        0x8000_0000L,
        0xffff_ffffL,
        0x1_0000_0000L,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -2,
        -128,
        0x0123_4567_89ab_cdefL
    };

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    static Stream<Op> ops(Op.Kind... kinds) {
        return Arrays.stream(Op.values()).filter(op -> List.of(kinds).contains(op.kind()));
    }

    static Stream<Op> arithmetic() {
        return ops(Op.Kind.ALU);
    }

    static Stream<Op> conditionalJumps() {
        return ops(Op.Kind.JCC);
    }

    static Stream<Op> unary() {
        return ops(Op.Kind.MOVSX, Op.Kind.NEG, Op.Kind.BYTE_SWAP);
    }

    static Stream<Op> memory() {
        return ops(Op.Kind.LDX, Op.Kind.LDXSX, Op.Kind.ST, Op.Kind.STX, Op.Kind.LOAD_ACQUIRE, Op.Kind.STORE_RELEASE);
    }

    static Stream<Op> atomics() {
        return ops(Op.Kind.ATOMIC);
    }

    @ParameterizedTest
    @MethodSource("arithmetic")
    void shouldCompute(Op op) {
        for (long[] pair : pairs()) {
            long source = op.operand() == Op.Operand.IMM ? (int) pair[1] : pair[1];
            long result = snippet.run(
                    load(0, pair[0]), load(2, source), insn(op, 0, 2, 0, op.usesSrcRegister() ? 0 : source), exit());
            assertThat(result).as("%s of %x and %x", op, pair[0], source).isEqualTo(expected(op, pair[0], source));
        }
    }

    private static long expected(Op op, long dst, long src) {
        int width = op.width();
        BigInteger a = unsigned(dst, width);
        BigInteger b = unsigned(src, width);
        BigInteger sa = signed(dst, width);
        BigInteger sb = signed(src, width);
        int shift = b.intValue() & (width - 1);
        boolean zero = b.signum() == 0;
        BigInteger result =
                switch (op.alu()) {
                    case ADD -> a.add(b);
                    case SUB -> a.subtract(b);
                    case MUL -> a.multiply(b);
                    case DIV -> zero ? BigInteger.ZERO : a.divide(b);
                    case SDIV -> zero ? BigInteger.ZERO : sa.divide(sb);
                    case OR -> a.or(b);
                    case AND -> a.and(b);
                    case LSH -> a.shiftLeft(shift);
                    case RSH -> a.shiftRight(shift);
                    case MOD -> zero ? a : a.mod(b);
                    case SMOD -> zero ? sa : sa.remainder(sb);
                    case XOR -> a.xor(b);
                    case MOV -> b;
                    case ARSH -> sa.shiftRight(shift);
                };
        return truncated(result, width);
    }

    @ParameterizedTest
    @MethodSource("conditionalJumps")
    void shouldJumpWhere(Op op) {
        for (long[] pair : pairs()) {
            long source = op.operand() == Op.Operand.IMM ? (int) pair[1] : pair[1];
            long result = snippet.run(
                    load(1, pair[0]),
                    load(2, source),
                    insn(Op.MOV64_IMM, 0, 0, 0, 1),
                    insn(op, 1, 2, 1, op.usesSrcRegister() ? 0 : source),
                    insn(Op.MOV64_IMM, 0, 0, 0, 0),
                    exit());
            assertThat(result == 1).as("%s of %x and %x", op, pair[0], source).isEqualTo(holds(op, pair[0], source));
        }
    }

    private static boolean holds(Op op, long dst, long src) {
        int compared = unsigned(dst, op.width()).compareTo(unsigned(src, op.width()));
        int comparedSigned = signed(dst, op.width()).compareTo(signed(src, op.width()));
        return switch (op.cond()) {
            case JEQ -> compared == 0;
            case JNE -> compared != 0;
            case JSET ->
                unsigned(dst, op.width()).and(unsigned(src, op.width())).signum() != 0;
            case JGT -> compared > 0;
            case JGE -> compared >= 0;
            case JLT -> compared < 0;
            case JLE -> compared <= 0;
            case JSGT -> comparedSigned > 0;
            case JSGE -> comparedSigned >= 0;
            case JSLT -> comparedSigned < 0;
            case JSLE -> comparedSigned <= 0;
        };
    }

    @ParameterizedTest
    @MethodSource("unary")
    void shouldConvert(Op op) {
        for (long value : EDGES) {
            long result = snippet.run(load(0, value), load(3, value), insn(op, 0, 3, 0, 0), exit());
            assertThat(result).as("%s of %x", op, value).isEqualTo(converted(op, value));
        }
    }

    private static long converted(Op op, long value) {
        return switch (op.kind()) {
            case MOVSX -> truncated(signed(value, op.fromWidth()), op.width());
            case NEG -> truncated(unsigned(value, op.width()).negate(), op.width());
            case BYTE_SWAP -> {
                boolean swaps = !op.name().startsWith("LE");
                byte[] bytes = littleEndian(value, op.widthBytes());
                yield swaps ? new BigInteger(1, bytes).longValue() : truncated(BigInteger.valueOf(value), op.width());
            }
            default -> throw new IllegalArgumentException(op.name());
        };
    }

    private static byte[] littleEndian(long value, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (value >>> (8 * i));
        }
        return bytes;
    }

    @ParameterizedTest
    @MethodSource("memory")
    void shouldLoadAndStore(Op op) {
        long cell = snippet.arena.allocate(64);
        for (long value : EDGES) {
            boolean load = op.kind() == Op.Kind.LDX || op.kind() == Op.Kind.LDXSX || op.kind() == Op.Kind.LOAD_ACQUIRE;
            GuestMemory.putLong(cell + 8, load ? value : 0x5555_5555_5555_5555L);
            if (load) {
                long result = snippet.run(load(1, cell), insn(op, 0, 1, 8, 0), exit());
                boolean signed = op.kind() == Op.Kind.LDXSX;
                BigInteger number = signed ? signed(value, op.width()) : unsigned(value, op.width());
                assertThat(result).as("%s of %x", op, value).isEqualTo(number.longValue());
            } else {
                long imm = op.kind() == Op.Kind.ST ? (int) value : 0;
                snippet.run(load(1, cell), load(2, value), insn(op, 1, 2, 8, imm), exit());
                long stored = op.kind() == Op.Kind.ST ? imm : value;
                long mask = op.is64() ? -1 : (1L << op.width()) - 1;
                assertThat(GuestMemory.getLong(cell + 8))
                        .as("%s of %x", op, value)
                        .isEqualTo(stored & mask | 0x5555_5555_5555_5555L & ~mask);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("atomics")
    void shouldReadModifyWrite(Op op) {
        long cell = snippet.arena.allocate(64);
        long mask = op.is64() ? -1 : 0xffff_ffffL;
        for (long[] pair : pairs()) {
            for (boolean matches : new boolean[] {true, false}) {
                long before = pair[0];
                long operand = pair[1];
                long expected = matches ? before : before + 1;
                GuestMemory.putLong(cell, before);
                long r0 = snippet.run(load(1, cell), load(2, operand), load(0, expected), insn(op, 1, 2, 0, 0), exit());
                long old = before & mask;
                long after = modified(op.atomic(), old, operand & mask, matches) & mask | before & ~mask;
                boolean exchange = op.atomic() == Op.Atomic.CMPXCHG;
                assertThat(GuestMemory.getLong(cell)).as("%s", op).isEqualTo(after);
                assertThat(r0).as("r0 after %s", op).isEqualTo(exchange ? old : expected);
                assertThat(snippet.run.registers[2])
                        .as("source after %s", op)
                        .isEqualTo(op.atomic().fetches() && !exchange ? old : operand);
            }
        }
    }

    private static long modified(Op.Atomic operator, long old, long operand, boolean matches) {
        return switch (operator) {
            case ADD, FETCH_ADD -> old + operand;
            case OR, FETCH_OR -> old | operand;
            case AND, FETCH_AND -> old & operand;
            case XOR, FETCH_XOR -> old ^ operand;
            case XCHG -> operand;
            case CMPXCHG -> matches ? operand : old;
        };
    }

    private static List<long[]> pairs() {
        List<long[]> pairs = new ArrayList<>();
        for (long a : EDGES) {
            for (long b : EDGES) {
                pairs.add(new long[] {a, b});
            }
        }
        Random random = new Random(SEED);
        for (int i = 0; i < 200; i++) {
            pairs.add(new long[] {random.nextLong(), random.nextLong() >> random.nextInt(64)});
        }
        return pairs;
    }

    private static BigInteger modulus(int width) {
        return BigInteger.ONE.shiftLeft(width);
    }

    private static BigInteger unsigned(long value, int width) {
        return BigInteger.valueOf(value).mod(modulus(width));
    }

    private static BigInteger signed(long value, int width) {
        BigInteger number = unsigned(value, width);
        return number.testBit(width - 1) ? number.subtract(modulus(width)) : number;
    }

    private static long truncated(BigInteger value, int width) {
        return value.mod(modulus(width)).longValue();
    }
}
