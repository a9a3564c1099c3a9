package dev.spinbpf.verifier.refusal;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The explanation of one refusal, in five parts.
 *
 * @param kind the kind of refusal
 * @param reason why the program is refused, in its own names: a sentence or several
 * @param at the instruction at fault; null if the program never got to the verifier
 * @param path what led there, in order
 * @param more how many steps were left out before the first of {@code path}
 * @param remedy what to change, a sentence or several
 * @param holdings what the program holds along the whole path: an entry where that changes, in order; empty if it never does
 *     or is not known
 */
public record Explanation(
        RefusalKind kind,
        String reason,
        @Nullable Location at,
        List<Step> path,
        int more,
        String remedy,
        List<Holding> holdings) {
    /** No explanation, where none was asked for. */
    public static final Explanation NONE = new Explanation(new RefusalKind("", "", "", ""), "", null, List.of(), 0, "");

    /** The end of what is held that is a state and not a thing. */
    private static final String OFF = " off";

    /**
     * A step of the path.
     *
     * @param text what happens there
     * @param held what the program holds afterwards, each in a few words
     * @param decides whether the other way at this step would not have led to the refusal, or whether the mistake lies here
     */
    public record Step(Location at, String text, List<String> held, boolean decides) {}

    /**
     * The things that the program holds from one step of its path on.
     *
     * @param insn the slot of the instruction that changes it
     * @param time how often the path has come to that instruction by then, from 1
     * @param held each in a few words
     */
    public record Holding(int insn, int time, List<String> held) {}

    /** An explanation of a program that holds nothing, as far as is known. */
    public Explanation(
            RefusalKind kind, String reason, @Nullable Location at, List<Step> path, int more, String remedy) {
        this(kind, reason, at, path, more, remedy, List.of());
    }

    /** Returns true for {@link #NONE}. */
    public boolean isNone() {
        return kind.id().isEmpty();
    }

    /** Returns the five parts as text, at most 25 lines, without a line's end after the last; empty for {@link #NONE}. */
    public String text() {
        if (isNone()) {
            return "";
        }
        List<String> lines = new ArrayList<>();
        lines.add("Kind: " + kind.id() + " (" + kind.title() + ")");
        lines.add("Why:  " + sentence(reason));
        if (at != null) {
            String source = at.quoted();
            lines.add("At:   " + at.text() + " in " + at.function() + (source.isEmpty() ? "" : ": " + source));
        }
        if (!path.isEmpty()) {
            lines.add("Path: " + (more > 0 ? "(" + more + " earlier steps left out)" : "").strip());
            path.forEach(step -> lines.add("  " + stepText(step)));
        }
        lines.add("Fix:  " + sentence(remedy));
        lines.replaceAll(String::stripTrailing);
        return String.join("\n", lines);
    }

    private String stepText(Step step) {
        Location here = at == null ? step.at : at;
        boolean sameFile = here.file().equals(step.at.file());
        boolean sameLine = sameFile && here.line() == step.at.line();
        boolean sameColumn = here.column() == step.at.column();
        String place = sameLine && sameColumn
                ? "insn " + step.at.insn()
                : sameLine ? step.at.columnText() : sameFile ? step.at.shortText() : step.at.text();
        return place + ": " + step.text + heldText(step.held) + (step.decides ? "  <-- decides" : "");
    }

    private static String heldText(List<String> held) {
        String objects =
                held.stream().filter(name -> !name.endsWith(OFF)).distinct().collect(Collectors.joining(", "));
        String sections =
                held.stream().filter(name -> name.endsWith(OFF)).distinct().collect(Collectors.joining(", "));
        return (objects.isEmpty() ? "" : "; holds " + objects) + (sections.isEmpty() ? "" : "; " + sections);
    }

    private static String sentence(String text) {
        int end = text.indexOf(' ');
        boolean isWord = end > 0 && text.substring(0, end).chars().allMatch(Character::isLetter);
        return isWord ? Character.toUpperCase(text.charAt(0)) + text.substring(1) : text;
    }
}
