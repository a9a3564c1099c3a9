package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Fault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Jumps through a table of instructions. */
class IndirectJumpTest {
    private static final int VALUE_BYTES = 16;

    /** The program reads the word at an offset of the table, whose entries are slots 4 and 6, and jumps there. */
    private static ProgramObject object(int offset) {
        return object(
                new int[] {4, 6},
                MachineTest.insn(Op.LDDW_MAP_VALUE, 1, 0, 0, 0),
                MachineTest.insn(Op.LDDW_HI, 0, 0, 0, 0),
                MachineTest.insn(Op.LDX_DW, 2, 1, offset, 0),
                MachineTest.insn(Op.GOTO_REG, 2, 0, 0, 0),
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 10),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0),
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 20),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0));
    }

    /**
     * A loop that chooses one of four ways in each round by the lowest bits of r0; r6 counts the rounds. One way has so many
     * instructions that do the same.
     */
    private static ProgramObject loop(int rounds, int same) {
        List<Insn> insns = new ArrayList<>(List.of(
                MachineTest.insn(Op.LDDW_MAP_VALUE, 1, 0, 0, 0),
                MachineTest.insn(Op.LDDW_HI, 0, 0, 0, 0),
                MachineTest.insn(Op.MOV64_IMM, 6, 0, 0, 0),
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 1),
                MachineTest.insn(Op.ADD64_IMM, 6, 0, 0, 1),
                MachineTest.insn(Op.JGT64_IMM, 6, 0, 12 + same, rounds),
                MachineTest.insn(Op.MOV64_REG, 2, 0, 0, 0),
                MachineTest.insn(Op.AND64_IMM, 2, 0, 0, 3),
                MachineTest.insn(Op.LSH64_IMM, 2, 0, 0, 3),
                MachineTest.insn(Op.ADD64_REG, 2, 1, 0, 0),
                MachineTest.insn(Op.LDX_DW, 2, 2, 0, 0),
                MachineTest.insn(Op.GOTO_REG, 2, 0, 0, 0)));
        insns.addAll(Collections.nCopies(same, MachineTest.insn(Op.ADD64_IMM, 0, 0, 0, 7)));
        insns.addAll(List.of(
                MachineTest.insn(Op.JA, 0, 0, -9 - same, 0),
                MachineTest.insn(Op.MUL64_IMM, 0, 0, 0, 5),
                MachineTest.insn(Op.ADD64_IMM, 0, 0, 0, 3),
                MachineTest.insn(Op.JA, 0, 0, -12 - same, 0),
                MachineTest.insn(Op.XOR64_REG, 0, 6, 0, 0),
                MachineTest.insn(Op.JA, 0, 0, -14 - same, 0),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0)));
        return object(new int[] {12, 13 + same, 16 + same, 14 + same}, insns.toArray(Insn[]::new));
    }

    /** Jumps to slot 6, which is in no table. */
    private static ProgramObject elsewhere() {
        return object(
                new int[] {4},
                new Insn(Op.LDDW_IMM64, 2, 0, 0, BpfMap.TARGET | 6),
                Insn.LDDW_SECOND_SLOT,
                MachineTest.insn(Op.MOV64_IMM, 7, 0, 0, 30),
                MachineTest.insn(Op.GOTO_REG, 2, 0, 0, 0),
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 10),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0),
                MachineTest.insn(Op.MOV64_REG, 0, 7, 0, 0),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0));
    }

    private static ProgramObject object(int[] targets, Insn... insns) {
        ByteBuffer slots = ByteBuffer.allocate(targets.length * VALUE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < targets.length; i++) {
            slots.putInt(i * VALUE_BYTES, targets[i]);
        }
        MapDef table = MapDef.builder(".jumptables", MapType.INSN_ARRAY)
                .keySize(4)
                .valueSize(VALUE_BYTES)
                .maxEntries(targets.length)
                .initialData(slots.array())
                .build();
        ProgramObject handmade = MachineTest.object(ProgType.SYSCALL, AttachType.CGROUP_INET_INGRESS, "syscall", insns);
        Program program = handmade.programs().getFirst();
        return ProgramObject.of("handmade.o", "GPL", List.of(program), List.of(table));
    }

    private static RunResult run(int offset, JitMode jit) throws Exception {
        return run(object(offset), jit, MachineOptions.DEFAULT_INSN_BUDGET);
    }

    private static RunResult run(ProgramObject object, JitMode jit, long budget) throws Exception {
        MachineOptions options = MachineOptions.ofCpus(1).withJit(jit).withInsnBudget(budget);
        try (Machine machine = new Machine(options)) {
            LoadedProgram program =
                    machine.loadUnverified(object, object.programs().getFirst());
            assertThat(program.code().machineCode() != null).isEqualTo(jit != JitMode.NEVER);
            return machine.run(program, null, 0, 1);
        }
    }

    @Test
    void shouldJumpWhereTheTableSays() throws Exception {
        assertThat(run(0, JitMode.NEVER).r0()).isEqualTo(10);
        assertThat(run(8, JitMode.NEVER).r0()).isEqualTo(20);
    }

    @Test
    void shouldJumpWhereTheTableSaysCompiled() throws Exception {
        assertThat(run(0, JitMode.ALWAYS).r0()).isEqualTo(10);
        assertThat(run(8, JitMode.CHECKED).r0()).isEqualTo(20);
    }

    @Test
    void shouldDoAsInterpretedInALoop() throws Exception {
        for (int rounds : new int[] {1, 5, 3_000}) {
            shouldDoAsInterpreted(loop(rounds, 1));
        }
    }

    /** The function is several methods. */
    @Test
    void shouldDoAsInterpretedFromOneMethodIntoAnother() throws Exception {
        shouldDoAsInterpreted(loop(300, 2_000));
    }

    private static void shouldDoAsInterpreted(ProgramObject object) throws Exception {
        RunResult expected = run(object, JitMode.NEVER, MachineOptions.DEFAULT_INSN_BUDGET);
        for (JitMode jit : List.of(JitMode.ALWAYS, JitMode.CHECKED)) {
            RunResult compiled = run(object, jit, MachineOptions.DEFAULT_INSN_BUDGET);
            assertThat(compiled.r0()).isEqualTo(expected.r0());
            assertThat(compiled.insns()).isEqualTo(expected.insns());
        }
    }

    @Test
    void shouldStopWithinTheLoopWhereTheInterpreterStops() throws Exception {
        for (long budget : new long[] {1, 12, 500, 5_001, 9_999}) {
            Fault expected = run(loop(3_000, 1), JitMode.NEVER, budget).fault();
            for (JitMode jit : List.of(JitMode.ALWAYS, JitMode.CHECKED)) {
                Fault compiled = run(loop(3_000, 1), jit, budget).fault();
                assertThat(Objects.requireNonNull(compiled).insn())
                        .isEqualTo(Objects.requireNonNull(expected).insn());
                assertThat(compiled.reason()).isEqualTo(expected.reason());
            }
        }
    }

    @Test
    void shouldJumpWhereNoTableLeads() throws Exception {
        for (JitMode jit : List.of(JitMode.NEVER, JitMode.ALWAYS, JitMode.CHECKED)) {
            RunResult result = run(elsewhere(), jit, MachineOptions.DEFAULT_INSN_BUDGET);
            assertThat(result.r0()).isEqualTo(30);
            assertThat(result.insns()).isEqualTo(5);
        }
    }

    @Test
    void shouldTrapOnAWordThatIsNoInstruction() throws Exception {
        for (JitMode jit : List.of(JitMode.NEVER, JitMode.ALWAYS, JitMode.CHECKED)) {
            Fault fault = Objects.requireNonNull(run(4, jit).fault());
            assertThat(fault.reason()).endsWith("is not the address of an instruction");
        }
    }
}
