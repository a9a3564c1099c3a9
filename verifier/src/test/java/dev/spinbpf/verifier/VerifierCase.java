package dev.spinbpf.verifier;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A program as text and what the verifier has to say of it.
 *
 * <p>A file of cases starts with text that each case begins with; a case has a name, a line with the expected verdict
 * ({@code accept}, or {@code reject ERRNO: message}), and the program.
 *
 * @param name what the case shows
 * @param expected the line with the verdict
 * @param text the whole assembly file
 */
record VerifierCase(String name, String expected, String text) {
    private static final String SEPARATOR = "=== ";

    static List<VerifierCase> read(String file) throws IOException {
        List<String> lines;
        try (InputStream in = Objects.requireNonNull(VerifierCase.class.getResourceAsStream("cases/" + file), file)) {
            lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
        List<Integer> starts = IntStream.range(0, lines.size())
                .filter(i -> lines.get(i).startsWith(SEPARATOR))
                .boxed()
                .toList();
        var cases = new ArrayList<VerifierCase>();
        String preamble = "";
        for (int i = 0; i < starts.size(); i++) {
            int start = starts.get(i);
            int end = i + 1 < starts.size() ? starts.get(i + 1) : lines.size();
            String name = lines.get(start).substring(SEPARATOR.length());
            if (name.equals("preamble")) {
                preamble = String.join("\n", lines.subList(start + 1, end)) + "\n";
            } else {
                String text = preamble + String.join("\n", lines.subList(start + 2, end)) + "\n";
                cases.add(new VerifierCase(name, lines.get(start + 1), text));
            }
        }
        return cases;
    }

    @Override
    public String toString() {
        return name;
    }
}
