package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The files in {@code contrib/} for those who run a service, as far as no other program has to be there. */
@Timeout(60)
class ContribTest {
    private static final Path CONTRIB = Path.of(System.getProperty("spinbpf.root", ".."), "contrib");
    private static final Path ANALYZE = Path.of("/usr/bin/systemd-analyze");

    @TempDir
    private Path directory;

    /** The unit with a program in place of the distribution's, which is not installed here. */
    @Test
    @Tag("systemd")
    void shouldBeAUnitThatSystemdHasNothingToSayOf() throws Exception {
        String unit = Files.readString(CONTRIB.resolve("systemd/spinbpf.service"));
        assertThat(unit).contains("ExecStart=/opt/spinbpf/bin/spinbpf serve ", "ExecReload=/usr/bin/curl ");
        Path copy = Files.writeString(
                directory.resolve("spinbpf.service"),
                unit.replace("/opt/spinbpf/bin/spinbpf", "/bin/true").replace("/usr/bin/curl", "/bin/true"));
        Process process = new ProcessBuilder(ANALYZE.toString(), "verify", copy.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(said).isEmpty();
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void shouldScrapeTheMetricsByAServiceMonitor() throws Exception {
        Map<?, ?> monitor = yaml("kubernetes/servicemonitor.yaml");
        assertThat(monitor.get("apiVersion")).isEqualTo("monitoring.coreos.com/v1");
        assertThat(monitor.get("kind")).isEqualTo("ServiceMonitor");
        Map<?, ?> spec = (Map<?, ?>) Objects.requireNonNull(monitor.get("spec"));
        assertThat(spec.keySet().stream().map(Object::toString)).containsExactlyInAnyOrder("selector", "endpoints");
        assertThat((List<?>) spec.get("endpoints"))
                .singleElement()
                .isEqualTo(Map.of("port", "metrics", "path", "/metrics", "interval", "5s"));
    }

    /** The image holds the files that the profile dist makes, and its port is the service's. */
    @Test
    void shouldMakeAnImageOfTheDistribution() throws Exception {
        List<String> lines = Files.readAllLines(CONTRIB.resolve("container/Containerfile"));
        assertThat(lines).contains("COPY spinbpf-*-linux-*.tar.gz /", "EXPOSE 9464", "USER spinbpf");
    }

    private static Map<?, ?> yaml(String name) throws Exception {
        return (Map<?, ?>)
                new Load(LoadSettings.builder().build()).loadFromString(Files.readString(CONTRIB.resolve(name)));
    }
}
