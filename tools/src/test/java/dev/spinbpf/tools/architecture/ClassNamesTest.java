package dev.spinbpf.tools.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A name means one thing: no two classes of the repository, tests and benchmarks included, have the same. */
class ClassNamesTest {
    private static final Path ROOT = Path.of(System.getProperty("spinbpf.root", ".."));
    private static final List<String> MODULES = List.of("programs", "verifier", "maps", "vm", "tools", "tools/spark");
    private static final Set<String> IN_EACH_PACKAGE = Set.of("package-info.java", "module-info.java");

    @Test
    void shouldNameEachClassOnce() throws Exception {
        Map<String, Set<String>> places = new TreeMap<>();
        for (String module : MODULES) {
            addSources(module, places);
        }
        assertThat(places).hasSizeGreaterThan(400);
        places.values().removeIf(files -> files.size() == 1);
        assertThat(places).isEmpty();
    }

    private static void addSources(String module, Map<String, Set<String>> places) throws IOException {
        try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src"))) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(file -> {
                String name = file.getFileName().toString();
                if (!IN_EACH_PACKAGE.contains(name)) {
                    places.computeIfAbsent(name, _ -> new TreeSet<>())
                            .add(ROOT.relativize(file).toString());
                }
            });
        }
    }
}
