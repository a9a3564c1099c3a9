package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The example of a Kubernetes Job is one by Kubernetes' schema, and its pods search all parts. */
class ExploreJobTest {
    private static final Path ROOT = Path.of(System.getProperty("spinbpf.root", ".."));
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static Schema schema;
    private static String text;

    @TempDir
    private Path directory;

    /**
     * Kubernetes' types as a JSON schema. It lets any member be added to any type, and describes quantities as their structure and not as the strings that stand for
     * them; here names that no type has are mistakes, and quantities are strings.
     */
    @BeforeAll
    static void readSchemaAndJob() throws Exception {
        try (InputStream in = ExploreJobTest.class.getResourceAsStream("/schema/validation-schema.json")) {
            ObjectNode published = (ObjectNode) MAPPER.readTree(Objects.requireNonNull(in));
            ObjectNode definitions = (ObjectNode) published.get("definitions");
            definitions.forEach(type -> ((ObjectNode) type).put("additionalProperties", false));
            definitions
                    .putObject("k8s_io_apimachinery_pkg_api_resource_Quantity")
                    .put("type", "string");
            ObjectNode job = ((ObjectNode) published.get("resources").get("job")).put("additionalProperties", false);
            job.set("definitions", definitions);
            schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7)
                    .getSchema(job.toString(), InputFormat.JSON);
        }
        text = Files.readString(ROOT.resolve("contrib/kubernetes/explore-job.yaml"));
    }

    private static Map<?, ?> tree(String yaml) {
        return (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(yaml);
    }

    private static List<String> mistakes(String yaml) {
        String json = MAPPER.writeValueAsString(tree(yaml));
        return schema.validate(json, InputFormat.JSON).stream()
                .map(each -> each.getInstanceLocation() + ": " + each.getMessage())
                .toList();
    }

    @Test
    void shouldFitTheSchema() {
        assertThat(mistakes(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    completionMode: Indexed | completionMod: Indexed      | /spec
                    completions: 8          | completions: eight          | /spec/completions
                    claimName: spinbpf      | claim: spinbpf              | /spec/template/spec/volumes/0/persistentVolumeClaim
                    memory: 1Gi             | memory: [1]                 | /spec/template/spec/containers/0/resources/requests/memory
                    """)
    void shouldNoticeMistakes(String right, String wrong, String place) {
        assertThat(text).contains(right);
        assertThat(mistakes(text.replace(right, wrong))).isNotEmpty().allSatisfy(mistake -> assertThat(mistake)
                .startsWith(place));
    }

    /** Runs what a pod runs, with a program in place of {@code spinbpf} that shows its arguments and ends with a code. */
    private int runPod(int index, int code) throws Exception {
        Path bin = Files.createDirectories(directory.resolve("bin"));
        Files.createDirectories(directory.resolve("parts"));
        Path program = Files.writeString(
                bin.resolve("spinbpf"),
                "#!/bin/sh\nfor last; do :; done\necho \"$@\" > \"$last\"\nexit " + code + "\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        Map<?, ?> container = container();
        List<String> command = new ArrayList<>();
        for (String key : List.of("command", "args")) {
            ((List<?>) Objects.requireNonNull(container.get(key))).forEach(each -> command.add(each.toString()));
        }
        command.replaceAll(each -> each.replace("/data", directory.toString()));
        ProcessBuilder pod = new ProcessBuilder(command).redirectErrorStream(true);
        pod.environment().put("PATH", bin + ":" + System.getenv("PATH"));
        pod.environment().put("JOB_COMPLETION_INDEX", String.valueOf(index));
        pod.environment().put("SHARDS", "8");
        Process running = pod.start();
        assertThat(new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEmpty();
        return running.waitFor();
    }

    private static Map<?, ?> container() {
        Map<?, ?> level = tree(text);
        for (String key : List.of("spec", "template", "spec")) {
            level = (Map<?, ?>) Objects.requireNonNull(level.get(key));
        }
        return (Map<?, ?>) ((List<?>) Objects.requireNonNull(level.get("containers"))).getFirst();
    }

    @Test
    void shouldSearchEachPartOnce() throws Exception {
        Map<?, ?> spec = (Map<?, ?>) Objects.requireNonNull(tree(text).get("spec"));
        assertThat(spec.get("completions")).isEqualTo(8);
        assertThat(((Map<?, ?>) ((List<?>) Objects.requireNonNull(container().get("env"))).getFirst()).get("value"))
                .isEqualTo("8");
        for (int index = 0; index < 8; index++) {
            assertThat(runPod(index, index % 2)).isZero();
        }
        List<String> shards = IntStream.rangeClosed(1, 8)
                .mapToObj(number -> contents(number).replaceAll(".*--shard (\\S+) .*\n", "$1"))
                .toList();
        assertThat(shards).containsExactly("1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8");
    }

    private String contents(int number) {
        try {
            return Files.readString(directory.resolve("parts/" + number + ".part"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldLeaveNoPartThatCouldNotBeSearched() throws Exception {
        assertThat(runPod(2, 2)).isEqualTo(2);
        assertThat(directory.resolve("parts/3.part")).doesNotExist();
    }

    /** The arguments are those that {@code spinbpf explore} takes. */
    @Test
    void shouldCallExploreAsItIs() throws Exception {
        assertThat(runPod(0, 0)).isZero();
        List<String> arguments = new ArrayList<>(List.of(contents(1).strip().split(" ")));
        arguments.set(1, ROOT.resolve("programs/samples/balanced.bpf.o").toString());
        arguments.set(arguments.indexOf("--duration") + 1, "1s");
        arguments.set(arguments.size() - 1, directory.resolve("1.part").toString());

        Outcome outcome = Outcome.spinbpf(arguments.toArray(String[]::new));
        assertThat(outcome.code()).as(outcome.err()).isLessThan(2);
        assertThat(directory.resolve("1.part")).exists();
    }
}
