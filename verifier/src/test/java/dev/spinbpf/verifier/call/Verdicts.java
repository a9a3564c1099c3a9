package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;

/** Verifies one program of text and words what comes of it. */
final class Verdicts {
    static final String ACCEPTED = "accepted";

    private Verdicts() {}

    /** {@link #ACCEPTED}, the message of a refusal, or {@code unsupported: } and what is. */
    static String of(String section, String text, Btf kernelTypes) throws Exception {
        return of("GPL", section, text, kernelTypes);
    }

    static String of(String license, String section, String text, Btf kernelTypes) throws Exception {
        String source = ".license \"" + license + "\"\n.program test \"" + section + "\"\n" + text.replace(";", "\n")
                + "\nr0 = 0\nexit\n";
        ProgramObject object = Assembler.assemble("test.bpfasm", source);
        VerifierOptions options = new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT);
        return switch (Verifier.verify(object, object.programs().getFirst(), options)) {
            case Verdict.Accepted _ -> ACCEPTED;
            case Verdict.Rejected rejected -> rejected.message();
            case Verdict.Unsupported unsupported -> "unsupported: " + unsupported.what();
        };
    }
}
