package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.programs.promise.PromiseException;
import dev.spinbpf.tools.serve.engine.EngineRun;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.PromiseRow;
import dev.spinbpf.vm.stress.StressOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Promises of a workload that a service runs. */
@Timeout(300)
class ServedPromisesTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    private static ProgramWorkload abba(String... promises) throws Exception {
        ByteString contents = ByteString.of(Files.readAllBytes(SAMPLES.resolve("abba.bpf.o")));
        List<Promise> parsed =
                List.of(promises).stream().map(ServedPromisesTest::parsed).toList();
        return ProgramWorkload.of(List.of(new ObjectFile("abba", new NamedFile("abba.bpf.o", contents), List.of())))
                .withDuration(StressOptions.FOREVER)
                .withPromises(parsed);
    }

    private static Promise parsed(String text) {
        try {
            return Promise.parse(text);
        } catch (PromiseException e) {
            throw new AssertionError(e);
        }
    }

    private static Service serve(ProgramWorkload workload) throws Exception {
        return Service.start(ServiceOptions.loopback(0), () -> workload, Btf.EMPTY);
    }

    @Test
    void shouldFailWhereAPromiseIsBrokenAtTheEnd() throws Exception {
        try (Service service = serve(abba("runs(a_then_b) < 0", "0 <= runs(b_then_a)"))) {
            EngineRun run = service.engine().run();
            assertThat(run.promises()).extracting(PromiseRow::outcome).containsOnly(PromiseRow.Outcome.UNCHECKED);

            service.engine().stop();

            assertThat(run.phase()).isEqualTo(EngineRun.Phase.FAILED);
            assertThat(run.promises())
                    .extracting(PromiseRow::outcome)
                    .containsExactly(PromiseRow.Outcome.BROKEN, PromiseRow.Outcome.KEPT);
            assertThat(run.promises().getFirst().values()).startsWith("runs(a_then_b) = ");
        }
    }

    @Test
    void shouldStopWhereAllAreKept() throws Exception {
        try (Service service = serve(abba("0 <= runs(b_then_a)"))) {
            service.engine().stop();

            assertThat(service.engine().run().phase()).isEqualTo(EngineRun.Phase.STOPPED);
            assertThat(service.engine().run().promises())
                    .extracting(PromiseRow::outcome)
                    .containsExactly(PromiseRow.Outcome.KEPT);
        }
    }

    @Test
    void shouldCheckWhenTheTimeIsOver() throws Exception {
        try (Service service = serve(abba("runs(a_then_b) < 0"))) {
            service.engine().stop();
            service.engine().start(100L, null);
            EngineRun run = service.engine().run();
            while (run.phase() != EngineRun.Phase.FAILED) {
                Thread.sleep(20);
            }
            assertThat(run.promises()).allMatch(PromiseRow::isBroken);
        }
    }

    @Test
    void shouldSayWhatIsNotLoadedAnyMore() throws Exception {
        try (Service service = serve(abba("runs(a_then_b) < 0"))) {
            service.engine().unload("abba", "a_then_b");
            service.engine().stop();

            assertThat(service.engine().run().phase()).isEqualTo(EngineRun.Phase.STOPPED);
            assertThat(service.engine().run().promises())
                    .extracting(PromiseRow::values)
                    .singleElement()
                    .asString()
                    .contains("no program 'a_then_b' was loaded");
        }
    }

    @Test
    void shouldRefuseAWorkloadWhosePromisesFitNothing() throws Exception {
        try (Service service = serve(abba())) {
            assertThatThrownBy(() -> service.engine().replace(abba("runs(nobody) == 0")))
                    .isInstanceOf(Refusal.class)
                    .hasMessageContaining("no program 'nobody' was loaded");
            assertThat(service.engine().run().phase()).isEqualTo(EngineRun.Phase.RUNNING);
        }
    }
}
