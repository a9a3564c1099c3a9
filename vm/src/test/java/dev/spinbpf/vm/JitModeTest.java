package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.PiecedCode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JitModeTest {
    /** Counts to a thousand. */
    private static final ProgramObject LOOP = MachineTest.object(
            ProgType.SYSCALL,
            AttachType.XDP,
            "syscall",
            new Insn(Op.MOV64_IMM, 0, 0, 0, 0),
            new Insn(Op.ADD64_IMM, 0, 0, 0, 1),
            new Insn(Op.JLT64_IMM, 0, 0, -2, 1000),
            new Insn(Op.EXIT, 0, 0, 0, 0));

    private static LoadedProgram load(Machine machine) throws Exception {
        return machine.loadUnverified(LOOP, LOOP.programs().getFirst());
    }

    @ParameterizedTest
    @EnumSource
    void shouldGiveResultAndCountInEachMode(JitMode mode) throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withJit(mode))) {
            RunResult result = machine.run(load(machine), null, 0, 3);
            assertThat(result.r0()).isEqualTo(1000);
            assertThat(result.insns()).isEqualTo(2002);
        }
    }

    @Test
    void shouldCompileABusyProgramAndNoOther() throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withJit(JitMode.AUTO))) {
            LoadedProgram program = load(machine);
            assertThat(machine.run(program, null, 0, 1).r0()).isEqualTo(1000);
            assertThat(program.code().machineCode()).isNull();
            machine.run(program, null, 0, 1000);
            assertThat(Patience.until(() -> program.code().machineCode() != null, compiled -> compiled))
                    .isTrue();
            assertThat(machine.run(program, null, 0, 1).insns()).isEqualTo(2002);
        }
    }

    private static ProgramObject large() {
        List<Insn> insns = new ArrayList<>(Collections.nCopies(5_000, new Insn(Op.ADD64_IMM, 0, 0, 0, 7)));
        insns.set(0, new Insn(Op.MOV64_IMM, 0, 0, 0, 0));
        insns.add(new Insn(Op.EXIT, 0, 0, 0, 0));
        return MachineTest.object(ProgType.SYSCALL, AttachType.XDP, "syscall", insns.toArray(Insn[]::new));
    }

    @Test
    void shouldCompileEachPieceOfALargeProgramWhenAsked() throws Exception {
        ProgramObject large = large();
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withJit(JitMode.ALWAYS))) {
            LoadedProgram program =
                    machine.loadUnverified(large, large.programs().getFirst());
            PiecedCode pieces =
                    (PiecedCode) Objects.requireNonNull(program.code().machineCode());
            assertThat(pieces.pieces()).isGreaterThan(10);
            assertThat(pieces.open()).isEqualTo(pieces.pieces());
            assertThat(machine.run(program, null, 0, 1).r0()).isEqualTo(7 * 4_999);
        }
    }

    /** Each run gives the same, whichever pieces are open. */
    @Test
    void shouldOpenPiecesOfALargeProgramAsTheyBecomeFast() throws Exception {
        ProgramObject large = large();
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withJit(JitMode.AUTO))) {
            LoadedProgram program =
                    machine.loadUnverified(large, large.programs().getFirst());
            assertThat(Patience.until(() -> openAfterARun(machine, program), open -> open > 0))
                    .isPositive();
        }
    }

    private static int openAfterARun(Machine machine, LoadedProgram program) {
        RunResult result = machine.run(program, null, 0, 100);
        assertThat(result.r0()).isEqualTo(7 * 4_999);
        assertThat(result.insns()).isEqualTo(5_001);
        return program.code().machineCode() instanceof PiecedCode pieces ? pieces.open() : 0;
    }
}
