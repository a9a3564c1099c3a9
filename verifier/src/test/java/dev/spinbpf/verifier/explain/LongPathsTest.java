package dev.spinbpf.verifier.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import org.junit.jupiter.api.Test;

/** Refused programs whose paths are long, or whose values come from far: each is explained, at a cost that the path bounds. */
class LongPathsTest {
    private static final String LOCK = """
            .license "GPL"
            .kfunc bpf_res_spin_lock
            .kfunc bpf_res_spin_unlock
            .kfunc bpf_preempt_disable
            .section .data.A
                flags 0
                var lock_a : bpf_res_spin_lock
            .program p "tc"
            """;

    @Test
    void shouldListThoseOfManySectionsThatWereEnteredLast() throws Exception {
        Verdict.Rejected refused = refusal("""
                    r6 = 0
                again:
                    call bpf_preempt_disable
                    r6 += 1
                    if r6 < 20000 goto again
                    r0 = 0
                    exit
                """);
        assertThat(refused.message()).contains("bpf_preempt_disable-ed region");
        assertThat(refused.explanation().path().getLast().held()).hasSize(64).containsOnly("preemption off");
    }

    @Test
    void shouldFollowResultsThatArePassedOnAgainAndAgain() throws Exception {
        StringBuilder text = new StringBuilder("""
                    r1 = &lock_a
                    call bpf_res_spin_lock
                    if r0 != 0 goto failed
                    r1 = &lock_a
                    call bpf_res_spin_unlock
                failed:
                    r0 = 0
                """);
        text.repeat("    r1 = r0\n    r2 = r0\n    r3 = r0\n    call bpf_get_prandom_u32\n", 50);
        text.append("    r0 = r9\n    exit\n");
        assertThat(refusal(text.toString()).message()).isEqualTo("R9 !read_ok");
    }

    private static Verdict.Rejected refusal(String program) throws Exception {
        var object = Assembler.assemble("long.bpfasm", LOCK + program);
        var options = new VerifierOptions(false, Btf.EMPTY, VerifierOptions.INSN_LIMIT);
        return (Verdict.Rejected) Verifier.verify(object, object.programs().getFirst(), options);
    }
}
