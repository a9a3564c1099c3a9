package dev.spinbpf.verifier.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import org.junit.jupiter.api.Test;

/** Advice where a loader gives up, in texts that readers wanted who had nothing else. */
class LoadAdviceTest {
    private static String explain(String message) {
        return Explainer.explain(new LoadRefusal(Errno.EINVAL, message, "")).text();
    }

    @Test
    void shouldNameSectionsThatBeginWithTheSameWord() {
        assertThat(Explainer.explainUnknownSection("xdp_vlan").text()).isEqualToIgnoringNewLines("""
            Kind: loading (the object cannot be loaded)
            Why:  The section's name says the program's type, and none has the name 'xdp_vlan'.
            Fix:  Write a name that libbpf knows in SEC(): xdp.frags/devmap, xdp/devmap, xdp.frags/cpumap, \
            xdp/cpumap, xdp.frags, xdp.
            """);
        assertThat(Explainer.explainUnknownSection("nothing").text()).contains("as libbpf knows it: SEC(\"xdp\")");
    }

    @Test
    void shouldNotAdviseToDoWithoutAFunctionOfAnotherPrototype() {
        assertThat(explain("libbpf: extern (func ksym) 'f': func_proto [5] incompatible with vmlinux [6]"))
                .contains("Declare it with the parameters and the result that the kernel's has")
                .doesNotContain("__weak");
        assertThat(explain("libbpf: extern (var ksym) 'v': not found in kernel BTF"))
                .contains("__weak");
    }

    @Test
    void shouldSayWhatToDoWithoutTheKernelsStruct() {
        assertThat(explain("libbpf: struct_ops init_kern: struct bpf_struct_ops_x is not found in kernel BTF"))
                .contains("Kind: loading", "Load the object into a kernel that has it");
        assertThat(explain("libbpf: prog 'p': BPF program load failed: -EINVAL"))
                .contains("Mend that program first");
    }

    @Test
    void shouldTellAFunctionWithTypesFromOneWithAnAddress() throws Exception {
        String text = """
            .btf
            [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
            [2] FUNC_PROTO '(anon)' ret_type_id=1 vlen=0
            [3] FUNC 'bpf_wq_set_callback_impl' type_id=2 linkage=static
            .kfunc bpf_wq_set_callback_impl weak
            .program p "syscall"
                call bpf_wq_set_callback_impl
                r0 = 0
                exit
            """;
        ProgramObject object = Assembler.assemble("test.bpfasm", text);
        var kernel =
                new VerifierOptions(false, Assembler.assemble("kernel", text).btf(), VerifierOptions.INSN_LIMIT);
        Verdict verdict = Verifier.verify(object, object.programs().getFirst(), kernel);
        assertThat(verdict).isInstanceOfSatisfying(Verdict.Rejected.class, rejected -> assertThat(
                        rejected.explanation().text())
                .contains("no function of that name", "Fix:  Call bpf_wq_set_callback(), without the last argument"));
    }
}
