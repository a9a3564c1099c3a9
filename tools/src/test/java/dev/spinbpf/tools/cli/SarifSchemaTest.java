package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.spinbpf;
import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The reports in SARIF are what its published schema wants. */
class SarifSchemaTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static Schema schema;

    @TempDir
    private Path directory;

    @BeforeAll
    static void readSchema() throws Exception {
        try (InputStream in = SarifSchemaTest.class.getResourceAsStream("/schema/sarif-schema-2.1.0.json")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7)
                    .getSchema(text, InputFormat.JSON);
        }
    }

    @Test
    void shouldFitForAllSamplesAndForWhatCannotBeRead() throws Exception {
        Path damaged = Files.writeString(directory.resolve("a: b\u00e9<>.bpf.o"), "no object");
        String[] arguments;
        try (Stream<Path> files = Files.list(SAMPLES)) {
            arguments = Stream.concat(
                            Stream.of("verify", "-o", "sarif", damaged.toString()),
                            files.map(Path::toString)
                                    .filter(file -> file.endsWith(".bpf.o"))
                                    .sorted())
                    .toArray(String[]::new);
        }
        String sarif = spinbpf(arguments).out();
        assertThat(sarif.split("\"ruleId\"", -1)).hasSizeGreaterThan(4);
        assertThat(schema.validate(sarif, InputFormat.JSON)).isEmpty();
        assertThat(sarif).contains("a:%20b%C3%A9%3C%3E.bpf.o");
        assertThat(schema.validate(sarif.replace("\"ruleId\"", "\"rule\""), InputFormat.JSON))
                .isNotEmpty();
    }

    @Test
    void shouldFitForSeveralKernels() {
        String sarif = spinbpf(
                        "verify",
                        "--btf",
                        "none",
                        "--kernel",
                        "7.3,7.2,6.18",
                        "-o",
                        "sarif",
                        SAMPLES.resolve("nesting.bpf.o").toString())
                .out();
        assertThat(sarif).contains("\"kernels\"");
        assertThat(schema.validate(sarif, InputFormat.JSON)).isEmpty();
    }

    @Test
    void shouldFitWhereNothingIsRefused() {
        String sarif = spinbpf(
                        "verify",
                        "-o",
                        "sarif",
                        SAMPLES.resolve("balanced.bpf.o").toString())
                .out();
        assertThat(schema.validate(sarif, InputFormat.JSON)).isEmpty();
    }
}
