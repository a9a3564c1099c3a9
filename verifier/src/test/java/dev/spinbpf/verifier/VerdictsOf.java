package dev.spinbpf.verifier;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.ProgramObject;

/** Verifies one program of text by the rules of the kernel that most cases are from, and words what comes of it. */
public final class VerdictsOf {
    public static final String ACCEPTED = "accepted";

    private static final String KFUNCS = ".kfunc bpf_kfree_skb\n.kfunc bpf_task_acquire\n.kfunc bpf_task_release\n";

    private VerdictsOf() {}

    /**
     * {@link #ACCEPTED}, the message of a refusal, or {@code unsupported: } and what is.
     *
     * @param section the section, and after a space options of the program
     * @param text instructions, which semicolons part; the program returns 0 if they do not end it
     */
    public static String of(String section, String text, Btf kernelTypes) throws Exception {
        return of("GPL", section, text, kernelTypes);
    }

    /** As the other, with a license. */
    public static String of(String license, String section, String text, Btf kernelTypes) throws Exception {
        String[] parts = section.split(" ", 2);
        String options = parts.length > 1 ? parts[1] : "";
        String end = text.contains("exit") ? "\n" : "\nr0 = 0\nexit\n";
        String source = ".license \"" + license + "\"\n" + KFUNCS + ".program test \"" + parts[0] + "\" " + options
                + "\n" + text.replace(";", "\n") + end;
        return ofSource(source, kernelTypes);
    }

    /** As the others, for the first program of a whole source text. */
    public static String ofSource(String source, Btf kernelTypes) throws Exception {
        ProgramObject object = Assembler.assemble("test.bpfasm", source);
        VerifierOptions verifierOptions =
                new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT).withKernel(VerifierCase.FIRST);
        return switch (Verifier.verify(object, object.programs().getFirst(), verifierOptions)) {
            case Verdict.Accepted _ -> ACCEPTED;
            case Verdict.Rejected rejected -> rejected.message();
            case Verdict.Unsupported unsupported -> "unsupported: " + unsupported.what();
        };
    }
}
