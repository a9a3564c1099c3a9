package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.ProgramObject;
import org.junit.jupiter.api.Test;

/**
 * Functions that end by an exception only. A tail call in one has, for the analyses before the main pass, an edge to
 * the program's first instruction: what is alive there is alive before the call, so that fewer states are equal. The
 * counts are Linux 7.2's.
 */
class FunctionWithoutExitTest {
    private static final String PADDING = """
                r0 = 0
                goto pc+0
                goto pc+0
                goto pc+0
                r0 = 0
                r0 = 0
                r0 = 0
                r0 = 0
                goto pc+0
            """;
    private static final String PREAMBLE = """
            .license "GPL"
            .map jump_table prog_array
                key 4
                value 4
                max_entries 2
            .kfunc bpf_throw
            .program p "tc"
            """;

    /** Two paths that differ in what {@code kept} names meet before a tail call. */
    private static String body(String set, String other) {
        return "    call bpf_get_prandom_u32\n    if r0 == 0 goto other\n" + set + "    goto meet\nother:\n" + other
                + "meet:\n" + PADDING + """
                    r1 = r9
                    r2 = map[jump_table]
                    r3 = 0
                    goto pc+0
                    call bpf_tail_call
                """ + PADDING + """
                    r1 = 0
                    call bpf_throw
                    goto pc-2
                """;
    }

    private static int insns(String program) throws Exception {
        ProgramObject object = Assembler.assemble("case.bpfasm", PREAMBLE + program);
        Verdict verdict = Verifier.verify(
                object,
                object.programs().getFirst(),
                new VerifierOptions(false, Btf.EMPTY, VerifierOptions.INSN_LIMIT));
        assertThat(verdict).isInstanceOf(Verdict.Accepted.class);
        return ((Verdict.Accepted) verdict).stats().insns();
    }

    @Test
    void shouldKeepAliveTheStackThatTheProgramsStartReads() throws Exception {
        String body = "    r9 = r1\n" + body("    *(u64 *)(r10 -8) = r9\n", "    r7 = 5\n    *(u64 *)(r10 -8) = r7\n");
        assertThat(insns("    r7 = *(u64 *)(r10 -8)\n" + body)).isEqualTo(57);
        assertThat(insns("    r7 = 0\n" + body)).isEqualTo(36);
    }

    @Test
    void shouldKeepAliveTheRegisterThatTheProgramsStartReads() throws Exception {
        String start = "    r2 = *(u8 *)(r1 +0)\n%s    if r2 > 255 goto dead\n    call f\n    r0 = 0\n    exit\ndead:\n"
                + "    r0 = r6\n    exit\n.func f\n    r9 = r1\n"
                + body("    r6 = r9\n", "    r6 = 5\n");
        assertThat(insns(start.formatted(""))).isEqualTo(55);
        assertThat(insns(start.formatted("    r6 = 0\n"))).isEqualTo(38);
    }
}
