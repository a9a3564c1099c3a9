package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.model.ProgramObject;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs as text, each with the verdict and the message that Linux gives it. */
class VerifierCasesTest {
    private static final String OWN_TYPES = "; the kernel has none of these types";

    static Stream<VerifierCase> cases() throws Exception {
        return VerifierCase.readAll().stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldSayWhatLinuxSays(VerifierCase expected) throws Exception {
        Verdict verdict = verify(expected);
        assertThat(line(verdict)).isEqualTo(expected.expected());
        assertThat(expected.log()).allSatisfy(line -> assertThat(verdict.log()).contains(line));
    }

    @Test
    void shouldTellAWrongExpectation() throws Exception {
        VerifierCase wrong = new VerifierCase(
                "wrong", "accept", List.of(), ".license \"GPL\"\n.program p \"socket\"\n    r0 = r2\n    exit\n");
        assertThat(verdict(wrong)).isEqualTo("reject EACCES: R2 !read_ok").isNotEqualTo(wrong.expected());
    }

    @Test
    void shouldRefuseMoreMapsThanAProgramMayUse() throws Exception {
        assertThat(verdict(new VerifierCase("maps", "accept", List.of(), maps(64))))
                .isEqualTo("accept");
        assertThat(verdict(new VerifierCase("maps", "reject", List.of(), maps(65))))
                .isEqualTo("reject E2BIG: The total number of maps per program has reached the limit of 64");
    }

    private static String maps(int count) {
        StringBuilder maps = new StringBuilder(".license \"GPL\"\n");
        StringBuilder code = new StringBuilder(".program p \"tc\"\n");
        for (int i = 0; i < count; i++) {
            maps.append(".map m%d array\n    key 4\n    value 8\n    max_entries 1\n".formatted(i));
            code.append("    r1 = map[m%d]\n".formatted(i)).append("    r1 = map[m0]\n");
        }
        return maps.append(code).append("    r0 = 0\n    exit\n").toString();
    }

    private static String verdict(VerifierCase text) throws Exception {
        return line(verify(text));
    }

    static Verdict verify(VerifierCase text) throws Exception {
        ProgramObject object = Assembler.assemble("case.bpfasm", text.text());
        // The types of a text stand for the kernel's too, unless it says otherwise; they must not be the same object.
        boolean hasKernelTypes = text.text().contains("\n.btf") && !text.text().contains(OWN_TYPES);
        Btf kernelTypes =
                hasKernelTypes ? Assembler.assemble("kernel", text.text()).btf() : Btf.EMPTY;
        VerifierOptions options = new VerifierOptions(!text.log().isEmpty(), kernelTypes, VerifierOptions.INSN_LIMIT)
                .withKernel(text.kernel());
        VerifiedTarget base = target(object, "base", options);
        VerifiedTarget target = target(object, "target", options.withTarget(base));
        return Verifier.verify(object, object.programs().getFirst(), options.withTarget(target));
    }

    /** The program of that name, to which another one attaches; null if there is none. */
    private static @Nullable VerifiedTarget target(ProgramObject object, String name, VerifierOptions options) {
        return object.programs().stream()
                .filter(program -> program.name().equals(name))
                .map(program -> Verifier.target(object, program, options).target())
                .findFirst()
                .orElse(null);
    }

    private static String line(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Accepted accepted -> "accept";
            case Verdict.Rejected rejected -> "reject " + Errno.name(rejected.errno()) + ": " + rejected.message();
            case Verdict.Unsupported unsupported -> "unsupported: " + unsupported.what();
        };
    }
}
