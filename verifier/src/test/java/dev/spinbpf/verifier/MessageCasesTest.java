package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.Message;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each message of the verifier has a case whose text a real kernel gave, but for a few that no program can get. */
class MessageCasesTest {
    private static final int MOST_WITHOUT_CASE = 15;
    private static final Pattern CONVERSION = Pattern.compile("%(?:\\d\\$)?[-0-9.]*([sdxu])");
    private static final Pattern REFUSAL = Pattern.compile("reject \\w+: (.*)");

    private static final List<KernelVersion> KERNELS =
            List.of(new KernelVersion(6, 18, 0), new KernelVersion(7, 2, 0), KernelVersion.REFERENCE);

    /** The texts of a message, one for each kernel. */
    private static final Map<Message, Pattern> PATTERNS = new EnumMap<>(Message.class);

    private static final List<String> REFUSALS = new ArrayList<>();
    private static final List<String> SEEN = new ArrayList<>();

    @BeforeAll
    static void readCases() throws Exception {
        for (Message message : Message.values()) {
            PATTERNS.put(message, pattern(message));
        }
        for (VerifierCase verifierCase : VerifierCase.readAll()) {
            Matcher refusal = REFUSAL.matcher(verifierCase.expected());
            if (refusal.matches()) {
                REFUSALS.add(refusal.group(1));
            }
            SEEN.addAll(verifierCase.log());
        }
        SEEN.addAll(REFUSALS);
    }

    @Test
    void shouldHaveACaseForEachMessage() throws IOException {
        List<String> without = Stream.of(Message.values())
                .filter(message -> SEEN.stream()
                        .noneMatch(text -> patternOf(message).matcher(text).matches()))
                .map(Message::name)
                .toList();
        assertThat(without).containsExactlyInAnyOrderElementsOf(known().keySet());
        assertThat(without).hasSizeLessThanOrEqualTo(MOST_WITHOUT_CASE);
        assertThat(known().values()).allMatch(reason -> reason.length() > 10);
    }

    @Test
    void shouldFindEachRefusalInTheTable() {
        // The message of an endless loop is followed by the two states that are equal; maps are the loader's.
        assertThat(REFUSALS.stream().filter(text -> !text.startsWith("old state:") && !text.startsWith("libbpf: map ")))
                .isNotEmpty()
                .allMatch(text -> PATTERNS.values().stream()
                        .anyMatch(pattern -> pattern.matcher(text).matches()));
        assertThat(patternOf(Message.UNREACHABLE_INSN)
                        .matcher("unreachable insn x")
                        .matches())
                .isFalse();
    }

    private static Pattern patternOf(Message message) {
        return Objects.requireNonNull(PATTERNS.get(message));
    }

    private static Pattern pattern(Message message) {
        return Pattern.compile(KERNELS.stream()
                .map(kernel -> regex(Kernel.of(kernel).messages().format(message)))
                .distinct()
                .collect(Collectors.joining("|")));
    }

    private static String regex(String format) {
        StringBuilder regex = new StringBuilder();
        Matcher conversion = CONVERSION.matcher(format);
        int at = 0;
        while (conversion.find()) {
            regex.append(Pattern.quote(format.substring(at, conversion.start())));
            regex.append(conversion.group(1).equals("s") ? ".*" : "-?[0-9a-f]+");
            at = conversion.end();
        }
        return regex.append(Pattern.quote(format.substring(at))).toString();
    }

    /** Messages without a case, by name, each with the reason. */
    private static Map<String, String> known() throws IOException {
        Map<String, String> known = new TreeMap<>();
        try (InputStream in = Objects.requireNonNull(
                MessageCasesTest.class.getResourceAsStream("messages_without_case.tsv"), "list")) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t", -1))
                    .forEach(row -> known.put(row[0], row[1]));
        }
        return known;
    }
}
