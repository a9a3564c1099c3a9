package dev.spinbpf.vm.jit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.EnginePair;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers that are put together from bytes, which one load gives. */
class LoadMergesTest {
    private static final int MEMORY_SIZE = 32;
    private static final int PROGRAMS = 600;

    private final EnginePair engines = EnginePair.masked();

    @AfterEach
    void close() {
        engines.close();
    }

    private static Insn insn(Op op, int dst, int src, int off, long imm) {
        return new Insn(op, dst, src, off, imm);
    }

    /** The bytes at a distance from r1, the first one the most or the least significant, in r0. */
    private static List<Insn> bytes(int off, int widthBytes, boolean isBigEndian) {
        List<Insn> insns = new ArrayList<>();
        insns.add(insn(Op.MOV64_IMM, 0, 0, 0, 0));
        for (int i = 0; i < widthBytes; i++) {
            int shift = 8 * (isBigEndian ? widthBytes - 1 - i : i);
            insns.add(insn(Op.LDX_B, i == 0 ? 0 : 2, 1, off + i, 0));
            if (shift > 0) {
                insns.add(insn(Op.LSH64_IMM, i == 0 ? 0 : 2, 0, 0, shift));
            }
            if (i > 0) {
                insns.add(insn(Op.OR64_REG, 0, 2, 0, 0));
            }
        }
        insns.add(insn(Op.EXIT, 0, 0, 0, 0));
        return insns;
    }

    private List<LoadMerges.Merge> merges(EnginePair.Program program) {
        Code code = program.compiled();
        LoadMerges merges = LoadMerges.of(code, new FunctionBlocks(code, 0), StackSlots.none());
        return IntStream.range(0, code.end())
                .mapToObj(merges::before)
                .flatMap(List::stream)
                .toList();
    }

    private void assertSame(EnginePair.Program program, byte[] memory, String what) {
        long interpreted = engines.interpret(program, memory);
        byte[] expected = engines.memory(memory.length);
        assertThat(engines.runCompiled(program, memory)).as(what).isEqualTo(interpreted);
        assertThat(engines.memory(memory.length)).as(what).isEqualTo(expected);
    }

    private static byte[] memory(long seed) {
        byte[] memory = new byte[MEMORY_SIZE];
        new SplittableRandom(seed).nextBytes(memory);
        return memory;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    void shouldLoadNeighbouringBytesAtOnce(int widthBytes) {
        for (boolean isBigEndian : new boolean[] {true, false}) {
            EnginePair.Program program = engines.program(bytes(3, widthBytes, isBigEndian));
            assertThat(merges(program))
                    .anyMatch(merge -> merge.widthBytes() == widthBytes
                            && merge.isBigEndian() == isBigEndian
                            && merge.base() == 1
                            && merge.off() == 3
                            && merge.shiftBits() == 0);
            assertSame(program, memory(widthBytes), widthBytes + " bytes");
        }
    }

    @Test
    void shouldNotLoadAfterAStoreWhatWasLoadedBeforeIt() {
        List<Insn> insns = new ArrayList<>(bytes(0, 2, true));
        insns.add(insns.size() - 3, insn(Op.ST_H, 1, 0, 0, 0x1234));
        EnginePair.Program program = engines.program(insns);
        assertSame(program, memory(1), "a store between two bytes");
        insns = new ArrayList<>(bytes(0, 2, true));
        insns.add(3, insn(Op.ST_H, 1, 0, 0, 0x1234));
        program = engines.program(insns);
        assertThat(merges(program)).isEmpty();
        assertSame(program, memory(1), "a store between two loads");
    }

    @Test
    void shouldKnowTheBaseThatTheLastLoadReplaces() {
        EnginePair.Program program = engines.program(List.of(
                insn(Op.LDX_B, 0, 1, 5, 0),
                insn(Op.LDX_B, 1, 1, 4, 0),
                insn(Op.LSH64_IMM, 1, 0, 0, 8),
                insn(Op.OR64_REG, 0, 1, 0, 0),
                insn(Op.EXIT, 0, 0, 0, 0)));
        assertThat(merges(program)).hasSize(1);
        assertSame(program, memory(2), "the base is replaced");
    }

    /** Loads, shifts, sums, masks, copies and stores in any order, most of them no number that one load gives. */
    @Test
    void shouldDoAsInterpreted() {
        SplittableRandom random = new SplittableRandom(20_261_127);
        int merged = 0;
        for (int round = 0; round < PROGRAMS; round++) {
            List<Insn> insns = new ArrayList<>();
            for (int register = 0; register < 6; register++) {
                if (register != 1) {
                    insns.add(insn(Op.LDX_B, register, 1, random.nextInt(4), 0));
                }
            }
            for (int i = 0; i < 24; i++) {
                insns.add(step(random));
            }
            insns.add(insn(Op.EXIT, 0, 0, 0, 0));
            EnginePair.Program program = engines.program(insns);
            merged += merges(program).size();
            assertSame(program, memory(round), "program " + round + ": " + insns);
        }
        assertThat(merged).isGreaterThan(PROGRAMS / 12);
    }

    private static int register(SplittableRandom random) {
        int register = random.nextInt(5);
        return register == 0 ? 0 : register + 1;
    }

    private static Insn step(SplittableRandom random) {
        int dst = register(random);
        int src = register(random);
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> insn(Op.LDX_B, dst, 1, random.nextInt(4), 0);
            case 3 -> insn(Op.LDX_H, dst, 1, random.nextInt(4), 0);
            case 4, 5 ->
                insn(random.nextBoolean() ? Op.LSH64_IMM : Op.LSH32_IMM, dst, 0, 0, 8L * (1 + random.nextInt(3)));
            case 6 -> insn(random.nextBoolean() ? Op.RSH64_IMM : Op.RSH32_IMM, dst, 0, 0, 8);
            case 7, 8 -> insn(random.nextBoolean() ? Op.OR64_REG : Op.OR32_REG, dst, src, 0, 0);
            case 9 -> insn(random.nextBoolean() ? Op.ADD64_REG : Op.XOR32_REG, dst, src, 0, 0);
            case 10 ->
                random.nextBoolean()
                        ? insn(Op.AND64_IMM, dst, 0, 0, random.nextBoolean() ? 0xffff : -256)
                        : insn(Op.MOV32_REG, dst, src, 0, 0);
            default ->
                random.nextInt(4) == 0
                        ? insn(Op.STX_B, 1, src, random.nextInt(4), 0)
                        : insn(Op.MOV64_REG, dst, src, 0, 0);
        };
    }
}
