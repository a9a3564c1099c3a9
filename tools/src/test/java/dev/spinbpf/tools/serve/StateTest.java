package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.serve.engine.EngineRun;
import dev.spinbpf.tools.serve.engine.MapPage;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.http.HttpLimits;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Values that programs write to maps are kept every five seconds and at the end; values that clients write come on top. */
@Timeout(300)
class StateTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final String COUNTER = "packet_counter";
    private static final byte[] NO_PROTOCOL = {(byte) 250, 0, 0, 0};

    @TempDir
    private Path directory;

    /** A workload that ends after a moment. */
    private static ProgramWorkload counter() {
        try {
            byte[] bytes = Files.readAllBytes(SAMPLES.resolve(COUNTER + ".bpf.o"));
            NamedFile file = new NamedFile(COUNTER + ".bpf.o", ByteString.of(bytes));
            return ProgramWorkload.of(List.of(new ObjectFile(COUNTER, file, List.of())))
                    .withDuration(Duration.ofSeconds(1));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Service start(Path state) throws Exception {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        ServiceOptions options = new ServiceOptions(any, Set.of(), null, null, null, state, HttpLimits.DEFAULT);
        return Service.start(options, StateTest::counter, Btf.EMPTY);
    }

    private static void awaitEnd(Service service) throws InterruptedException {
        while (service.engine().run().phase() != EngineRun.Phase.STOPPED) {
            Thread.sleep(20);
        }
    }

    /** The map's values by their keys. */
    private static Map<String, String> contents(Service service) throws Exception {
        Map<String, String> contents = new TreeMap<>();
        for (MapPage.Element element : service.engine()
                .maps()
                .page(COUNTER, "packets", null, 1000)
                .value()
                .elements()) {
            contents.put(HexFormat.of().formatHex(element.key()), HexFormat.of().formatHex(element.value()));
        }
        return contents;
    }

    private byte[] checkpoint() throws IOException {
        return Files.readAllBytes(directory.resolve("state/checkpoint"));
    }

    /** The state that a service finds which comes up on the directory as it is now, as after a {@code kill -9}. */
    private Map<String, String> contentsAfterAKill(String name) throws Exception {
        Path copy = directory.resolve(name);
        try (Stream<Path> files = Files.walk(directory.resolve("state"))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(directory.resolve("state").relativize(file)));
            }
        }
        try (Service restored = start(copy)) {
            return contents(restored);
        }
    }

    @Test
    void shouldKeepWhatProgramsWriteAndWhatClientsWriteOnTopOfIt() throws Exception {
        Path state = directory.resolve("state");
        Map<String, String> last;
        try (Service service = start(state)) {
            byte[] first = checkpoint();
            awaitEnd(service);
            Map<String, String> written = contents(service);
            assertThat(written.values()).anyMatch(value -> !value.matches("0*"));
            for (int i = 0; i < 60 && Arrays.equals(checkpoint(), first); i++) {
                Thread.sleep(500);
            }
            assertThat(checkpoint()).isNotEqualTo(first);
            Map<String, String> kept = Map.of();
            for (int i = 0; i < 60 && !kept.equals(written); i++) {
                Thread.sleep(500); // the checkpoint may be from before the end
                kept = contentsAfterAKill("a" + i);
            }
            assertThat(kept).isEqualTo(written);
            service.engine().maps().update(COUNTER, "packets", NO_PROTOCOL, new byte[] {7, 0, 0, 0, 0, 0, 0, 0}, "any");
            Map<String, String> updated = contents(service);
            assertThat(updated).isNotEqualTo(written);
            assertThat(contentsAfterAKill("b")).isEqualTo(updated);
            service.engine().start(null, null);
            awaitEnd(service);
            last = contents(service);
            assertThat(last).isNotEqualTo(updated);
        }
        try (Service again = start(state)) {
            assertThat(contents(again)).as("saved at the end").isEqualTo(last);
        }
    }

    private List<String> names(Path of) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    private long openJournals() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(file -> {
                        try {
                            return Files.readSymbolicLink(file).toString().startsWith(directory + "/state/journal.");
                        } catch (IOException e) {
                            return false; // closed meanwhile
                        }
                    })
                    .count();
        }
    }

    /** A directory in the place of the checkpoint cannot be replaced, as little as a file on a full disk. */
    @Test
    void shouldLeaveNothingWhereItCannotSaveAndGoOnOnceItCan() throws Exception {
        Path state = directory.resolve("state");
        Path checkpoint = state.resolve("checkpoint");
        try (Service service = start(state)) {
            awaitEnd(service);
            Path saved = Files.move(checkpoint, directory.resolve("saved"));
            Files.createDirectories(checkpoint.resolve("in the way"));
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(() -> service.engine().replace(counter()))
                        .isInstanceOf(Refusal.class)
                        .hasMessageContaining("cannot be saved");
            }
            assertThat(names(state)).doesNotContain("checkpoint.new");
            assertThat(openJournals()).isEqualTo(1);
            Files.delete(checkpoint.resolve("in the way"));
            Files.delete(checkpoint);
            Files.move(saved, checkpoint);
            service.engine().maps().update(COUNTER, "packets", NO_PROTOCOL, new byte[] {7, 0, 0, 0, 0, 0, 0, 0}, "any");
            service.engine().replace(counter());
        }
        assertThat(names(state)).hasSize(4);
        try (Service again = start(state)) {
            assertThat(again.engine().objects()).hasSize(1);
        }
    }
}
