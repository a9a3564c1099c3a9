package dev.spinbpf.tools.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.tools.workload.FileSource.UnreadableFileException;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.WorkloadSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WorkloadBundleTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    /** The workload as it is written, with nothing in it of the names of files. */
    private static String written(WorkloadSpec spec) {
        return WorkloadWriter.write(spec, file -> "file");
    }

    private static void assertSame(String text) throws Exception {
        byte[] yaml = text.getBytes(StandardCharsets.UTF_8);
        WorkloadBundle bundle = WorkloadBundle.of(yaml, WorkloadReaderTest::open);
        byte[] json = bundle.json().getBytes(StandardCharsets.UTF_8);
        WorkloadSpec again = WorkloadReader.readJson("w.json", json, name -> {
            if (!bundle.files().containsKey(name)) {
                throw new UnreadableFileException(name);
            }
            return new NamedFile(name, bundle.files().get(name));
        });
        assertThat(written(again)).isEqualTo(written(WorkloadReaderTest.read(text)));
        assertThat(bundle.files().keySet()).allMatch(name -> name.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"));
    }

    @Test
    void shouldSayWhatTheWorkloadFileSays() throws Exception {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(SAMPLES)) {
            all.filter(file -> file.toString().endsWith(".yaml")).forEach(files::add);
        }
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            assertSame(Files.readString(file));
        }
    }

    @Test
    void shouldSayTheSameOfEachFormOfValue() throws Exception {
        assertSame("""
                version: 0x1
                cpus: 4.0
                seed: -5
                duration: 2h
                held_times: 0o17
                kernel_types: abba.bpf.o
                objects:
                  - file: abba.bpf.o
                    name: 'no'
                    programs: [a_then_b, "b_then_a"]
                  - file: packet_counter.bpf.o
                interrupts: {nmi: &none {rate: 0/s}, hardirq: *none}
                attachments:
                  - {program: a_then_b, level: task, period: 1ms, cpus: [0, 3]}
                delays:
                  - {time: 1.5us, one_in: 3}
                maps:
                  - map: packets
                    elements:
                      - {key: 6, value: 0xff}
                      - {key: 'hex:11000000', value: 'hex:0000000000000001'}
                packets:
                  - pcap: two.pcap
                  - flows: 3
                  - hex: '4545454545454545454545454545'
                packet_order: in_turn
                """);
    }

    @Test
    void shouldReadJsonWithTheMistakesOfYaml() {
        Map<String, String> expected = new TreeMap<>(Map.of(
                "",
                "w.json:1:1: is empty; it begins with: {\"version\": 1",
                "{\"version\":1} 2",
                "w.json:1:15: expected one document, found another one",
                "{\"version\":1,\n \"cpu\":2,\"objects\":[{\"file\":\"abba.bpf.o\"}]}",
                "w.json:2:2: key 'cpu': is not known here; did you mean 'cpus'?",
                "{\"version\":2}",
                "w.json:1:12: key 'version': expected 1, the version that this spinbpf reads, found 2",
                "{\"version\":1,\"version\":1,\"objects\":[{\"file\":\"abba.bpf.o\"}]}",
                "w.json:1:14: key 'version': is there twice in one mapping",
                "{\"version\":1,\"objects\":[{\"file\":\"abba.bpf.o\"}],\"cpus\":true}",
                "w.json:1:55: key 'cpus': expected a whole number from 1 to 64, found true"));
        expected.forEach((text, message) -> assertThatThrownBy(() -> WorkloadReader.readJson(
                        "w.json", text.getBytes(StandardCharsets.UTF_8), WorkloadReaderTest::open))
                .as(text)
                .isInstanceOf(WorkloadFileException.class)
                .hasMessage(message));
    }
}
