package dev.spinbpf.vm.exec;

import static dev.spinbpf.vm.exec.Snippet.exit;
import static dev.spinbpf.vm.exec.Snippet.insn;
import static dev.spinbpf.vm.exec.Snippet.load;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.KernelLimits;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Accesses of memory that does not exist; masked ones go elsewhere in the guest and raise no fault. */
@ParameterizedClass
@EnumSource(
        value = Snippet.Engine.class,
        names = {"INTERPRETER", "COMPILER"})
class AccessFaultTest {
    private final Snippet snippet;

    AccessFaultTest(Snippet.Engine engine) {
        snippet = new Snippet(engine);
    }

    @AfterEach
    void close() {
        snippet.close();
    }

    private Fault fault() {
        return requireNonNull(snippet.run.fault(), "a fault");
    }

    @Test
    void shouldStopOnlyTheRunThatAccessesWhatIsNotThere() {
        long ignored = snippet.run(load(1, 0x10), insn(Op.LDX_W, 0, 1, 4, 0), exit());
        Fault fault = fault();
        assertThat(ignored).isZero();
        assertThat(fault.insn()).isEqualTo(2);
        assertThat(fault.text()).contains("r0 = *(u32 *)(r1 +4)");
        assertThat(fault.registers().get(1)).isEqualTo(0x10);
        assertThat(fault.describe()).contains("snippet: insn 2").contains("r1 =0000000000000010");
        assertThat(snippet.run(insn(Op.MOV64_IMM, 0, 0, 0, 3), exit())).isEqualTo(3);
        assertThat(snippet.run.fault()).isNull();
    }

    @Test
    void shouldSayWhereACalledFunctionFaultedAndWithWhatRegisters() {
        snippet.run(
                insn(Op.MOV64_IMM, 1, 0, 0, 0x20),
                insn(Op.CALL_SUBPROG, 0, 0, 0, 1),
                exit(),
                insn(Op.MOV64_IMM, 6, 0, 0, 66),
                insn(Op.MOV64_IMM, 0, 0, 0, 7),
                insn(Op.STX_DW, 1, 6, 8, 0),
                exit());
        Fault fault = fault();
        assertThat(fault.insn()).isEqualTo(5);
        assertThat(fault.registers()).startsWith(7L, 0x20L);
        assertThat(fault.registers().get(6)).isEqualTo(66);
        assertThat(fault.registers().get(10)).isEqualTo(snippet.run.stackTop - KernelLimits.MAX_BPF_STACK);
    }
}
