package dev.spinbpf.tools.report.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.Explanation.Holding;
import dev.spinbpf.verifier.refusal.Location;
import dev.spinbpf.verifier.refusal.RefusalKind;
import java.util.List;
import org.junit.jupiter.api.Test;

class RefusalPageTest {
    private static final String LOG = """
            0: R1=ctx() R10=fp0
            ; lock(&a); @ x.c:3
            0: (18) r1 = 0x0                      ; R1=map_value(map=.data.a,ks=4,vs=4)
            2: (85) call bpf_res_spin_lock#0      ; R0=0
            ; while (n < 5) @ x.c:4
            3: (a5) if r6 < 0x5 goto pc-2         ; R6=1

            from 3 to 2: R1=map_value(map=.data.a,ks=4,vs=4)
            2: (85) call bpf_res_spin_lock#0      ;
            ; } @ x.c:9
            5: (95) exit
            cannot
            processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
            """;
    private static final List<Holding> HOLDINGS =
            List.of(new Holding(2, 1, List.of("`a`")), new Holding(2, 2, List.of("`a`", "`<b>`")));

    private static VerifyRow row(String file, String log) {
        var refusal = new Explanation(
                RefusalKind.of("lock-held"),
                "It holds <a>.",
                new Location("f", "x.c", 9, 1, 5, "}"),
                List.of(),
                0,
                "Release it.",
                HOLDINGS);
        return new VerifyRow(
                file,
                "prog",
                "xdp",
                VerifyRow.Outcome.FAILURE,
                new Verdict.Stats(5, 1, 1, 0),
                new VerifyRow.Reason("cannot", refusal.text(), refusal, null),
                log);
    }

    @Test
    void aPathHasItsStepsWithWhatIsHeldAfterEachOfThem() {
        LoggedPath path = LoggedPath.of(LOG, HOLDINGS);
        assertThat(path.steps().stream()
                        .map(step -> step.insn() + " " + step.text() + " " + step.held() + " " + step.place()))
                .containsExactly(
                        "-1 at entry [] ",
                        "0 r1 = 0x0 [] x.c:3",
                        "2 call bpf_res_spin_lock#0 [`a`] x.c:3",
                        "3 if r6 < 0x5 goto pc-2 [`a`] x.c:4",
                        "-1 from 3 to 2 [`a`] ",
                        "2 call bpf_res_spin_lock#0 [`a`, `<b>`] x.c:4",
                        "5 exit [`a`, `<b>`] x.c:9",
                        "-1 cannot [`a`, `<b>`] ");
        assertThat(path.steps().get(1).state()).isEqualTo("R1=map_value(map=.data.a,ks=4,vs=4)");
    }

    @Test
    void ofALongPathTheEndIsKept() {
        StringBuilder log = new StringBuilder();
        for (int i = 0; i < LoggedPath.MOST_STEPS + 7; i++) {
            log.append(i).append(": (b7) r0 = 0\n");
        }
        LoggedPath path = LoggedPath.of(log.toString(), List.of());
        assertThat(path.steps()).hasSize(LoggedPath.MOST_STEPS);
        assertThat(path.steps().getFirst().insn()).isEqualTo(7);
        assertThat(path.leftOut()).isEqualTo(7);
    }

    @Test
    void thePageMarksTheRefusedStepAndItsLine() {
        var page = new RefusalPage();
        page.add(row("x.bpf.o", LOG));
        assertThat(page.html())
                .contains("<tr data-place=\"x.c:9\" class=\"refused\"><td>5</td>")
                .contains("<li data-place=\"x.c:9\" class=\"refused\"><b>9</b>")
                .contains("<li data-place=\"x.c:3\"><b>3</b> <code>lock(&amp;a);</code></li>")
                .contains("<td>a, &lt;b&gt;</td>")
                .contains("It holds &lt;a&gt;.")
                .contains("0 accepted, 1 refused");
    }

    @Test
    void namesFromObjectsAreNoMarkup() {
        var page = new RefusalPage();
        String evil = "\"><script>alert(1)</script><p a='\u001b[31m";
        page.add(row(evil, "; " + evil + " @ " + evil.replace(" ", "") + ":3\n0: (95) " + evil + "\n" + evil + "\n"));
        assertThat(page.html().split("<script>", -1)).hasSize(2);
        assertThat(page.html()).doesNotContain("<p a", "\u001b");
    }

    @Test
    void ofVeryManyProgramsTheRestIsCounted() {
        var page = new RefusalPage();
        for (int i = 0; i < RefusalPage.MOST_PROGRAMS + 3; i++) {
            page.add(row("x" + i + ".bpf.o", ""));
        }
        assertThat(page.html()).contains("103 refused", "3 more refused programs are not shown");
    }
}
