package dev.spinbpf.tools.workload;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The schema that is shipped says what the reader does, by the word of another implementation. */
class WorkloadSchemaTest {
    private static final Path ROOT = Path.of(System.getProperty("spinbpf.root", ".."));
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static Schema schema;

    @BeforeAll
    static void readSchema() throws Exception {
        schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(shipped(), InputFormat.JSON);
    }

    private static String shipped() throws Exception {
        try (InputStream in = WorkloadGrammar.class.getResourceAsStream("workload.schema.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void shouldShipTheSchemaOfTheGrammar() throws Exception {
        String expected = SchemaOfGrammar.text();
        if (Boolean.getBoolean("spinbpf.write")) {
            for (String place : List.of("docs", "tools/src/main/resources/dev/spinbpf/tools/workload")) {
                Files.createDirectories(ROOT.resolve(place));
                Files.writeString(ROOT.resolve(place).resolve("workload.schema.json"), expected);
            }
        }
        assertThat(shipped()).isEqualTo(expected);
        assertThat(Files.readString(ROOT.resolve("docs/workload.schema.json"))).isEqualTo(expected);
    }

    static Stream<Path> samples() throws Exception {
        try (Stream<Path> files = Files.list(ROOT.resolve("programs/samples"))) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void shouldAcceptTheSamples(Path sample) throws Exception {
        YamlNode root = tree(Files.readString(sample));
        assertThat(errorsOfSchema(root)).isEmpty();
        assertThat(isAccepted(root)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "version: 1\nmode: {name: aa}",
                "version: 1.0\nmode: {name: abba, normal_delay: 0s, nmi_delay: 1.5ms}\ncpus: 0x4",
                "version: 1\nmode: {name: torture, locks: 4096}\nseed: -9223372036854775808",
                "version: 1\nobjects: [{file: a.o}]\nduration: forever",
                "version: 1\nobjects: [{file: a.o}]\ninterrupts: {nmi: {rate: 1/3ms}, hardirq: {period: 1us}}",
                "version: 1\nobjects: [{file: a.o}]\nattachments: [{program: p, rate: 0/s}]",
                "version: 1\nobjects: [{file: a.o}]\npromises: ['runs(p) > 0', '1']",
                "version: 1\n"
                        + "objects: [{file: a.o}]\n"
                        + "maps: [{map: m, elements: [{value: null}, {key: [1.5], value: {}}]}]"
            })
    void shouldBothAccept(String text) {
        YamlNode root = tree(text);
        assertThat(errorsOfSchema(root)).isEmpty();
        assertThat(isAccepted(root)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mode: {name: aa}",
                "version: 2\nmode: {name: aa}",
                "version: '1'\nmode: {name: aa}",
                "version: 1",
                "version: 1\nmode: {name: aa}\nobjects: [{file: a.o}]",
                "version: 1\nmode: {name: aa}\npackets: [{flows: 1}]",
                "version: 1\nmode: {name: aa}\npromises: ['1 == 1']",
                "version: 1\nobjects: [{file: a.o}]\npromises: []",
                "version: 1\nobjects: [{file: a.o}]\npromises: [' ']",
                "version: 1\nmode: {name: aa}\ncpu: 2",
                "version: 1\nmode: {name: aa}\ncpus: 65",
                "version: 1\nmode: {name: aa}\ncpus: 1.5",
                "version: 1\nmode: {name: aa}\nduration: 0s",
                "version: 1\nmode: {name: aa}\nduration: 5",
                "version: 1\nmode: {name: aa}\nseed: 9223372036854775808",
                "version: 1\nobjects: []",
                "version: 1\nobjects: [{file: ' '}]",
                "version: 1\nobjects: [{file: a.o}]\npacket_order: random",
                "version: 1\nobjects: [{file: a.o}]\npackets: [{flows: 1, hex: '00'}]",
                "version: 1\nobjects: [{file: a.o}]\npackets: [{}]",
                "version: 1\nobjects: [{file: a.o}]\ninterrupts: {nmi: {}}",
                "version: 1\nobjects: [{file: a.o}]\nattachments: [{program: p, rate: 1/s, period: 1s}]",
                "version: 1\nobjects: [{file: a.o}]\nattachments: [{program: p, rate: 1}]",
                "version: 1\nobjects: [{file: a.o}]\nattachments: [{program: p, cpus: [64]}]",
                "version: 1\nobjects: [{file: a.o}]\ndelays: [{time: 0}]",
                "[]",
                "just text"
            })
    void shouldBothRefuse(String text) {
        YamlNode root = tree(text);
        assertThat(errorsOfSchema(root)).isNotEmpty();
        assertThat(isAccepted(root)).isFalse();
    }

    @Test
    void shouldAgreeOnMutations() throws Exception {
        List<YamlNode> bases = new ArrayList<>();
        for (Path sample : samples().toList()) {
            bases.add(tree(Files.readString(sample)));
        }
        bases.add(tree("version: 1\n"
                + "mode: {name: torture, locks: 9, normal_delay: 0s, nmi_delay: 1us}\n"
                + "lock: both\n"
                + "held_times: 3"));
        int accepted = 0;
        int refused = 0;
        for (long seed = 1; seed <= 4000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            YamlNode mutant = new TreeMutation(random).mutate(bases.get(random.nextInt(bases.size())));
            List<Error> errors = errorsOfSchema(mutant);
            assertThat(isAccepted(mutant))
                    .as("seed %d: %s; the schema says %s", seed, json(mutant), errors)
                    .isEqualTo(errors.isEmpty());
            accepted += errors.isEmpty() ? 1 : 0;
            refused += errors.isEmpty() ? 0 : 1;
        }
        assertThat(accepted).isGreaterThan(200);
        assertThat(refused).isGreaterThan(200);
    }

    private static YamlNode tree(String text) {
        Mistakes mistakes = new Mistakes("test");
        YamlNode root = YamlReader.read(text.getBytes(StandardCharsets.UTF_8), mistakes);
        assertThat(mistakes.isEmpty()).isTrue();
        return Objects.requireNonNull(root);
    }

    private static boolean isAccepted(YamlNode root) {
        Mistakes mistakes = new Mistakes("test");
        new ShapeChecker(mistakes).check(root, WorkloadGrammar.FILE, "");
        return mistakes.isEmpty();
    }

    private static List<Error> errorsOfSchema(YamlNode root) {
        return schema.validate(json(root));
    }

    private static JsonNode json(YamlNode node) {
        return switch (node) {
            case YamlNode.Scalar scalar -> scalar(scalar);
            case YamlNode.Items items -> {
                ArrayNode array = JSON.arrayNode();
                items.items().forEach(item -> array.add(json(item)));
                yield array;
            }
            case YamlNode.Keys keys -> {
                ObjectNode object = JSON.objectNode();
                keys.entries().forEach(entry -> object.set(entry.key(), json(entry.value())));
                yield object;
            }
        };
    }

    private static JsonNode scalar(YamlNode.Scalar scalar) {
        return switch (scalar.kind()) {
            case TEXT -> JSON.stringNode(scalar.text());
            case INTEGER -> JSON.numberNode(scalar.integer());
            case FLOAT -> JSON.numberNode(Double.parseDouble(scalar.text()));
            case BOOLEAN -> JSON.booleanNode(Boolean.parseBoolean(scalar.text()));
            case NULL -> JSON.nullNode();
        };
    }
}
