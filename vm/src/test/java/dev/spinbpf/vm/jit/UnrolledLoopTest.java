package dev.spinbpf.vm.jit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.EnginePair;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Loops whose blocks are there several times. */
class UnrolledLoopTest {
    private static final int ROOM = 1_000;

    private final EnginePair engines = EnginePair.masked();

    @AfterEach
    void close() {
        engines.close();
    }

    private static Insn insn(Op op, int dst, int src, int off, long imm) {
        return new Insn(op, dst, src, off, imm);
    }

    /** A loop with a way round that skips something, a second exit, and a register that lives in one round only; r0 sums. */
    private static List<Insn> loop(int rounds) {
        return List.of(
                insn(Op.LDX_B, 5, 1, 0, 0),
                insn(Op.MOV64_IMM, 0, 0, 0, 0),
                insn(Op.MOV64_IMM, 3, 0, 0, 0),
                insn(Op.ADD64_IMM, 3, 0, 0, 1),
                insn(Op.MOV64_REG, 4, 3, 0, 0),
                insn(Op.AND64_IMM, 4, 0, 0, 3),
                insn(Op.JEQ64_REG, 4, 5, 3, 0),
                insn(Op.ADD64_REG, 0, 3, 0, 0),
                insn(Op.MUL64_IMM, 0, 0, 0, 31),
                insn(Op.JEQ64_IMM, 3, 0, 1, 1_000_000),
                insn(Op.JLT64_IMM, 3, 0, -8, rounds),
                insn(Op.EXIT, 0, 0, 0, 0));
    }

    @Test
    void shouldHaveCopiesOfSmallLoops() {
        Code code = engines.program(loop(9)).compiled();
        FunctionBlocks function = new FunctionBlocks(code, 0);
        FlowGraph graph = new FlowGraph(code, function, ROOM);
        int blocks = new FlowGraph(code, function, 0).blocks();
        assertThat(graph.blocks()).isEqualTo(blocks + (FlowGraph.COPIES - 1) * 3);
        assertThat(graph.layout(Piece.whole(function))).doesNotHaveDuplicates().hasSize(graph.blocks());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 333, 1_000})
    void shouldDoAsInterpretedInAnyNumberOfRounds(int rounds) {
        EnginePair.Program program = engines.program(loop(rounds));
        for (byte way = 0; way < 5; way++) {
            long interpreted = engines.interpret(program, new byte[] {way});
            long executed = engines.executed();
            assertThat(engines.runCompiled(program, new byte[] {way})).isEqualTo(interpreted);
            assertThat(engines.executed()).isEqualTo(executed);
        }
    }

    /** The interpreter takes over in the middle, where registers that nothing reads any more were forgotten. */
    @Test
    void shouldStopWhereTheInterpreterStops() {
        EnginePair.Program program = engines.program(loop(1_000));
        for (int budget = 1; budget < 5_000; budget += 37) {
            engines.budget(budget);
            engines.interpret(program, new byte[] {1});
            long executed = engines.executed();
            String place = String.valueOf(engines.fault());
            engines.budget(budget);
            engines.runCompiled(program, new byte[] {1});
            assertThat(engines.executed()).as("budget %d", budget).isEqualTo(executed);
            assertThat(engines.fault()).isNotNull();
            assertThat(place).isNotEqualTo("null");
        }
    }
}
