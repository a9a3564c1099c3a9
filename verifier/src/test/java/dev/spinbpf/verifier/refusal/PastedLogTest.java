package dev.spinbpf.verifier.refusal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logs that Linux 7.3, 7.2 and 6.18 wrote about programs that they refused: the kind of refusal is recognised in each. */
class PastedLogTest {
    private static final Path LOGS = Path.of("..", "verifier", "src", "test", "resources")
            .resolve(Path.of("dev", "spinbpf", "verifier", "refusal", "linux_logs.txt"));
    private static final Pattern TITLE = Pattern.compile("(\\S+ \\S+ \\S+): (\\S+)\n");

    /** A log, with the kind of refusal that it is of. */
    record Log(String name, String kind, String text) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Log> logs() throws Exception {
        List<Log> logs = new ArrayList<>();
        for (String part : Files.readString(LOGS, StandardCharsets.UTF_8).split("(?m)^=== ", -1)) {
            Matcher title = TITLE.matcher(part);
            if (title.lookingAt()) {
                logs.add(new Log(title.group(1), title.group(2), part.substring(title.end())));
            }
        }
        return logs.stream();
    }

    @ParameterizedTest
    @MethodSource("logs")
    void shouldRecogniseTheKind(Log log) {
        assertThat(kindOf(log.text)).isEqualTo(log.kind);
    }

    /** As it stands in a mail, or between what a loader prints. */
    @ParameterizedTest
    @MethodSource("logs")
    void shouldRecogniseTheKindAmongOtherText(Log log) {
        String printed =
                "libbpf: prog 'p': BPF program load failed: -EINVAL\nlibbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n"
                        + log.text
                        + "-- END PROG LOAD LOG --\nlibbpf: prog 'p': failed to load: -EINVAL\nlibbpf: failed to load object 'x.bpf.o'\n";
        assertThat(kindOf(printed)).isEqualTo(log.kind);
        assertThat(Objects.requireNonNull(PastedLog.read(printed)).program()).isEqualTo("p");
        String stamped = log.text.lines().map(line -> "[  12.345678] " + line).collect(Collectors.joining("\n"));
        assertThat(kindOf(stamped)).isEqualTo(log.kind);
    }

    @Test
    void shouldHaveLogsOfEachKernelAndManyKinds() throws Exception {
        assertThat(logs()).hasSizeGreaterThan(50);
        assertThat(logs().map(log -> log.name.substring(0, log.name.indexOf(' ')))
                        .distinct())
                .containsExactly("7.3", "7.2.13", "6.18");
        assertThat(logs().map(Log::kind).distinct()).hasSizeGreaterThan(15);
    }

    @Test
    void shouldNotTakeWhatIsNoMessage() {
        assertThat(PastedLog.read(
                        "processed 12 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1"))
                .isNull();
        assertThat(PastedLog.read("arg#0 reference type('UNKNOWN ') size cannot be determined: -22\n"))
                .isNull();
    }

    private static String kindOf(String text) {
        return Objects.requireNonNull(PastedLog.read(text)).kind().id();
    }
}
