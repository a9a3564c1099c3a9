package dev.spinbpf.vm.jit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.InsnDecoder;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.EnginePair;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Functions that are too large for one method. */
class LargeFunctionTest {
    private static final long SEED = 13;
    private static final int BODY = 6_000;
    private static final int ROUNDS = 5;

    /** HotSpot compiles no method above this many bytes. */
    private static final int HUGE_METHOD = 8_000;

    private final EnginePair engines = new EnginePair();

    @AfterEach
    void close() {
        engines.close();
    }

    /** A loop of many rows of arithmetic, loads, stores and jumps over some of them; r6 counts, r7 is the memory. */
    private static List<Insn> program() {
        SplittableRandom random = new SplittableRandom(SEED);
        List<Insn> insns = new ArrayList<>();
        insns.add(new Insn(Op.MOV64_REG, 7, 1, 0, 0));
        insns.add(new Insn(Op.MOV64_IMM, 6, 0, 0, ROUNDS));
        int head = insns.size();
        for (int i = 0; i < BODY; i++) {
            int dst = random.nextInt(6);
            int src = random.nextInt(6);
            int off = random.nextInt(64) * 8;
            insns.add(
                    switch (random.nextInt(6)) {
                        case 0 -> new Insn(Op.ADD64_REG, dst, src, 0, 0);
                        case 1 -> new Insn(Op.XOR32_IMM, dst, 0, 0, random.nextInt());
                        case 2 -> new Insn(Op.LDX_DW, dst, 7, off, 0);
                        case 3 -> new Insn(Op.STX_W, 7, src, off, 0);
                        case 4 -> new Insn(Op.JGT64_REG, dst, src, 1 + random.nextInt(200), 0);
                        default -> new Insn(Op.MUL64_IMM, dst, 0, 0, random.nextInt());
                    });
        }
        for (int i = 0; i < 200; i++) {
            insns.add(new Insn(Op.ADD64_IMM, 0, 0, 0, 1));
        }
        insns.add(new Insn(Op.SUB64_IMM, 6, 0, 0, 1));
        insns.add(new Insn(Op.JNE64_IMM, 6, 0, head - insns.size() - 1, 0));
        insns.add(new Insn(Op.EXIT, 0, 0, 0, 0));
        return insns;
    }

    @Test
    void shouldDoAsInterpretedInSeveralMethods() {
        shouldDoAsInterpreted(program());
    }

    /** Too many for pieces of the usual size. */
    @Test
    void shouldDoAsInterpretedWithFiftyThousandInstructions() throws Exception {
        shouldDoAsInterpreted(InsnDecoder.decode(GeneratedProgram.bytes(50_000, 2)));
    }

    /** More than a class file has room for. */
    @Test
    void shouldDoAsInterpretedWithFiveHundredThousandInstructions() throws Exception {
        shouldDoAsInterpreted(InsnDecoder.decode(GeneratedProgram.bytes(500_000, 2)));
    }

    /** A block is longer than a method may be. */
    @Test
    void shouldDoAsInterpretedWithoutAJump() {
        List<Insn> insns = new ArrayList<>(Collections.nCopies(20_000, new Insn(Op.ADD64_IMM, 0, 0, 0, 3)));
        insns.set(0, new Insn(Op.MOV64_IMM, 0, 0, 0, 0));
        insns.add(new Insn(Op.EXIT, 0, 0, 0, 0));
        shouldDoAsInterpreted(insns);
    }

    private void shouldDoAsInterpreted(List<Insn> insns) {
        EnginePair.Program program = engines.program(insns);
        byte[] memory = new byte[GeneratedProgram.MEMORY_BYTES];
        new SplittableRandom(SEED).nextBytes(memory);
        long interpreted = engines.interpret(program, memory);
        long executed = engines.executed();
        byte[] expected = engines.memory(memory.length);
        assertThat(engines.runCompiled(program, memory)).isEqualTo(interpreted);
        assertThat(engines.executed()).isEqualTo(executed);
        assertThat(engines.memory(memory.length)).isEqualTo(expected);
        assertThat(engines.fault()).isNull();
    }

    @Test
    void shouldStayWithinTheSizeThatTheJvmCompiles() throws Exception {
        for (AccessMode access : AccessMode.values()) {
            Code code = engines.program(program()).compiled();
            List<Integer> sizes = new PieceCompiler(code, access, ProgramParts.of(code), null, Piece.PIECE_SIZE)
                    .classFiles().stream()
                            .flatMap(file -> ClassFile.of().parse(file).methods().stream())
                            .flatMap(method -> method.code().stream())
                            .map(body -> ((CodeAttribute) body).codeLength())
                            .toList();
            assertThat(sizes).hasSizeGreaterThan(10).allMatch(size -> size < HUGE_METHOD);
        }
    }
}
