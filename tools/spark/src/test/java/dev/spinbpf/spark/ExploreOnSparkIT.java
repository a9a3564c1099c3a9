package dev.spinbpf.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.tools.cli.ExploreParts;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A search on a cluster of two executors on this machine, as its user starts it. */
@Timeout(600)
class ExploreOnSparkIT {
    private static final Path HOME = Path.of(System.getProperty("spinbpf.spark.home", "target/home"));
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final List<String> BOUNDS = List.of("--preemptions", "0", "--interrupts", "1", "--duration", "9m");
    private static final Pattern DONE = Pattern.compile("spinbpf: part \\d is done on executor \\d+");
    private static final Pattern FIFTH = Pattern.compile("spinbpf: part 5 is searched on executor (\\d+)");

    @TempDir
    private Path directory;

    private Process start(String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(HOME.resolve("bin/explore-on-spark").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(directory.resolve("out").toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        return builder.start();
    }

    private static boolean kill(Process driver, String executor) {
        return driver.descendants()
                .filter(process -> arguments(process).contains("CoarseGrainedExecutorBackend"))
                .filter(process -> arguments(process).contains("--executor-id " + executor + " "))
                .findFirst()
                .map(ProcessHandle::destroyForcibly)
                .orElse(false);
    }

    private static String arguments(ProcessHandle process) {
        return process.info().arguments().map(each -> String.join(" ", each)).orElse("");
    }

    /** Reads what the driver says, and kills the executor that is given the fifth of the parts. */
    private static List<String> followed(Process driver) throws IOException {
        List<String> lines = new ArrayList<>();
        int killed = 0;
        try (BufferedReader err =
                new BufferedReader(new InputStreamReader(driver.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = err.readLine(); line != null; line = err.readLine()) {
                lines.add(line);
                Matcher fifth = FIFTH.matcher(line);
                if (fifth.matches() && killed == 0 && kill(driver, fifth.group(1))) {
                    killed++;
                }
            }
        }
        assertThat(killed).as("executors killed: %s", lines).isOne();
        return lines;
    }

    @Test
    void shouldReportWhatOneRunReportsThoughAnExecutorIsKilled() throws Exception {
        String object = SAMPLES.resolve("nesting.bpf.o").toRealPath().toString();
        ExploreParts.Outcome whole = ExploreParts.run(
                Stream.concat(Stream.of("explore", object), BOUNDS.stream()).toArray(String[]::new));

        Process driver = start(Stream.concat(
                        Stream.of("--master", "local-cluster[2,1,1024]", "--shards", "8", object, "--"),
                        BOUNDS.stream())
                .toArray(String[]::new));
        List<String> said = followed(driver);

        assertThat(driver.waitFor()).isEqualTo(whole.code()).isEqualTo(1);
        assertThat(directory.resolve("out")).hasContent(whole.out());
        assertThat(said).filteredOn(line -> DONE.matcher(line).matches()).hasSize(8);
        assertThat(said)
                .anyMatch(line -> line.matches("spinbpf: part 5 is lost on executor \\d+"))
                .anyMatch(line -> line.endsWith("is gone; its parts are searched again"));
    }

    @Test
    void shouldSayWhichPartFailedAndWhy() throws Exception {
        Path noObject = Files.writeString(directory.resolve("x.bpf.o"), "nothing");

        Process driver = start("--master", "local[2]", "--shards", "2", noObject.toString());
        String said = new String(driver.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(driver.waitFor()).isEqualTo(2);
        assertThat(said).contains("spinbpf: the search failed: part ").contains("x.bpf.o");
        assertThat(directory.resolve("out")).isEmptyFile();
    }

    @Test
    void shouldRefuseWhatItCannotSend() throws Exception {
        Process absent = start("--master", "local", "absent.bpf.o");
        Process workload = start("--master", "local", "x.yaml");
        Process none = start("--master", "local", "--shards", "1", "x.bpf.o");
        Process nowhere = start("x.bpf.o");

        assertThat(new String(absent.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("spinbpf: absent.bpf.o: there is no such file\n");
        assertThat(new String(workload.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("spinbpf: x.yaml: a workload file names other files; name the objects themselves\n");
        assertThat(new String(none.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .startsWith("--shards is 1; it has to be 2 to 9999");
        assertThat(new String(nowhere.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .startsWith("Missing required option: '--master=URL'");
        assertThat(absent.waitFor() + workload.waitFor() + none.waitFor() + nowhere.waitFor())
                .isEqualTo(8);
    }
}
