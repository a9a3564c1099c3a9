package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Random input for a program: the bytes of the context, the packet and the map's values.
 *
 * <p>Mistakes show at the ends of ranges, so that a number which the program loads is often one that the next instructions
 * mention, is next to one, lies between two of them or has some of their bits.
 */
final class Inputs {
    private static final int NEAR = 14;
    private static final int MOST_OFFSET = 512;

    private final List<Insn> insns;
    private final long[][] fromContext = new long[MOST_OFFSET / 8][];
    private final long[][] fromValue = new long[MOST_OFFSET / 8][];

    Inputs(List<Insn> insns) {
        this.insns = insns;
        for (int slot = 0; slot < insns.size(); slot++) {
            Insn insn = insns.get(slot);
            boolean load = insn.op().kind() == Op.Kind.LDX || insn.op().kind() == Op.Kind.LDXSX;
            if (!load || insn.off() < 0 || insn.off() >= MOST_OFFSET) {
                continue;
            }
            if (insn.src() == ProgramWriter.VALUE) {
                fromValue[insn.off() / 8] = numbersAfter(slot);
            } else if (insn.src() == ProgramWriter.CONTEXT) {
                fromContext[insn.off() / 8] = numbersAfter(slot);
            }
        }
    }

    private long[] numbersAfter(int slot) {
        long[] numbers = new long[NEAR];
        int count = 0;
        for (int i = slot + 1; i < Math.min(insns.size(), slot + NEAR); i++) {
            Insn insn = insns.get(i);
            boolean mentions =
                    switch (insn.op().kind()) {
                        case ALU, JCC -> insn.op().operand() == Op.Operand.IMM;
                        default -> insn.op() == Op.LDDW_IMM64;
                    };
            if (mentions) {
                numbers[count++] = insn.imm();
            }
        }
        return Arrays.copyOf(numbers, count);
    }

    /** A number for the word of the context at an offset. */
    long forContext(int offset, RandomNumbers random) {
        long low = near(fromContext[offset / 8], random);
        return random.once(2) ? low : low << 32 | low & 0xffff_ffffL;
    }

    /** A number for the word of the first map's value at an offset. */
    long forValue(int offset, RandomNumbers random) {
        return near(fromValue[offset / 8], random);
    }

    /** A number for a place that no statement names. */
    long any(RandomNumbers random) {
        return random.once(3) ? insns.get(random.below(insns.size())).imm() + random.below(3) - 1 : random.number();
    }

    /** A length that the program mentions, or any, of at most so many bytes. */
    int length(int most, RandomNumbers random) {
        if (random.once(2)) {
            long mentioned = insns.get(random.below(insns.size())).imm() + random.below(4);
            if (mentioned >= 0 && mentioned <= most) {
                return (int) mentioned;
            }
        }
        return random.below(most + 1);
    }

    private long near(long @Nullable [] numbers, RandomNumbers random) {
        if (numbers == null || numbers.length == 0 || random.once(4)) {
            return any(random);
        }
        long first = numbers[random.below(numbers.length)];
        long second = numbers[random.below(numbers.length)];
        return switch (random.below(6)) {
            case 0 -> first;
            case 1 -> first + random.below(5) - 2;
            case 2 -> between(first, second, random);
            case 3 -> first & random.seed();
            case 4 -> first & second;
            default -> first & ~(1L << random.below(64)) ^ random.below(2);
        };
    }

    private static long between(long first, long second, RandomNumbers random) {
        long distance = second - first;
        return distance == 0 ? first : first + Long.remainderUnsigned(random.seed(), distance);
    }
}
