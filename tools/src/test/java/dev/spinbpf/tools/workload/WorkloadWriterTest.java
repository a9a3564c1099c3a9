package dev.spinbpf.tools.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.vm.stress.Loading;
import dev.spinbpf.vm.stress.LockChoice;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.Packets;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.StressMode;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.WorkloadSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class WorkloadWriterTest {
    static Stream<Path> samples() throws Exception {
        return WorkloadSchemaTest.samples();
    }

    private static WorkloadSpec again(WorkloadSpec spec) throws WorkloadFileException {
        return WorkloadReaderTest.read(WorkloadWriter.write(spec, NamedFile::name));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void shouldReadAsTheSameWorkload(Path sample) throws Exception {
        WorkloadSpec spec = WorkloadReaderTest.read(Files.readString(sample));
        assertThat(again(spec)).isEqualTo(spec);
    }

    @Test
    void shouldReadAsTheSameWorkloadWithEveryKey() throws Exception {
        WorkloadSpec spec = WorkloadReaderTest.read("""
            version: 1
            cpus: 4
            duration: 1234567.000000001s
            seed: -7
            lock: tas
            held_times: 16
            interrupts: {nmi: {rate: 3/2ms}, hardirq: {period: 1.5ms}}
            objects:
              - {file: nmi_bucket.bpf.o, name: 'null', programs: [update, on_nmi]}
              - {file: nmi_bucket.bpf.o, name: "it's: #1"}
            attachments:
              - {object: 'null', program: update, level: task, period: 10us, cpus: [0, 3]}
              - {object: "it's: #1", program: on_nmi, hook: perf_event, rate: 500/s}
            delays:
              - {lock: "map 'counts' bucket", map: counts, level: nmi, time: 20us, one_in: 3}
            maps:
              - {object: 'null', map: counts, elements: [{key: 1, value: -1}]}
            packet_order: in_turn
            packets: [{flows: 2}, {pcap: two.pcap}]
            promises: ["runs(update) >= 0", "counts[0] + counts[1] <= runs(update)"]
            tasks: [{pid: 42, comm: a b, uid: 7, cgroup: /web/x, stack: [main, 'serve: it']}, {pid: 43}]
            """);
        assertThat(again(spec)).isEqualTo(spec);
    }

    @Test
    void shouldWriteWhatIsSetBeforeLoading() throws Exception {
        WorkloadSpec spec = WorkloadReaderTest.read(
                "version: 1\nobjects: [{file: nesting.bpf.o, globals: [total=0x10], map_entries: [sessions=5], "
                        + "map_value_sizes: [sessions=8], config: [CONFIG_HZ=250]}]");
        assertThat(again(spec)).isEqualTo(spec);
        assertThat(((ProgramWorkload) spec).objects().getFirst().loading())
                .isEqualTo(new Loading(
                        Map.of("total", "0x10"),
                        Map.of("sessions", 5L),
                        Map.of("sessions", 8L),
                        Map.of("CONFIG_HZ", "250")));
    }

    @Test
    void shouldWriteMixedPacketsByTheirNumber() throws Exception {
        WorkloadSpec spec =
                WorkloadReaderTest.read("version: 1\nobjects: [{file: nmi_bucket.bpf.o}]\npackets: [{mixed: 40}]");
        assertThat(again(spec)).isEqualTo(spec);
        assertThat(((ProgramWorkload) spec).packets().frames()).isEqualTo(Packets.mixed(40));
    }

    @ParameterizedTest
    @EnumSource(StressMode.class)
    void shouldReadAsTheSameMode(StressMode mode) throws Exception {
        ModeOptions options = ModeOptions.of(mode)
                .withCpus(5)
                .withAlgorithm(LockChoice.TAS)
                .withDelays(Duration.ofNanos(1), Duration.ZERO)
                .withInterrupts(new Pacing.Rate(7, 3), new Pacing.Period(11))
                .withDuration(StressOptions.FOREVER)
                .withHeldTimesInterval(3)
                .withSeed(Long.MIN_VALUE);
        assertThat(again(options)).isEqualTo(options);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1ns",
        "999999999, 999999999ns",
        "1000, 1us",
        "1500000, 1500us",
        "1000000000, 1s",
        "90000000000, 90s",
        "3600000000000, 1h",
        "3600000000001, 3600.000000001s",
        "0, 0s",
        "60000000000, 1m"
    })
    void shouldWriteTimesThatReadTheSame(long nanos, String text) {
        assertThat(TimeText.of(nanos)).isEqualTo(text);
        assertThat(TimeText.nanos(text)).isEqualTo(nanos);
    }
}
