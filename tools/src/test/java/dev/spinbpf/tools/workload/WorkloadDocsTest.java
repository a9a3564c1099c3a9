package dev.spinbpf.tools.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The reference has each key of the grammar, under the key that it belongs to, with its meaning. */
class WorkloadDocsTest {
    private static final Path ROOT = Path.of(System.getProperty("spinbpf.root", ".."));
    private static String docs = "";

    @BeforeAll
    static void readDocs() throws Exception {
        docs = Files.readString(ROOT.resolve("docs/workload.md"));
    }

    @Test
    void shouldDescribeEachKeyInItsSection() {
        check("Keys", WorkloadGrammar.FILE);
    }

    private static void check(String section, Shape shape) {
        switch (shape) {
            case Shape.Repeated repeated -> check(section, repeated.item());
            case Shape.Mapping mapping -> {
                for (Shape.KeyShape key : mapping.keys()) {
                    String row = "| `" + key.name() + "` | " + (key.isRequired() ? "yes" : "") + " | " + key.meaning()
                            + " |";
                    assertThat(section(section)).as(section).contains(row);
                    boolean hasSection = docs.contains("\n### " + key.name() + "\n");
                    check(hasSection ? key.name() : section, key.shape());
                }
            }
            default -> {}
        }
    }

    private static String section(String name) {
        int start = Math.max(docs.indexOf("\n### " + name + "\n"), docs.indexOf("\n## " + name + "\n"));
        assertThat(start).as("section %s", name).isNotNegative();
        int end = docs.indexOf("\n### ", start + 1);
        return docs.substring(start, end < 0 ? docs.length() : end);
    }

    @Test
    void shouldShowTheSampleAsItIs() throws Exception {
        String sample = Files.readString(ROOT.resolve("programs/samples/abba.yaml"));
        assertThat(docs).contains(sample.substring(sample.indexOf("version: 1")));
    }

    @Test
    void shouldNameEachSampleThatHasAWorkload() throws Exception {
        for (Path file : WorkloadSchemaTest.samples().toList()) {
            assertThat(docs).contains("`" + file.getFileName().toString().replace(".yaml", "") + "`");
        }
    }
}
