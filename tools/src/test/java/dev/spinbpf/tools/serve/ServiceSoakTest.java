package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.metrics.Exposition;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.EngineRun;
import dev.spinbpf.tools.serve.engine.ServedProgram;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.StressOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A service that is used for a long time: objects come and go, maps change, scrapers scrape. Its heap stays flat, no CPU is
 * stuck, and no count is lost. {@code mvn -Pservice-soak -pl tools -am test} takes half an hour.
 */
@Timeout(7200)
class ServiceSoakTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("spinbpf.service.soak.seconds", 2));
    private static final int ROUNDS = 10;
    private static final long MOST_GROWTH_BYTES = 16 << 20;

    private static byte[] sample(String name) throws Exception {
        return Files.readAllBytes(SAMPLES.resolve(name));
    }

    @Test
    void shouldStayAsItIs() throws Exception {
        NamedFile abba = new NamedFile("abba.bpf.o", ByteString.of(sample("abba.bpf.o")));
        ProgramWorkload workload = ProgramWorkload.of(List.of(new ObjectFile("abba", abba, List.of())))
                .withDuration(StressOptions.FOREVER);
        List<Long> usedBytes = new ArrayList<>();
        try (Service service = Service.start(ServiceOptions.loopback(0), () -> workload, Btf.EMPTY)) {
            for (int round = 0; round < ROUNDS; round++) {
                use(service);
                System.gc();
                usedBytes.add(Runtime.getRuntime().totalMemory()
                        - Runtime.getRuntime().freeMemory());
            }
            System.out.println("ServiceSoakTest: bytes in use by round: " + usedBytes);
            Engine engine = service.engine();
            engine.stop();
            assertThat(engine.run().phase()).isEqualTo(EngineRun.Phase.STOPPED);
            assertThat(engine.run().snapshot().stuckCpus()).isEmpty();
            assertThat(engine.run().snapshot().faults()).isEmpty();
            assertThat(counted(service.exposition())).isEqualTo(attempts(service));
        }
        // What is compiled and cached grows in the first rounds.
        assertThat(usedBytes.getLast() - usedBytes.get(ROUNDS / 2)).isLessThan(MOST_GROWTH_BYTES);
    }

    /** A tenth of the time: objects that come and go while the service is scraped. */
    private static void use(Service service) throws Exception {
        Engine engine = service.engine();
        long endNanos = System.nanoTime() + TIME.toNanos() / ROUNDS;
        do {
            engine.upload("nesting", sample("nesting.bpf.o"));
            engine.attach(Attachment.of("nesting", "sample"));
            engine.maps().update("nesting", "latest", new byte[] {1, 0, 0, 0}, new byte[8], "any");
            ScrapeClient.Figures scrapes = ScrapeClient.scrape(service.address(), 2, 100, TIME.dividedBy(10L * ROUNDS));
            assertThat(scrapes.failed()).isZero();
            for (ServedProgram program : engine.object("nesting").programs()) {
                engine.unload("nesting", program.name());
            }
            engine.remove("nesting");
        } while (System.nanoTime() < endNanos);
    }

    private static double counted(Exposition metrics) {
        return new String(metrics.body(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("spinbpf_lock_acquisitions_total{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private static double attempts(Service service) {
        return service.engine().run().snapshot().locks().stream()
                .flatMap(lock -> lock.contexts().values().stream())
                .mapToLong(attempts -> attempts.total())
                .sum();
    }
}
