package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The samples that are text are taken wherever an object is. */
class TextSamplesTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    /** Calls the command and returns its outcome. */
    private static Outcome spinbpf(String command, String sample, String... more) {
        String[] arguments = new String[more.length + 2];
        arguments[0] = command;
        arguments[1] = SAMPLES.resolve(sample + ".bpfasm").toString();
        System.arraycopy(more, 0, arguments, 2, more.length);
        return Outcome.spinbpf(arguments);
    }

    @Test
    void shouldVerify() {
        assertThat(spinbpf("verify", "counter").code()).isEqualTo(ExitCodes.GOOD);
        Outcome refused = spinbpf("verify", "out_of_order");
        assertThat(refused.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(refused.out()).contains("bpf_res_spin_unlock cannot be out of order", "out_of_order.bpfasm:24");
    }

    @Test
    void shouldRun() {
        Outcome outcome = spinbpf("run", "counter", "--repeat", "1000", "--dump-maps");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).contains("count: R0 = 0", "\"count\":1000");
    }

    @Test
    void shouldDumpAndStress() {
        assertThat(spinbpf("dump", "counter").out()).contains(".map counters hash", "call bpf_res_spin_lock");
        assertThat(spinbpf("stress", "counter", "--cpus", "1", "--duration", "200ms")
                        .code())
                .isEqualTo(ExitCodes.GOOD);
    }
}
