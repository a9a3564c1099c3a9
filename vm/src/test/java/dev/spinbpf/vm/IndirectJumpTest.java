package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Jumps through a table of instructions. */
class IndirectJumpTest {
    private static final int VALUE_BYTES = 16;

    /** The program reads the word at an offset of the table, whose entries are slots 4 and 6, and jumps there. */
    private static ProgramObject object(int offset) {
        ByteBuffer slots = ByteBuffer.allocate(2 * VALUE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        slots.putInt(0, 4);
        slots.putInt(VALUE_BYTES, 6);
        MapDef table = MapDef.builder(".jumptables", MapType.INSN_ARRAY)
                .keySize(4)
                .valueSize(VALUE_BYTES)
                .maxEntries(2)
                .initialData(slots.array())
                .build();
        List<Insn> insns = List.of(
                MachineTest.insn(Op.LDDW_MAP_VALUE, 1, 0, 0, 0),
                MachineTest.insn(Op.LDDW_HI, 0, 0, 0, 0),
                MachineTest.insn(Op.LDX_DW, 2, 1, offset, 0),
                MachineTest.insn(Op.GOTO_REG, 2, 0, 0, 0),
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 10),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0),
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 20),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0));
        ProgramObject handmade = MachineTest.object(
                ProgType.SYSCALL, AttachType.CGROUP_INET_INGRESS, "syscall", insns.toArray(Insn[]::new));
        Program program = handmade.programs().getFirst();
        return ProgramObject.of("handmade.o", "GPL", List.of(program), List.of(table));
    }

    private static RunResult run(int offset, JitMode jit) throws Exception {
        ProgramObject object = object(offset);
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withJit(jit))) {
            LoadedProgram program =
                    machine.loadUnverified(object, object.programs().getFirst());
            return machine.run(program, null, 0, 1);
        }
    }

    @Test
    void shouldJumpWhereTheTableSays() throws Exception {
        assertThat(run(0, JitMode.NEVER).r0()).isEqualTo(10);
        assertThat(run(8, JitMode.NEVER).r0()).isEqualTo(20);
    }

    @Test
    void shouldStayInterpreted() throws Exception {
        assertThat(run(8, JitMode.ALWAYS).r0()).isEqualTo(20);
    }

    @Test
    void shouldTrapOnAWordThatIsNoInstruction() throws Exception {
        String reason = Objects.requireNonNull(run(4, JitMode.NEVER).fault()).reason();
        assertThat(reason).endsWith("is not the address of an instruction");
    }
}
