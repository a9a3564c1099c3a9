package dev.spinbpf.vm.exec;

import static dev.spinbpf.vm.exec.Snippet.exit;
import static dev.spinbpf.vm.exec.Snippet.insn;
import static dev.spinbpf.vm.exec.Snippet.load;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.KernelLimits;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Snippet.Engine.class)
class ControlFlowTest {
    private final Snippet snippet;

    ControlFlowTest(Snippet.Engine engine) {
        snippet = new Snippet(engine);
    }

    @AfterEach
    void close() {
        snippet.close();
    }

    private Fault fault() {
        return Objects.requireNonNull(snippet.run.fault(), "a fault");
    }

    @Test
    void shouldKeepCalleeSavedRegistersAndGiveEachFunctionAStack() {
        long result = snippet.run(
                insn(Op.MOV64_IMM, 6, 0, 0, 7),
                insn(Op.ST_DW, 10, 0, -8, 100),
                insn(Op.CALL_SUBPROG, 0, 0, 0, 4),
                insn(Op.LDX_DW, 1, 10, -8, 0),
                insn(Op.ADD64_REG, 0, 1, 0, 0),
                insn(Op.ADD64_REG, 0, 6, 0, 0),
                exit(),
                insn(Op.MOV64_IMM, 6, 0, 0, 1000),
                insn(Op.ST_DW, 10, 0, -8, 2000),
                insn(Op.MOV64_IMM, 0, 0, 0, 30),
                exit());
        assertThat(result).isEqualTo(137);
    }

    @Test
    void shouldRunCallbacksOfHelpersOnTopOfTheCaller() {
        snippet.helpers.put(181, (run, count, function, context, flags, _) -> {
            for (long i = 0; i < count; i++) {
                run.callback(function, i, context, 0, 0);
            }
            return count;
        });
        long result = snippet.run(
                insn(Op.ST_DW, 10, 0, -8, 0),
                insn(Op.MOV64_IMM, 1, 0, 0, 5),
                insn(Op.LDDW_FUNC, 2, 0, 0, 8),
                insn(Op.MOV64_REG, 3, 10, 0, 0),
                insn(Op.ADD64_IMM, 3, 0, 0, -8),
                insn(Op.MOV64_IMM, 4, 0, 0, 0),
                insn(Op.CALL_HELPER, 0, 0, 0, 181),
                insn(Op.LDX_DW, 1, 10, -8, 0),
                insn(Op.ADD64_REG, 0, 1, 0, 0),
                exit(),
                insn(Op.LDX_DW, 4, 2, 0, 0),
                insn(Op.ADD64_REG, 4, 1, 0, 0),
                insn(Op.STX_DW, 2, 4, 0, 0),
                insn(Op.MOV64_IMM, 0, 0, 0, 0),
                exit());
        assertThat(snippet.run.fault()).isNull();
        assertThat(result).isEqualTo(15);
    }

    @Test
    void shouldGoOnInTheTargetOfATailCallAndReturnToTheCallerOfTheSubprogram() {
        Code target = snippet.code(List.of(insn(Op.MOV64_IMM, 0, 0, 0, 1234), exit()));
        snippet.helpers.put(12, (run, context, map, index, d, e) -> run.tailCall(target) ? 0 : -1);
        long result = snippet.run(
                insn(Op.CALL_SUBPROG, 0, 0, 0, 2),
                insn(Op.ADD64_IMM, 0, 0, 0, 100_000),
                exit(),
                insn(Op.CALL_HELPER, 0, 0, 0, 12),
                exit());
        assertThat(result).isEqualTo(101_234);
        assertThat(snippet.run.executed()).isEqualTo(6);
    }

    @Test
    void shouldStopTailCallingAfter33() {
        Code[] self = new Code[1];
        long[] calls = new long[1];
        snippet.helpers.put(12, (run, context, map, index, d, e) -> {
            calls[0]++;
            return run.tailCall(self[0]) ? 0 : -1;
        });
        self[0] = snippet.code(List.of(insn(Op.CALL_HELPER, 0, 0, 0, 12), insn(Op.MOV64_IMM, 0, 0, 0, 5), exit()));
        assertThat(snippet.run.run(self[0], 0)).isEqualTo(5);
        assertThat(calls[0]).isEqualTo(34);
        assertThat(snippet.run.executed()).isEqualTo(36);
    }

    @Test
    void shouldFallThroughMayGotoABoundedNumberOfTimes() {
        long result = snippet.run(
                insn(Op.MOV64_IMM, 0, 0, 0, 0),
                insn(Op.MAY_GOTO, 0, 0, 2, 0),
                insn(Op.ADD64_IMM, 0, 0, 0, 1),
                insn(Op.JA, 0, 0, -3, 0),
                exit());
        assertThat(result).isEqualTo(KernelLimits.BPF_MAX_LOOPS);
    }

    @Test
    void shouldReadThePacketWithLegacyLoadsAndEndWithZeroOutsideOfIt() {
        snippet.run.packetLoader(
                (context, offset, size) -> offset + size > 16 ? PacketLoader.OUT_OF_PACKET : offset + size);
        assertThat(snippet.run(insn(Op.LD_ABS_W, 0, 0, 0, 10), exit())).isEqualTo(14);
        assertThat(snippet.run(load(3, 4), insn(Op.LD_IND_H, 0, 3, 0, 6), exit()))
                .isEqualTo(12);
        assertThat(snippet.run(insn(Op.MOV64_IMM, 0, 0, 0, 9), insn(Op.LD_ABS_B, 0, 0, 0, 16), exit()))
                .isZero();
    }

    @Test
    void shouldCountInstructionsAndStopWhenTheBudgetIsUsedUp() {
        snippet.run.budget(1000);
        snippet.run(insn(Op.JA, 0, 0, -1, 0), exit());
        assertThat(fault().reason()).contains("budget");
        assertThat(snippet.run.executed()).isEqualTo(1000);
    }

    @Test
    void shouldFaultOnMisalignedAtomics() {
        snippet.run(insn(Op.ATOMIC_ADD_DW, 10, 1, -12, 0), exit());
        assertThat(fault().reason()).contains("invalid access");
    }

    @Test
    void shouldFaultWhereARunFallsOffTheEndOrJumpsIntoAWideInstruction() {
        snippet.run(insn(Op.MOV64_IMM, 0, 0, 0, 3));
        assertThat(snippet.run.fault()).isNotNull();
        snippet.run(insn(Op.JA, 0, 0, 1, 0), load(0, 1), exit());
        assertThat(snippet.run.fault()).isNotNull();
    }

    @Test
    void shouldFaultOnEndlessRecursion() {
        snippet.run(insn(Op.CALL_SUBPROG, 0, 0, 0, -1), exit());
        assertThat(fault().reason()).contains("call stack");
    }

    @Test
    void shouldPollInAnEndlessLoopUntilItIsStopped() {
        long[] polls = new long[1];
        snippet.run.pollPoint(run -> {
            if (++polls[0] == 3) {
                throw TrapException.stop();
            }
        });
        snippet.run(insn(Op.JA, 0, 0, -1, 0), exit());
        assertThat(snippet.run.stopped()).isTrue();
        assertThat(snippet.run.fault()).isNull();
    }

    @Test
    void shouldTrapByNameWhereAFunctionIsNotThere() {
        Insn call = insn(Op.CALL_HELPER, 0, 0, 0, 999);
        assertThat(snippet.code(List.of(call, exit())).missing()).containsExactly("helper #999 is not supported");
        snippet.run(call, exit());
        assertThat(fault().reason()).isEqualTo("helper #999 is not supported");
    }
}
