package dev.spinbpf.programs.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import org.junit.jupiter.api.Test;

/** Text keeps programs that no loader takes, and says why. */
class UnlinkedTextTest {
    private static final String REASON = "libbpf: prog 'p': missing BPF prog type, check ELF section name 'xdp_vlan'";

    @Test
    void shouldKeepAProgramWhoseSectionSaysNoType() throws Exception {
        ProgramObject object =
                Assembler.assemble("t.bpfasm", ".program p \"xdp_vlan\" type=unspec\n    r0 = 2\n    exit\n");

        assertThat(object.programs()).isEmpty();
        assertThat(object.unlinked())
                .singleElement()
                .extracting(UnlinkedProgram::reason)
                .isEqualTo(REASON);
        String text = AssemblyWriter.write(object);
        assertThat(text).contains("; program p is not loaded: " + REASON, "type=unspec", "r0 = 2");
        ProgramObject again = Assembler.assemble("t.bpfasm", text);
        assertThat(again.unlinked())
                .singleElement()
                .extracting(UnlinkedProgram::reason)
                .isEqualTo(REASON);
    }

    @Test
    void shouldRefuseASectionThatSaysNoTypeByMistake() {
        assertThatThrownBy(() -> Assembler.assemble("t.bpfasm", ".program p \"xdq\"\n    exit\n"))
                .hasMessageContaining("the section's name says no type of program");
    }

    @Test
    void shouldWriteAnEmptyObjectSoThatItAssembles() throws Exception {
        ProgramObject empty = Assembler.assemble("t.bpfasm", "; nothing\n");

        String text = AssemblyWriter.write(empty);
        assertThat(text).isNotEmpty();
        assertThat(Assembler.assemble("t.bpfasm", text).programs()).isEmpty();
    }
}
