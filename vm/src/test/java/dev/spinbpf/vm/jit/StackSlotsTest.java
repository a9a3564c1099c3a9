package dev.spinbpf.vm.jit;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.EnginePair;
import dev.spinbpf.vm.exec.Fault;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cells of the stack frame as variables. */
class StackSlotsTest {
    private static final byte[] MEMORY = {(byte) 0x88, (byte) 0x99, (byte) 0xaa, (byte) 0xbb, -4, -3, -2, -1};

    private final EnginePair engines = EnginePair.masked();

    @AfterEach
    void close() {
        engines.close();
    }

    private static Insn insn(Op op, int dst, int src, int off, long imm) {
        return new Insn(op, dst, src, off, imm);
    }

    /** Rounds of a loop whose counter and sum are in the frame. */
    private static List<Insn> loop(int rounds) {
        return List.of(
                insn(Op.LDX_DW, 2, 1, 0, 0),
                insn(Op.STX_DW, 10, 2, -8, 0),
                insn(Op.ST_W, 10, 0, -12, 0),
                insn(Op.LDX_DW, 3, 10, -8, 0),
                insn(Op.MUL64_IMM, 3, 0, 0, 31),
                insn(Op.STX_DW, 10, 3, -8, 0),
                insn(Op.LDX_W, 4, 10, -12, 0),
                insn(Op.ADD64_IMM, 4, 0, 0, 1),
                insn(Op.STX_W, 10, 4, -12, 0),
                insn(Op.JLT64_IMM, 4, 0, -7, rounds),
                insn(Op.LDX_DW, 0, 10, -8, 0),
                insn(Op.EXIT, 0, 0, 0, 0));
    }

    /** Stores the input in a cell and loads it again. */
    private static List<Insn> throughCell(Op store, Op load) {
        return List.of(
                insn(Op.LDX_DW, 2, 1, 0, 0),
                insn(store, 10, store.usesSrcRegister() ? 2 : 0, -16, store.usesSrcRegister() ? 0 : -0x1234),
                insn(load, 0, 10, -16, 0),
                insn(Op.EXIT, 0, 0, 0, 0));
    }

    static Stream<List<Insn>> cells() {
        return Stream.of(
                throughCell(Op.STX_B, Op.LDX_B),
                throughCell(Op.STX_B, Op.LDXSX_B),
                throughCell(Op.STX_H, Op.LDX_H),
                throughCell(Op.STX_H, Op.LDXSX_H),
                throughCell(Op.STX_W, Op.LDX_W),
                throughCell(Op.STX_W, Op.LDXSX_W),
                throughCell(Op.STX_DW, Op.LDX_DW),
                throughCell(Op.ST_B, Op.LDX_B),
                throughCell(Op.ST_H, Op.LDXSX_H),
                throughCell(Op.ST_W, Op.LDX_W),
                throughCell(Op.ST_DW, Op.LDX_DW),
                loop(2000));
    }

    static Stream<List<Insn>> memory() {
        return Stream.of(
                throughCell(Op.STX_DW, Op.LDX_W),
                List.of(
                        insn(Op.LDX_DW, 2, 1, 0, 0),
                        insn(Op.STX_DW, 10, 2, -16, 0),
                        insn(Op.ST_H, 10, 0, -10, 7),
                        insn(Op.LDX_DW, 0, 10, -16, 0),
                        insn(Op.EXIT, 0, 0, 0, 0)),
                List.of(
                        insn(Op.LDX_DW, 2, 1, 0, 0),
                        insn(Op.STX_DW, 10, 2, -16, 0),
                        insn(Op.MOV64_REG, 3, 10, 0, 0),
                        insn(Op.ST_B, 3, 0, -16, 7),
                        insn(Op.LDX_DW, 0, 10, -16, 0),
                        insn(Op.EXIT, 0, 0, 0, 0)));
    }

    private void compare(EnginePair.Program program) {
        long interpreted = engines.interpret(program, MEMORY);
        long executed = engines.executed();
        assertThat(engines.fault()).isNull();
        assertThat(engines.runCompiled(program, MEMORY)).isEqualTo(interpreted);
        assertThat(engines.executed()).isEqualTo(executed);
        assertThat(engines.fault()).isNull();
    }

    private static String listing(EnginePair.Program program) throws NotCompilableException {
        return Listing.of(program.compiled(), AccessMode.MASKED);
    }

    @ParameterizedTest
    @MethodSource("cells")
    void shouldKeepCellsInVariables(List<Insn> insns) throws NotCompilableException {
        EnginePair.Program program = engines.program(insns);
        assertThat(listing(program)).contains("lload cell0", "lstore cell0");
        compare(program);
    }

    @ParameterizedTest
    @MethodSource("memory")
    void shouldKeepInMemoryWhatIsReachedInAnotherWay(List<Insn> insns) throws NotCompilableException {
        EnginePair.Program program = engines.program(insns);
        assertThat(listing(program)).doesNotContain("cell0");
        compare(program);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 4_000, 4_003, 5_001, 9_999, 13_999})
    void shouldHandCellsToTheInterpreter(int budget) {
        EnginePair.Program program = engines.program(loop(2000));
        engines.budget(budget);
        engines.interpret(program, MEMORY);
        Fault expected = requireNonNull(engines.fault());
        engines.budget(budget);
        engines.runCompiled(program, MEMORY);
        Fault fault = requireNonNull(engines.fault());
        assertThat(fault.insn()).isEqualTo(expected.insn());
        assertThat(fault.reason()).isEqualTo(expected.reason());
        // nothing reads r1 and r2 in the loop, so that compiled code does not keep them
        assertThat(fault.registers().subList(3, 11))
                .isEqualTo(expected.registers().subList(3, 11));
    }

    @Test
    void shouldCheckEachAccessOfTheFrameWhereFaultsAreExact() throws NotCompilableException {
        EnginePair.Program program = engines.program(loop(10));
        assertThat(Listing.of(program.compiled(), AccessMode.CHECKED)).doesNotContain("cell0");
    }
}
