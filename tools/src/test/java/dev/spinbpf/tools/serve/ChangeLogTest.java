package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.tools.serve.engine.Change;
import dev.spinbpf.tools.serve.engine.UploadedFile;
import dev.spinbpf.vm.stress.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("it reads the standard error")
class ChangeLogTest {
    private static List<String> logged(Change... changes) {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            for (Change change : changes) {
                new ChangeLog().changed(change);
            }
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> line.replaceFirst("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ", "TIME "))
                .toList();
    }

    @Test
    void shouldWriteALineAChangeWithWhatItIsAbout() {
        assertThat(logged(
                        new Change.Removed("abba"),
                        new Change.Updated("abba", "packets", new byte[] {0x11, 0, 0, 0}, new byte[8]),
                        new Change.Deleted("abba", "packets", new byte[40]),
                        new Change.Stored(new UploadedFile("c.pcap", ByteString.of(new byte[7]), "")),
                        new Change.Discarded("c.pcap"),
                        new Change.Replaced(List.of("abba", "nesting")),
                        new Change.Workload(true, -1, 7),
                        new Change.Workload(false, 3000, 7)))
                .containsExactly(
                        "TIME INFO serve - object=abba removed",
                        "TIME INFO serve - object=abba map=packets key=11000000 updated",
                        "TIME INFO serve - object=abba map=packets key=" + "00".repeat(32) + " deleted",
                        "TIME INFO serve - file=c.pcap bytes=7 uploaded",
                        "TIME INFO serve - file=c.pcap removed",
                        "TIME INFO serve - objects=abba,nesting workload read",
                        "TIME INFO serve - seed=7 duration_ms=-1 workload started",
                        "TIME INFO serve - seed=7 duration_ms=3000 workload stopped");
    }

    @Test
    void shouldStayOnOneLineWhateverNamesAre() {
        assertThat(logged(new Change.Updated("abba", "a\nb\u001b[2J", new byte[4], new byte[4])))
                .containsExactly("TIME INFO serve - object=abba map=a\\u000ab\\u001b[2J key=00000000 updated");
    }
}
