package dev.spinbpf.verifier;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A program as text and what the verifier has to say of it.
 *
 * <p>A file of cases starts with text that each case begins with; a case has a name, a line with the expected verdict
 * ({@code accept}, or {@code reject ERRNO: message}), lines {@code log: text} with what its log holds besides, and the
 * program.
 *
 * @param name what the case shows
 * @param expected the line with the verdict
 * @param log parts of the log
 * @param text the whole assembly file
 */
record VerifierCase(String name, String expected, List<String> log, String text) {
    private static final String SEPARATOR = "=== ";
    private static final String LOG = "log: ";

    /** Returns the cases of all files of the directory, file by file in the order of their names. */
    static List<VerifierCase> readAll() throws IOException, URISyntaxException {
        URL directory = Objects.requireNonNull(VerifierCase.class.getResource("cases"), "cases");
        List<Path> files;
        try (Stream<Path> all = Files.list(Path.of(directory.toURI()))) {
            files = all.filter(file -> file.toString().endsWith(".cases"))
                    .sorted()
                    .toList();
        }
        var cases = new ArrayList<VerifierCase>();
        for (Path file : files) {
            cases.addAll(read(Files.readAllLines(file)));
        }
        return cases;
    }

    private static List<VerifierCase> read(List<String> lines) {
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
                List<String> log = lines.subList(start + 2, end).stream()
                        .takeWhile(line -> line.startsWith(LOG))
                        .map(line -> line.substring(LOG.length()))
                        .toList();
                String text = preamble + String.join("\n", lines.subList(start + 2 + log.size(), end)) + "\n";
                cases.add(new VerifierCase(name, lines.get(start + 1), log, text));
            }
        }
        return cases;
    }

    @Override
    public String toString() {
        return name;
    }
}
