package dev.spinbpf.tools.report.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.vm.explore.ExploreOptions;
import dev.spinbpf.vm.explore.ExploreReport;
import dev.spinbpf.vm.explore.Finding;
import dev.spinbpf.vm.explore.LockSite;
import dev.spinbpf.vm.explore.Place;
import dev.spinbpf.vm.explore.Storyboard.Row;
import dev.spinbpf.vm.explore.Storyboard.State;
import dev.spinbpf.vm.explore.Witness;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class FindingsPageTest {
    private static Row row(int cpu, int depth, String program, String text, String... held) {
        String place = program.isEmpty() ? "" : "x.c:7";
        return new Row(cpu, depth, new Place(program, place, text), List.of(held), "(0,0,1)", "");
    }

    private static final List<Row> RUN = List.of(
            row(0, 0, "p", "lock(&a);", "a"),
            row(1, 0, "q", "lock(&b);", "b"),
            row(0, 1, "", "*** nmi", "a"),
            row(0, 1, "n", "lock(&b);", "a"),
            row(-1, 0, "", "all wait; time passes"),
            row(0, 0, "p", "unlock(&a);"),
            row(1, 0, "q", "x++;", "b"),
            row(0, 1, "", "stands still for 2 s"),
            row(0, 0, "r", "x++;"));

    private static Witness witness(String name, List<Row> rows, List<State> states) {
        Finding finding = new Finding(Finding.Kind.LOCK, "key", "AA: " + name, name + " meets itself.", 0);
        return new Witness(finding, name, new Witness.Start(List.of(0, 1), true), List.of(), rows, states);
    }

    private static ExploreReport report(int findings, Witness witness, String name) {
        return new ExploreReport(
                2,
                new ExploreOptions(1, 1, 0, ExploreOptions.DEFAULT.duration()),
                List.of(name),
                List.of(),
                1,
                List.of(new LockSite(
                        witness.rows().getFirst().place(),
                        name,
                        EnumSet.noneOf(dev.spinbpf.maps.lock.LockOutcome.class))),
                Collections.nCopies(findings, witness),
                List.of(name),
                1,
                1,
                10,
                5,
                3,
                100,
                List.of(),
                List.of());
    }

    @Test
    void interruptsNestAboveWhatTheyInterrupt() {
        Lanes lanes = new Lanes(RUN, 2);

        assertThat(lanes.lanes().get(0).bars())
                .containsExactlyInAnyOrder(
                        new Lanes.Bar(0, "p", 0, 7), new Lanes.Bar(1, "nmi: n", 2, 3), new Lanes.Bar(0, "r", 8, 8));
        assertThat(lanes.lanes().get(1).bars()).containsExactly(new Lanes.Bar(0, "q", 1, 6));
        assertThat(lanes.lanes().get(0).depth()).isEqualTo(2);
    }

    @Test
    void locksAreHeldFromTheirStepToTheOneThatLetsThemGo() {
        Lanes lanes = new Lanes(RUN, 2);

        assertThat(lanes.lanes().get(0).strips()).containsExactly(new Lanes.Strip(0, "a", 0, 5));
        assertThat(lanes.lanes().get(1).strips()).containsExactly(new Lanes.Strip(0, "b", 1, RUN.size()));
        assertThat(lanes.locks()).containsExactly("a", "b");
    }

    @Test
    void eachStepHasItsStateAndWhatEachCpuHolds() {
        State state = new State(List.of(1L, 0x12345L), List.of("packets: 0 -> 1"));
        String page = FindingsPage.of("x.bpf.o", witness("a", RUN, Collections.nCopies(RUN.size(), state)), 2);

        assertThat(page)
                .contains("<article data-step=\"1\"><h3>2. CPU 1 in q at x.c:7</h3>")
                .contains("<dt>CPU 0 holds</dt><dd>a</dd>\n<dt>CPU 1 holds</dt><dd>b</dd>")
                .contains("<dt>CPU 0 holds</dt><dd class=\"none\">nothing</dd>")
                .contains("<dt>Changes</dt><dd>packets: 0 -&gt; 1</dd>")
                .contains("<dd class=\"registers\">r1 = 0x12345</dd>")
                .contains("<article data-step=\"4\"><h3>5. All CPUs</h3>");
    }

    @Test
    void namesFromObjectsAreNoMarkup() {
        String evil = "\"'><script>alert(1)</script><p a=x onload=\u001b[31m";
        Row row = new Row(0, 0, new Place(evil, evil + ":1", evil), List.of(evil), evil, evil);
        State state = new State(List.of(), List.of(evil));
        Witness witness = witness(evil, List.of(row), List.of(state));

        for (String page :
                List.of(FindingsPage.of(evil, report(2, witness, evil)), FindingsPage.of(evil, witness, 1))) {
            assertThat(page.split("<script", -1)).hasSize(2);
            assertThat(page).doesNotContain("<p a", "\u001b", "\"'>");
        }
    }

    @Test
    void thePageNeedsNothingFromElsewhereAndLetsNothingElseIn() {
        String page = FindingsPage.of("x.bpf.o", report(2, witness("a", RUN, List.of()), "p"));

        assertThat(page)
                .containsPattern("default-src 'none'; style-src 'sha256-[^']{44}'; script-src 'sha256-[^']{44}'")
                .doesNotContain("http:", "https:", "unsafe-inline", " style=", "-hash'", "@import", "url(");
    }

    @Test
    void ofVeryMuchTheRestIsCounted() {
        Row step = row(0, 0, "p", "x++;");
        Witness longRun = witness("a", Collections.nCopies(FindingSection.MOST_STEPS + 5, step), List.of());

        String page = FindingsPage.of("x.bpf.o", report(FindingsPage.MOST_FINDINGS + 3, longRun, "p"));

        assertThat(page)
                .contains("3 more findings are not shown", "5 earlier steps are left out")
                .contains("<tr data-step=\"0\"><td>6</td>");
    }

    @Test
    void whereNothingIsFoundThePageSaysSo() {
        Witness witness = witness("a", RUN, List.of());

        assertThat(FindingsPage.of("x.bpf.o", report(0, witness, "p"))).contains("Nothing found.", "Covered: all");
    }
}
