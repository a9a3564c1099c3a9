package dev.spinbpf.tools.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.tools.workload.FileSource.UnreadableFileException;
import dev.spinbpf.vm.RunContexts;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.LockChoice;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.Packets;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.ProgramWorkload.Element;
import dev.spinbpf.vm.stress.ProgramWorkload.LockDelay;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.StressMode;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.WorkloadSpec;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkloadReaderTest {
    private static final Path SAMPLES =
            Path.of(System.getProperty("spinbpf.root", "..")).resolve("programs/samples");
    private static final String ABBA = "version: 1\nobjects:\n  - file: abba.bpf.o\n";

    /** The samples, and a capture of two packets. */
    static NamedFile open(String path) throws UnreadableFileException {
        if (path.equals("two.pcap")) {
            return new NamedFile(
                    path, ByteString.of(PcapReaderTest.capture(ByteOrder.LITTLE_ENDIAN, 0xa1b2c3d4, 1, 60, 64)));
        }
        try {
            return new NamedFile(path, ByteString.of(Files.readAllBytes(SAMPLES.resolve(path))));
        } catch (IOException e) {
            throw new UnreadableFileException(path + ": no such file");
        }
    }

    static WorkloadSpec read(String text) throws WorkloadFileException {
        return WorkloadReader.read("w.yaml", text.getBytes(StandardCharsets.UTF_8), WorkloadReaderTest::open);
    }

    private static ProgramWorkload programs(String text) throws WorkloadFileException {
        return (ProgramWorkload) read(text);
    }

    private static List<String> mistakes(String text) {
        try {
            read(text);
            return List.of();
        } catch (WorkloadFileException e) {
            return e.mistakes();
        }
    }

    @Test
    void shouldTakeTheDefaultsOfThePlainCommand() throws Exception {
        ProgramWorkload workload = programs(ABBA);
        assertThat(workload.objects())
                .extracting(ProgramWorkload.ObjectFile::name)
                .containsExactly("abba");
        assertThat(workload).isEqualTo(ProgramWorkload.of(workload.objects()));
    }

    @Test
    void shouldReadPromisesAndReportTheirMistakes() throws Exception {
        assertThat(programs(ABBA + "promises: ['runs(a_then_b) > 0', always 1 < 2]")
                        .promises())
                .extracting(Promise::text)
                .containsExactly("runs(a_then_b) > 0", "always 1 < 2");
        assertThat(mistakes(ABBA + "promises: [1 = 2]"))
                .containsExactly("w.yaml:4:12: key 'promises[0]': expected a condition, found '1 = 2': column 3:"
                        + " unexpected '=', expected an operator, the end");
    }

    @Test
    void shouldReadEachKeyOfAWorkloadOfPrograms() throws Exception {
        ProgramWorkload workload = programs("""
            version: 1
            cpus: 4
            duration: forever
            seed: -7
            lock: tas
            held_times: 16
            interrupts:
              nmi: {rate: 3/2ms}
              hardirq: {period: 1.5ms}
            objects:
              - {file: nmi_bucket.bpf.o, name: nb, programs: [update, on_nmi]}
            attachments:
              - {program: update, level: task, period: 10us, cpus: [0, 3]}
              - {object: nb, program: on_nmi, hook: perf_event, rate: 500/s}
            delays:
              - {lock: l, map: counts, level: nmi, time: 20us, one_in: 3}
              - {time: 1ms}
            maps:
              - map: counts
                elements:
                  - {key: 1, value: -1}
                  - {key: 'hex:02 00 00 00', value: 0x10}
            packet_order: in_turn
            packets:
              - flows: 2
              - pcap: two.pcap
              - hex: '00:01 02 03 04 05 06 07 08 09 0a 0b 0C 0D'
            """);
        assertThat(workload.cpus()).isEqualTo(4);
        assertThat(workload.duration()).isEqualTo(StressOptions.FOREVER);
        assertThat(workload.seed()).isEqualTo(-7);
        assertThat(workload.lock()).isEqualTo(LockChoice.TAS);
        assertThat(workload.heldTimesInterval()).isEqualTo(16);
        assertThat(workload.nmis()).isEqualTo(new Pacing.Rate(3, 2_000_000));
        assertThat(workload.hardirqs()).isEqualTo(new Pacing.Period(1_500_000));
        assertThat(workload.objects().getFirst().programs()).containsExactly("update", "on_nmi");
        assertThat(workload.attachments())
                .containsExactly(
                        new Attachment(
                                "nb",
                                "update",
                                "",
                                ContextLevel.TASK,
                                new Pacing.Period(10_000),
                                CpuSet.of(List.of(0, 3))),
                        new Attachment(
                                "nb", "on_nmi", "perf_event", null, new Pacing.Rate(500, 1_000_000_000), CpuSet.ALL));
        assertThat(workload.delays())
                .containsExactly(
                        new LockDelay("l", "counts", ContextLevel.NMI, 20_000, 3),
                        new LockDelay("", "", null, 1_000_000, 1));
        assertThat(workload.maps().getFirst().elements())
                .containsExactly(
                        new Element(bytes("01000000"), bytes("ffffffffffffffff")),
                        new Element(bytes("02000000"), bytes("1000000000000000")));
        Packets packets = workload.packets();
        assertThat(packets.inTurn()).isTrue();
        assertThat(packets.frames()).extracting(ByteString::size).containsExactly(64, 64, 60, 64, 14);
        assertThat(packets.frames().get(1)).isEqualTo(ByteString.of(RunContexts.udpPacket(1)));
        assertThat(packets.frames().getLast()).isEqualTo(bytes("000102030405060708090a0b0c0d"));
    }

    private static ByteString bytes(String hex) {
        return ByteString.of(HexFormat.of().parseHex(hex));
    }

    @Test
    void shouldReadAMode() throws Exception {
        ModeOptions mode = (ModeOptions) read("""
            version: 1
            cpus: 3
            duration: 1.5s
            lock: tas
            mode: {name: abbcca, normal_delay: 2ms, nmi_delay: 0s}
            """);
        assertThat(mode.mode()).isEqualTo(StressMode.ABBCCA);
        assertThat(mode)
                .isEqualTo(ModeOptions.of(StressMode.ABBCCA)
                        .withCpus(3)
                        .withAlgorithm(LockChoice.TAS)
                        .withDuration(Duration.ofMillis(1500))
                        .withDelays(Duration.ofMillis(2), Duration.ZERO)
                        .withInterruptsEvery(Duration.ofMillis(2), Duration.ofMillis(1)));
    }

    @Test
    void shouldWriteValuesByTheirTypes() throws Exception {
        ProgramWorkload workload = programs("""
            version: 1
            objects: [{file: nesting.bpf.o}, {file: lpm_firewall.bpf.o}, {file: leaked_on_error_path.bpf.o}]
            maps:
              - map: sessions
                elements:
                  - {key: 1, value: {packets: 0x0102, bytes: 7}}
              - map: verdicts
                elements:
                  - {key: {bits: 8, address: 10}, value: 1}
              - map: leaked_o.data
                object: leaked_on_error_path
                elements:
                  - value: {}
            """);
        assertThat(workload.maps().get(0).elements())
                .containsExactly(new Element(bytes("01000000"), bytes("00000000020100000700000000000000")));
        assertThat(workload.maps().get(1).elements())
                .containsExactly(new Element(bytes("080000000a000000"), bytes("01000000")));
        // What is not named keeps what the object says: from_balance is 100.
        assertThat(workload.maps().get(2).elements())
                .containsExactly(new Element(bytes("00000000"), bytes("6400000000000000")));
    }

    @Test
    void shouldReportAllMistakesInTheOrderOfTheFile() {
        assertThat(mistakes("""
            version: 1
            cpu: 2
            cpus: 99
            duration: 5
            lock: queue
            objects:
              - file: abba.bpf.o
              - {}
            attachments:
              - program: a_then_c
                rate: 10/s
                period: 1ms
              - program: b_then_a
                level: nmi
                cpus: [0, 7]
            maps:
              - map: nope
                elements: []
            packets:
              - hex: 4500
              - pcap: abba.bpf.o
            """))
                .containsExactly(
                        "w.yaml:2:1: key 'cpu': is not known here; did you mean 'cpus'?",
                        "w.yaml:3:7: key 'cpus': expected a whole number from 1 to 64, found the number 99",
                        "w.yaml:4:11: key 'duration': expected a time above 0 such as 500ms, 5s or 2h, or forever,"
                                + " found the number 5",
                        "w.yaml:5:7: key 'lock': expected queued, tas or both, found 'queue'; did you mean 'queued'?",
                        "w.yaml:8:5: key 'objects[1].file': expected the name of a file, found no such key in this"
                                + " mapping",
                        "w.yaml:12:5: key 'attachments[0].period': expected one of the keys rate or period, found"
                                + " 'rate' too",
                        "w.yaml:14:12: key 'attachments[1].level': expected task for hook 'syscall', found nmi",
                        "w.yaml:15:15: key 'attachments[1].cpus[1]': expected a CPU from 0 to 1, found 7",
                        "w.yaml:18:15: key 'maps[0].elements': expected a list of elements, found an empty list",
                        "w.yaml:20:10: key 'packets[0].hex': expected hexadecimal digits in pairs, found the number"
                                + " 4500; write it in quotes",
                        "w.yaml:21:11: key 'packets[1].pcap': abba.bpf.o: is no pcap file: expected it to begin with"
                                + " a1b2c3d4 or a1b23c4d in either byte order, found 7f454c46");
    }

    /** One mistake each; the text after version and objects, and what is said of it after its place. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        attachments: [{program: a_then_c}] | key 'attachments[0].program': expected the name of a program, found 'a_then_c'; did you mean 'a_then_b'?
        attachments: [{program: x}]        | key 'attachments[0].program': expected the name of a program, found 'x'; there are a_then_b, b_then_a
        attachments: [{program: a_then_b, object: aba}] | key 'attachments[0].object': expected the name of a object, found 'aba'; did you mean 'abba'?
        attachments: [{program: a_then_b, hook: contention-begin}] | key 'attachments[0].hook': expected a program with a hook here, found: section tc: interrupts are off at 'contention-begin', so that only programs that trace run there, not those of type sched_cls
        attachments: [{program: a_then_b, hook: 'entry:b_then_c'}] | key 'attachments[0].hook': expected the name of a program after entry: or exit:, found 'b_then_c'
        attachments: [{program: a_then_b, hook: 'exit:b_then_a', rate: 1/s}] | key 'attachments[0].rate': is not for hook 'exit:b_then_a', which fires inside the runtime whenever it gets there
        attachments: [{program: a_then_b, period: 1ns}] | key 'attachments[0].period': expected 1us or more, found less
        attachments: [{program: a_then_b, rate: 2/us}] | key 'attachments[0].rate': expected at most 1000000/s, found more
        delays: [{map: a, time: 1s}]       | key 'delays[0].map': expected the name of a map, found 'a'; there is none
        lock: both                         | key 'lock': expected queued or tas, found both, which is for mode torture
        kernel_types: nosuch               | key 'kernel_types': expected a file that can be read, found nosuch: no such file
        maps: [{map: abba.bss, elements: [{value: {round: 1}}]}] | key 'maps[0].elements[0].value.round': is not a variable of section .bss; did you mean 'rounds'?
        maps: [{map: abba.bss, elements: [{value: 'hex:00'}]}] | key 'maps[0].elements[0].value': expected hexadecimal digits of 16 bytes after hex:, found 1 bytes
        maps: [{map: abba.bss, elements: [{value: {rounds: 18446744073709551616}}]}] | key 'maps[0].elements[0].value.rounds': expected a number of 8 bytes, found the number 18446744073709551616
        """)
    void shouldSayWhatWasExpected(String text, String expected) {
        assertThat(mistakes(ABBA + text)).singleElement().asString().endsWith(": " + expected);
    }

    @Test
    void shouldListThePlacesToNestAProgramInto() {
        assertThat(mistakes(ABBA + "attachments: [{program: a_then_b, hook: syscall}]"))
                .singleElement()
                .asString()
                .contains("its hook is 'packet', and cannot be 'syscall'; places to nest it into are entry:PROGRAM,")
                .contains("map-update-under-lock");
    }

    @Test
    void shouldNameWhatCannotBeAttached() {
        assertThat(mistakes("version: 1\nobjects: [{file: nesting.bpf.o}]\n"
                        + "attachments: [{program: on_contention, rate: 1/s}]"))
                .containsExactly(
                        "w.yaml:3:46: key 'attachments[0].rate': is not for hook 'contention_begin', which fires"
                                + " inside the runtime whenever it gets there");
    }

    @Test
    void shouldRefuseALaterVersionByThatAlone() {
        assertThat(mistakes("version: 2\nworkers: 3\n"))
                .containsExactly(
                        "w.yaml:1:10: key 'version': expected 1, the version that this spinbpf reads, found 2");
    }

    @Test
    void shouldBoundWhatAFileCanDo() {
        String laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n";
        StringBuilder bomb = new StringBuilder("version: 1\n" + laughs);
        for (char c = 'b'; c < 'k'; c++) {
            String below = "*" + (char) (c - 1);
            bomb.append(c)
                    .append(": &")
                    .append(c)
                    .append(" [")
                    .append(String.join(",", java.util.Collections.nCopies(9, below)))
                    .append("]\n");
        }
        assertThat(mistakes(bomb.toString())).singleElement().asString().contains("has more than 200000 values");
        assertThat(mistakes("a: &a [*a]")).singleElement().asString().contains("refers to itself");
        assertThat(mistakes("[".repeat(100_000))).singleElement().asString().contains("nests more than 32 deep");
        assertThat(mistakes("version: 1\nversion: 1\nmode: {name: aa}"))
                .containsExactly("w.yaml:2:1: key 'version': is there twice in one mapping");
        assertThat(mistakes("? [a]\n: b")).singleElement().asString().contains("expected a key, found a list");
        assertThat(mistakes("version: !!int 1")).singleElement().asString().contains("has a tag");
        assertThat(mistakes("version: 1\n---\nversion: 1"))
                .singleElement()
                .asString()
                .contains("another one");
        assertThat(mistakes("version: [1")).singleElement().asString().startsWith("w.yaml:1:12: is not YAML: ");
        assertThat(mistakes("")).containsExactly("w.yaml:1:1: is empty; it begins with: version: 1");
        assertThat(mistakes("x".repeat(5 << 20))).singleElement().asString().contains("at most 4194304");
        assertThat(mistakes("version: 1\nmode: {name: aa}\n" + "x: 1\n".repeat(1)))
                .hasSize(1);
    }

    @Test
    void shouldSayOfManyMistakesHowManyThereAre() {
        StringBuilder text = new StringBuilder("version: 1\nmode: {name: aa}\n");
        for (int i = 0; i < 150; i++) {
            text.append("key_").append(i).append(": 1\n");
        }
        assertThat(mistakes(text.toString())).hasSize(101).last().isEqualTo("w.yaml: 50 more mistakes");
    }

    @Test
    void shouldRefuseWhatIsNotUtf8() {
        try {
            WorkloadReader.read("w.yaml", new byte[] {'a', (byte) 0xff}, WorkloadReaderTest::open);
        } catch (WorkloadFileException e) {
            assertThat(e.mistakes()).containsExactly("w.yaml:1:1: is not UTF-8 text, as a workload file has to be");
        }
    }
}
