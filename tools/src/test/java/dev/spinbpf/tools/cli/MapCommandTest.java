package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MapCommandTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    @TempDir
    private Path directory;

    private String state = "";

    /** Calls the command and returns its outcome. */
    @BeforeEach
    void nameADirectory() {
        state = directory.resolve("state").toString();
    }

    private static Outcome spinbpf(String line) {
        return Outcome.spinbpf(List.of(line.split(" ", -1)).toArray(String[]::new));
    }

    /** {@code spinbpf map COMMAND DIR WORDS}. */
    private Outcome map(String command, String words) {
        return spinbpf("map " + command + " " + state + (words.isEmpty() ? "" : " " + words));
    }

    private String printed(String command, String words) {
        Outcome outcome = map(command, words);
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        return outcome.out();
    }

    private void createHash() {
        assertThat(printed("create", "type hash key 4 value 8 entries 2 name limits"))
                .isEmpty();
    }

    @Test
    void shouldExplainItselfWithExamples() {
        Outcome outcome = spinbpf("map --help");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).contains("Examples:", "Exit codes:", "getnext", "noexist");
    }

    @Test
    void shouldCreateAndList() {
        createHash();
        assertThat(printed("list", ""))
                .matches("1: hash  name limits  flags 0x0\n\tkey 4B  value 8B  max_entries 2  memlock \\d+B\n");
        assertThat(printed("list", "name limits")).startsWith("1: hash  name limits");
        assertThat(printed("-j list", ""))
                .matches(
                        "\\[\\{\"id\":1,\"type\":\"hash\",\"name\":\"limits\",\"flags\":0,\"bytes_key\":4,\"bytes_value\":8,"
                                + "\"max_entries\":2,\"bytes_memlock\":\\d+,\"frozen\":0}]\n");
        assertThat(map("create", "type hash key 4 value 8 entries 2 name limits")
                        .err())
                .contains("there is a map with name limits already");
    }

    @Test
    void shouldUpdateByFlagsAndLookUp() {
        createHash();
        assertThat(printed("update", "name limits key hex 01 00 00 00 value hex 0a 00 00 00 00 00 00 ff noexist"))
                .isEmpty();
        assertThat(printed("lookup", "name limits key 1 0 0 0"))
                .isEqualTo("key: 01 00 00 00  value: 0a 00 00 00 00 00 00 ff\n");
        Outcome twice = map("update", "name limits key 1 0 0 0 value 1 0 0 0 0 0 0 0 noexist");
        assertThat(twice.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(twice.err()).contains("Error: update failed: File exists");
        assertThat(map("update", "id 1 key 2 0 0 0 value 1 0 0 0 0 0 0 0 exist").err())
                .contains("Error: update failed: No such file or directory");
        printed("update", "id 1 key 0x02 0 0 0 value 1 0 0 0 0 0 0 0 any");
        assertThat(map("update", "id 1 key 3 0 0 0 value 1 0 0 0 0 0 0 0").err())
                .contains("Error: update failed: Argument list too long");
    }

    @Test
    void shouldSayWhatIsNotFound() {
        createHash();
        Outcome missing = map("lookup", "name limits key hex ff 00 00 00");
        assertThat(missing.out()).isEqualTo("key:\nff 00 00 00\n\nNot found\n");
        assertThat(missing.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(map("-j lookup", "name limits key 1 0 0 0").out()).isEqualTo("null\n");
        assertThat(map("delete", "name limits key 1 0 0 0").err())
                .contains("Error: delete failed: No such file or directory");
        assertThat(map("-j delete", "name limits key 1 0 0 0").out())
                .isEqualTo("{\"error\":\"delete failed: No such file or directory\"}\n");
        assertThat(map("dump", "name nothing").err()).contains("there is no map with name nothing");
    }

    @Test
    void shouldDeleteAndStepThroughKeys() {
        createHash();
        printed("update", "name limits key 1 0 0 0 value 1 0 0 0 0 0 0 0");
        assertThat(printed("getnext", "name limits")).isEqualTo("key: None\nnext key:\n01 00 00 00\n");
        assertThat(printed("-j getnext", "name limits"))
                .isEqualTo("{\"key\":null,\"next_key\":[\"0x01\",\"0x00\",\"0x00\",\"0x00\"]}\n");
        assertThat(map("getnext", "name limits key 1 0 0 0").err())
                .contains("Error: can't get next key: No such file or directory");
        printed("delete", "name limits key 1 0 0 0");
        assertThat(printed("dump", "name limits")).isEqualTo("Found 0 elements\n");
    }

    @Test
    void shouldDumpBytesAsTextAndJson() {
        createHash();
        printed("update", "name limits key 1 0 0 0 value 1 2 3 4 5 6 7 8");
        assertThat(printed("dump", "name limits"))
                .isEqualTo("key: 01 00 00 00  value: 01 02 03 04 05 06 07 08\nFound 1 element\n");
        assertThat(printed("-j dump", "name limits"))
                .isEqualTo("[{\"key\":[\"0x01\",\"0x00\",\"0x00\",\"0x00\"],\"value\":"
                        + "[\"0x01\",\"0x02\",\"0x03\",\"0x04\",\"0x05\",\"0x06\",\"0x07\",\"0x08\"]}]\n");
        assertThat(printed("create", "type array key 4 value 20 entries 1 name wide"))
                .isEmpty();
        assertThat(printed("dump", "name wide"))
                .isEqualTo("key:\n00 00 00 00\nvalue:\n00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00\n"
                        + "00 00 00 00\nFound 1 element\n");
    }

    @Test
    void shouldGiveEachCpuTheValue() {
        assertThat(printed("--cpus=2 create", "type percpu_array key 4 value 4 entries 1 name per_cpu"))
                .isEmpty();
        printed("update", "name per_cpu key 0 0 0 0 value 7 0 0 0");
        assertThat(printed("lookup", "name per_cpu key 0 0 0 0"))
                .isEqualTo("key:\n00 00 00 00\nvalue (CPU 00): 07 00 00 00\nvalue (CPU 01): 07 00 00 00\n");
    }

    @Test
    void shouldPutMapsIntoMapsAndValuesIntoQueues() {
        createHash();
        printed("create", "type array_of_maps key 4 value 4 entries 2 name outer inner_map name limits");
        printed("update", "name outer key 1 0 0 0 value name limits");
        assertThat(printed("dump", "name outer")).isEqualTo("key: 01 00 00 00  inner_map_id: 1 \nFound 1 element\n");
        printed("create", "type queue key 0 value 4 entries 2 name waiting");
        printed("update", "name waiting value 1 0 0 0");
        printed("update", "name waiting value 2 0 0 0");
        assertThat(map("push", "name waiting value 3 0 0 0").err())
                .isEqualTo("Error: update failed: Argument list too long\n");
    }

    @Test
    void shouldPushPeekAndPop() {
        createHash();
        printed("create", "type stack key 0 value 4 entries 2 name pile");
        printed("push", "name pile value 1 0 0 0");
        printed("enqueue", "name pile value 2 0 0 0");
        assertThat(printed("peek", "name pile")).isEqualTo("value: 02 00 00 00\n");
        assertThat(printed("lookup", "name pile")).isEqualTo("value: 02 00 00 00\n");
        assertThat(printed("pop", "name pile")).isEqualTo("value: 02 00 00 00\n");
        assertThat(printed("dequeue", "name pile")).isEqualTo("value: 01 00 00 00\n");
        Outcome empty = map("pop", "name pile");
        assertThat(empty.out()).isEqualTo("Error: empty map\n");
        assertThat(empty.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(map("pop", "name limits").err()).startsWith("Error: ");
        assertThat(spinbpf("map help").out()).contains("push | enqueue", "MAP := id N");
        assertThat(spinbpf("map list").code()).isEqualTo(ExitCodes.USAGE);
    }

    @Test
    void shouldRefuseWrongWords() {
        createHash();
        assertThat(map("update", "name limits key 1 0 0 value 1").err()).contains("Error: error parsing byte: value");
        assertThat(map("update", "name limits key 1 0 0").err()).contains("Error: key expected 4 bytes got 3");
        assertThat(map("update", "name limits key 1 0 0 256").err()).contains("Error: error parsing byte: 256");
        assertThat(map("update", "name limits key 1 0 0 0").err()).contains("Error: did not find value");
        assertThat(map("lookup", "name limits value 1").err()).contains("Error: unnecessary value");
        assertThat(map("dump", "limits").err()).contains("expected 'id' or 'name', got: 'limits'?");
        assertThat(map("create", "type trie key 4 value 4 entries 1 name x").err())
                .contains("unrecognized map type: trie");
        assertThat(map("create", "type array key 8 value 4 entries 1 name x").code())
                .isEqualTo(ExitCodes.REFUSED);
        assertThat(map("frobnicate", "").code()).isEqualTo(ExitCodes.USAGE);
        assertThat(spinbpf("map list " + directory.resolve("nowhere")).err()).contains("has no snapshot of maps");
    }

    @Test
    void shouldCarryMapsFromOneRunToTheNext() throws Exception {
        String run = "run " + SAMPLES.resolve("packet_counter.bpf.o") + " --cpus 2";
        assertThat(spinbpf(run + " --repeat 3 --save-maps " + state).code()).isZero();
        assertThat(spinbpf(run + " --repeat 4 --load-maps " + state + " --save-maps " + state)
                        .code())
                .isZero();
        String dump = printed("-p dump", "name packets");
        assertThat(dump)
                .contains("\"key\": [\"0x11\",\"0x00\",\"0x00\",\"0x00\"\n        ]")
                .contains("\"cpu\": 0,\n                \"value\": [\"0x07\"");
        Outcome other = spinbpf(run + " --load-maps " + directory);
        assertThat(other.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(other.err()).contains("--load-maps: ", "has no snapshot of maps");
        Outcome fewer = spinbpf("run " + SAMPLES.resolve("packet_counter.bpf.o") + " --load-maps " + state);
        assertThat(fewer.err()).contains("was saved with 2 CPUs, not 1");
    }

    @Test
    void shouldKeepGlobalDataAndShowItByItsTypes() {
        String object = SAMPLES.resolve("bpf2bpf.bpf.o").toString();
        assertThat(spinbpf("run " + object + " --save-maps " + state).code()).isZero();
        String dump = printed("dump", "name bpf2bpf.bss");
        assertThat(dump)
                .startsWith("[{\n        \"value\": {\n            \".bss\": [{")
                .contains("\"sum\": ");
        assertThat(spinbpf("run " + object + " --load-maps " + state + " --dump-maps")
                        .out())
                .contains("\"sum\":");
        Outcome elsewhere = spinbpf("run " + SAMPLES.resolve("packet_counter.bpf.o") + " --load-maps " + state);
        assertThat(elsewhere.code()).isZero();
        assertThat(elsewhere.err()).contains("has no maps bpf2bpf.bss");
    }

    @Test
    void shouldNotReadADamagedSnapshot() throws Exception {
        createHash();
        Path file = Path.of(state, "maps.snapshot");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        Outcome outcome = map("list", "");
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err()).contains("maps.snapshot: is damaged", "checksum");
        assertThat(map("create", "type array key 4 value 4 entries 1 name x").code())
                .isEqualTo(ExitCodes.USAGE);
    }
}
