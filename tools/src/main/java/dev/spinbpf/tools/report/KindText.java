package dev.spinbpf.tools.report;

import dev.spinbpf.verifier.refusal.RefusalKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The kinds of refusal as text: a list, or one with its example. */
public final class KindText {
    private static final String PROGRAMS = "/dev/spinbpf/tools/kinds/";
    private static final String INCLUDE = "#include \"kinds.h\"";

    private KindText() {}

    /** The list of all kinds, a line each. */
    public static String list(Style style) {
        TextTable table = new TextTable("Kind", "What is wrong");
        List<RefusalKind> kinds = RefusalKind.all();
        kinds.forEach(kind -> table.add(kind.id(), kind.title()));
        return table.render(style);
    }

    /** One kind: why it is refused, what to change, and a program before and after. */
    public static String of(RefusalKind kind, Style style) {
        String program = program(kind);
        return style.bold(kind.id() + ": " + kind.title()) + "\n\n"
                + "Why:  " + kind.reason() + "\n"
                + "Fix:  " + kind.remedy() + "\n"
                + (program.isEmpty() ? "" : '\n' + heading(program) + "\n\n" + program);
    }

    private static String heading(String program) {
        return program.contains("MENDED")
                ? "Linux refuses this program, and takes it with -D MENDED:"
                : "Linux refuses the first program and takes the second:";
    }

    /** The source of the example: programs {@code refused} and {@code mended}, or one that the macro MENDED mends; empty if the kind has none. */
    public static String program(RefusalKind kind) {
        try (InputStream in = KindText.class.getResourceAsStream(PROGRAMS + kind.id() + ".bpf.c")) {
            String text = in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return text.replace(INCLUDE, "").strip() + (text.isEmpty() ? "" : "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
