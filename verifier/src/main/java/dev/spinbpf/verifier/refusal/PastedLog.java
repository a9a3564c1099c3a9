package dev.spinbpf.verifier.refusal;

import dev.spinbpf.verifier.kernel.MessageFormats;
import dev.spinbpf.verifier.kernel.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A verifier's log as somebody pasted it: Linux's text, of any version, perhaps without its beginning and with what loaders print
 * around it.
 *
 * <p>The message is the last line that fits the format of a message, as what comes before may have been written by paths that went
 * well; but a line that fits with a few characters outside of its arguments alone counts only where there is no other. The
 * instruction is the last one that was printed before it.
 */
public final class PastedLog {
    private static final int MAX_LINES = 200_000;
    private static final int MAX_LINE = 4096;
    private static final int LEAST_LITERAL = 8;
    private static final int SURE_LITERAL = 16;
    private static final Pattern INSN = Pattern.compile("^(\\d+): \\([0-9a-f]{2}\\) .*");
    private static final Pattern SOURCE = Pattern.compile("^; (.*) @ (.+):(\\d+)$");
    private static final Pattern NOISE =
            Pattern.compile("^(;|\\d+: |from \\d|processed \\d|R\\d+(_w)?=|verification time|stack depth|mark_precise"
                    + "|arg#\\d+ reference type\\('UNKNOWN '\\)).*");
    /** A message that Linux writes on the line of an instruction. */
    private static final Pattern ON_THE_LINE =
            Pattern.compile("^\\d+: \\([0-9a-f]{2}\\) .*(infinite loop detected at insn \\d+)$");

    private static final Pattern PREFIX = Pattern.compile(
            "^\\s*(\\[[^]]*\\]\\s*)?(libbpf: (?!map|prog|extern|Error|struct|\\S+ is not found|The target))?");

    private static final Pattern PROGRAM = Pattern.compile("\\bprog '([^']+)':");

    private PastedLog() {}

    /**
     * A refusal, as a log tells it.
     *
     * @param kind the kind of refusal
     * @param program the program that a loader named last before it; empty if none did
     * @param message the line that says so
     * @param insn the slot of the last instruction before it; -1 if there is none in the log
     * @param file the source file that was printed last, empty if none was
     * @param line its line, 0 if none was printed
     * @param source the text of that line
     */
    public record Found(
            RefusalKind kind, String program, String message, int insn, String file, int line, String source) {}

    /** Returns what the log says, or null if no line of it is a message that is known. */
    public static @Nullable Found read(String log) {
        List<String> all = log.lines().toList();
        List<String> lines = all.subList(Math.max(0, all.size() - MAX_LINES), all.size());
        int best = -1;
        int bestScore = 0;
        RefusalKind kind = null;
        for (int i = 0; i < lines.size(); i++) {
            String line = message(lines.get(i));
            if (line.isEmpty()
                    || line.length() > MAX_LINE
                    || NOISE.matcher(line).matches()) {
                continue;
            }
            Match match = bestMatch(line);
            int score = match == null ? -1 : Math.min(match.score, SURE_LITERAL);
            if (match != null && score >= bestScore) {
                best = i;
                bestScore = score;
                kind = match.kind;
            }
        }
        return kind == null ? null : found(lines, best, kind);
    }

    private static String message(String line) {
        String text = PREFIX.matcher(line).replaceFirst("").stripTrailing();
        Matcher within = ON_THE_LINE.matcher(text);
        return within.matches() ? within.group(1) : text;
    }

    private record Match(RefusalKind kind, int score) {}

    private static @Nullable Match bestMatch(String line) {
        Match best = null;
        for (Format format : Formats.ALL) {
            boolean better = best == null || format.literal > best.score;
            if (better
                    && line.contains(format.longest)
                    && format.pattern.matcher(line).matches()) {
                best = new Match(format.kindOf(line), format.literal);
            }
        }
        return best;
    }

    private static Found found(List<String> lines, int at, RefusalKind kind) {
        int insn = -1;
        String program = "";
        String file = "";
        String source = "";
        int number = 0;
        for (int i = 0; i < at; i++) {
            String line = lines.get(i).strip();
            Matcher matcher = INSN.matcher(line);
            if (matcher.matches()) {
                insn = (int) Math.min(Long.parseLong(shortened(matcher.group(1))), Integer.MAX_VALUE);
            }
            Matcher named = PROGRAM.matcher(line);
            if (named.find()) {
                program = named.group(1);
            }
            Matcher place = SOURCE.matcher(line);
            if (place.matches()) {
                source = place.group(1).strip();
                file = place.group(2);
                number = (int) Math.min(Long.parseLong(shortened(place.group(3))), Integer.MAX_VALUE);
            }
        }
        return new Found(kind, program, message(lines.get(at)), insn, file, number, source);
    }

    private static String shortened(String digits) {
        return digits.length() <= 9 ? digits : digits.substring(0, 9);
    }

    /** @param literal characters outside of arguments; {@code longest} the longest run of them */
    private record Format(RefusalKind kind, Pattern pattern, int literal, String longest) {
        private static final Pattern MAY_BE_NULL = Pattern.compile(" type=\\S*or_null");

        RefusalKind kindOf(String line) {
            boolean mayBeNull =
                    switch (kind.id()) {
                        case "stale-pointer" -> line.contains("or_null");
                        case "argument-type" -> MAY_BE_NULL.matcher(line).find();
                        default -> false;
                    };
            return mayBeNull ? RefusalKinds.of("null-pointer") : kind;
        }
    }

    private static final class Formats {
        private static final Pattern CONVERSION = Pattern.compile("%[-0-9.$]*[a-z]");
        /** Words before the number of an argument, as tables of messages write it. */
        private static final Pattern PREFIXED = Pattern.compile("\\{(\\w+#)\\}");
        /** Lines that loaders print at any refusal, and older kernels for functions that nothing is wrong with. */
        private static final Set<String> WEAK = Set.of("PROGRAM_TYPE_UNKNOWN", "GLOBAL_FUNCTION_RETURN_TYPE");

        private static final List<Format> ALL = read();

        private static List<Format> read() {
            List<Format> formats = new ArrayList<>();
            MessageFormats.all().forEach((name, texts) -> {
                // to the message before it
                boolean adds = name.startsWith("OFFSET_") || WEAK.contains(name);
                for (String text : texts) {
                    add(formats, RefusalKinds.ofMessage(name), text, adds ? LEAST_LITERAL : Integer.MAX_VALUE);
                }
            });
            for (String[] row : Tables.rows("/dev/spinbpf/verifier/refusal/other_messages.tsv")) {
                add(formats, RefusalKinds.of(row[0]), row[1], Integer.MAX_VALUE);
            }
            return formats;
        }

        private static void add(List<Format> formats, RefusalKind kind, String text, int most) {
            String[] literals = CONVERSION.split(PREFIXED.matcher(text).replaceAll("$1"), -1);
            StringBuilder pattern = new StringBuilder();
            int literal = 0;
            String longest = "";
            for (int i = 0; i < literals.length; i++) {
                pattern.append(i == 0 ? "" : ".*?").append(Pattern.quote(literals[i]));
                literal += literals[i].strip().length();
                longest = literals[i].length() > longest.length() ? literals[i] : longest;
            }
            if (literal >= LEAST_LITERAL) {
                formats.add(
                        new Format(kind, Pattern.compile(pattern + "[.!]?"), Math.min(literal, most), longest.strip()));
            }
        }
    }
}
