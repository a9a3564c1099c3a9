package dev.spinbpf.verifier;

import dev.spinbpf.programs.linux.KernelVersion;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A program as text and what the verifier has to say of it.
 *
 * <p>A file of cases starts with text that each case begins with; a case has a name, a line with the expected verdict
 * ({@code accept}, or {@code reject ERRNO: message}), lines {@code on VERSION: verdict} for other kernels, lines
 * {@code log: text} with what its log holds besides, and the program. The first verdict is that of Linux 7.2. If there is a
 * program named {@code target}, the first one attaches to that, and it to one named {@code base}.
 *
 * @param name what the case shows
 * @param kernel the release that gave the verdict
 * @param expected the line with the verdict
 * @param log parts of the log
 * @param text the whole assembly file
 */
record VerifierCase(String name, KernelVersion kernel, String expected, List<String> log, String text) {
    private static final String SEPARATOR = "=== ";
    private static final String LOG = "log: ";
    private static final Pattern OTHER_KERNEL = Pattern.compile("on ([0-9.]+): (.*)");
    /** The release whose verdict stands first. */
    static final KernelVersion FIRST = new KernelVersion(7, 2, 0);

    /** A case for the release that most cases are from. */
    VerifierCase(String name, String expected, List<String> log, String text) {
        this(name, FIRST, expected, log, text);
    }

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
                addAll(cases, preamble, name, lines.subList(start + 1, end));
            }
        }
        return cases;
    }

    /** Adds the case, once for each kernel that it has a verdict of. */
    private static void addAll(List<VerifierCase> cases, String preamble, String name, List<String> lines) {
        List<Matcher> others = lines.stream()
                .skip(1)
                .map(OTHER_KERNEL::matcher)
                .takeWhile(Matcher::matches)
                .toList();
        List<String> rest = lines.subList(1 + others.size(), lines.size());
        List<String> log = rest.stream()
                .takeWhile(line -> line.startsWith(LOG))
                .map(line -> line.substring(LOG.length()))
                .toList();
        String text = preamble + String.join("\n", rest.subList(log.size(), rest.size())) + "\n";
        cases.add(new VerifierCase(name, lines.getFirst(), log, text));
        for (Matcher other : others) {
            KernelVersion kernel = KernelVersion.parse(other.group(1));
            cases.add(new VerifierCase(name, kernel, other.group(2), List.of(), text));
        }
    }

    @Override
    public String toString() {
        return name + " on " + kernel;
    }
}
