package dev.spinbpf.tools.top;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.tools.client.RemoteSample;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopTextTest {
    private static final long SECOND = 1_000_000_000;

    /** A sample in which each lock has had {@code ok} acquisitions, and failed as often as its place in the list times ten. */
    private static RemoteSample sample(int seconds, long ok, String... locks) {
        List<RemoteSample.Lock> all = IntStream.range(0, locks.length)
                .mapToObj(i -> new RemoteSample.Lock(
                        locks[i],
                        ok + 10L * i * seconds,
                        Map.of("ok", ok, "aa", 0L, "abba", 10L * i * seconds, "timeout", 0L, "no_node", 0L),
                        1_250_000,
                        i == 0 ? List.of("cpu0 task") : List.of(),
                        i == 0 ? List.of("cpu1", "cpu2") : List.of()))
                .toList();
        RemoteSample.Cpu cpu = new RemoteSample.Cpu(
                0, "nmi", List.of("a (task)", "b (nmi)"), List.of("hardirq"), List.of(), 500L * seconds);
        return new RemoteSample(seconds * SECOND, "running", seconds * 1000L, all, List.of(cpu), List.of());
    }

    private static TopView view(String... locks) {
        return TopView.between("here", sample(1, 100, locks), sample(3, 300, locks));
    }

    @Test
    void shouldShowRatesBetweenTwoSamples() {
        assertThat(TopText.lines(view("calm", "busy"), TopOrder.FAILURES))
                .containsExactly(
                        "spinbpf top  here  running 3.00 s  by failures",
                        "",
                        "Lock  Attempts/s  Failed/s  Failed  AA/s  ABBA/s  Timeout/s  Wait p99  Held by    Wanted by",
                        "busy         110        10   9.1 %     0      10          0   1.25 ms  -          -",
                        "calm         100         0   0.0 %     0       0          0   1.25 ms  cpu0 task  cpu1, cpu2",
                        "",
                        "Object  Program  Hook  Runs/s  Misses/s  Faults",
                        "",
                        "CPU  Context  Interrupts/s  Pending  Masked  Running",
                        "0    nmi               500  hardirq  -       a (task) > b (nmi)");
    }

    @Test
    void shouldOrderLocksByEachKey() {
        TopView view = view("b", "a", "c");
        assertThat(names(view, TopOrder.FAILURES)).containsExactly("c", "a", "b");
        assertThat(names(view, TopOrder.RATIO)).containsExactly("c", "a", "b");
        assertThat(names(view, TopOrder.ATTEMPTS)).containsExactly("c", "a", "b");
        assertThat(names(view, TopOrder.WAIT)).containsExactly("a", "b", "c");
        assertThat(names(view, TopOrder.NAME)).containsExactly("a", "b", "c");
        assertThat(TopOrder.NAME.next()).isEqualTo(TopOrder.FAILURES);
        assertThat(TopOrder.ofKey('w')).isEqualTo(TopOrder.WAIT);
        assertThat(TopOrder.ofKey('x')).isNull();
    }

    private static List<String> names(TopView view, TopOrder order) {
        return view.locks().stream()
                .sorted(order.comparator())
                .map(TopView.Lock::name)
                .toList();
    }

    @Test
    void shouldFitAnyScreen() {
        TopView view = view(IntStream.range(0, 300).mapToObj(i -> "lock" + i).toArray(String[]::new));
        for (int height : new int[] {1, 2, 5, 9, 24, 400}) {
            for (int width : new int[] {1, 2, 40, 200}) {
                List<String> lines = TopText.screen(view, TopOrder.FAILURES, width, height);
                assertThat(lines).hasSize(height).allMatch(line -> line.length() <= width);
            }
        }
        assertThat(TopText.screen(view, TopOrder.FAILURES, 200, 24))
                .as("CPUs stay on the screen")
                .anyMatch(line -> line.startsWith("CPU "))
                .anyMatch(line -> line.startsWith("lock299 "))
                .noneMatch(line -> line.startsWith("lock0 "));
    }

    @Test
    void shouldTakeAllCountsAsNewWhereTheMachineIsAnotherOne() {
        TopView view = TopView.between("here", sample(9, 900, "a", "b"), sample(2, 200, "a", "b"));
        assertThat(view.locks().getLast().attemptsPerSecond()).isEqualTo(110);
    }

    @Test
    void shouldShowNamesOfHostileObjectsAsText() {
        assertThat(String.join("\n", TopText.lines(view("\u001b[2J\n"), TopOrder.NAME)))
                .contains("\\u001b[2J\\u000a")
                .doesNotContain("\u001b");
    }

    @Test
    void shouldBeJsonOnOneLine() {
        assertThat(TopText.json(view("calm", "busy"), TopOrder.FAILURES))
                .startsWith(
                        "{\"source\":\"here\",\"state\":\"running\",\"elapsed_ms\":3000,\"locks\":[{\"lock\":\"busy\","
                                + "\"attempts_per_second\":110.0000,\"failed_per_second\":10.0000,\"failed_share\":0.0909,"
                                + "\"aa_per_second\":0.0000,\"abba_per_second\":10.0000,")
                .contains("\"running\":[\"a (task)\",\"b (nmi)\"]")
                .endsWith("}\n")
                .containsOnlyOnce("\n");
    }
}
