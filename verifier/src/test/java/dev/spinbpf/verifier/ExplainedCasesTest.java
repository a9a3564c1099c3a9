package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.PastedLog;
import dev.spinbpf.verifier.refusal.RefusalKind;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The explanations of all cases fit a terminal, and say nothing that Linux's message denies. */
class ExplainedCasesTest {
    private static final int MAX_LINES = 25;
    private static final int MAX_LINE = 600;
    /** Words that come from a value that is missing. */
    private static final Pattern BLANKS =
            Pattern.compile("\\bnull\\b(?!-)|R-1|line 0\\b|insn -1|``|\\(\\)\\(\\)| {2}at ");

    private static final Pattern REGISTER = Pattern.compile("\\bR(\\d+)\\b");
    private static final Pattern MAP = Pattern.compile("\\bmap '([^']+)'");

    /** Kinds of which the program's own way tells more than the message, with those that it may be told as. */
    private static final Map<String, Set<String>> TOLD_AS = Map.of(
            "stale-pointer", Set.of("null-pointer"),
            "map-value-bounds", Set.of("packet-bounds", "memory-bounds", "context-access", "stack-bounds"),
            "argument-type", Set.of("null-pointer"),
            "instruction", Set.of("relocation"),
            "helper-not-allowed", Set.of("relocation"));

    static Stream<VerifierCase> refused() throws Exception {
        return VerifierCase.readAll().stream().filter(one -> one.expected().startsWith("reject"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void shouldExplainWhatLinuxSays(VerifierCase one) throws Exception {
        Verdict.Rejected refused = (Verdict.Rejected) VerifierCasesTest.verify(one);
        Explanation explanation = refused.explanation();
        String text = explanation.text();
        assertThat(text.lines().count()).isLessThanOrEqualTo(MAX_LINES);
        assertThat(text.lines()).allMatch(line -> line.length() <= MAX_LINE);
        assertThat(BLANKS.matcher(text.replace("PTR_MAYBE_NULL", "")).results())
                .as(text)
                .isEmpty();
        assertThat(explanation.reason()).isNotBlank();
        assertThat(explanation.remedy()).isNotBlank();
        assertSameKind(refused.message(), explanation.kind());
        assertSamePlace(refused);
        assertSameNames(refused.message(), explanation);
    }

    /** The explanation of a message that is pasted without its program. */
    private static void assertSameKind(String message, RefusalKind kind) {
        if (message.startsWith("old state: ")) { // what is wrong stands two lines before
            assertThat(kind.id()).isEqualTo("endless-loop");
            return;
        }
        PastedLog.Found found = Objects.requireNonNull(PastedLog.read(message), message);
        String read = found.kind().id();
        if (!kind.id().equals(read)) {
            assertThat(TOLD_AS.getOrDefault(read, Set.of()))
                    .as(message + ": " + read)
                    .contains(kind.id());
        }
    }

    private static void assertSamePlace(Verdict.Rejected refused) {
        Explanation explanation = refused.explanation();
        boolean onPath = !explanation.path().isEmpty();
        if (onPath) {
            assertThat(Objects.requireNonNull(explanation.at()).insn()).isEqualTo(refused.insn());
            assertThat(explanation.path()).filteredOn(Explanation.Step::decides).hasSizeLessThanOrEqualTo(1);
        }
        boolean holdsLock = refused.message().contains("inside bpf_spin_lock-ed region");
        if (holdsLock && onPath) {
            assertThat(explanation.path().getLast().held()).isNotEmpty();
        }
    }

    /** A reason that speaks of a register or a map speaks of that of the message. */
    private static void assertSameNames(String message, Explanation explanation) {
        List<String> named =
                REGISTER.matcher(message).results().map(MatchResult::group).toList();
        List<String> told = REGISTER.matcher(explanation.reason())
                .results()
                .map(MatchResult::group)
                .toList();
        if (!named.isEmpty() && told.size() == 1) {
            assertThat(named).contains(told.getFirst());
        }
        Matcher map = MAP.matcher(message);
        if (map.find() && explanation.reason().contains("ap `")) {
            assertThat(explanation.reason()).contains("`" + map.group(1) + "`");
        }
    }
}
