package dev.spinbpf.verifier.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.verifier.kernel.Kernel;
import org.junit.jupiter.api.Test;

class VerifierLogTest {
    @Test
    void shouldForgetWhatAResetTakesBack() {
        VerifierLog log = new VerifierLog(Kernel.of(KernelVersion.REFERENCE), true);
        log.append("one\n");
        int position = log.position();
        log.append("two\n");
        log.reset(position);
        log.append("three\n\n");
        assertThat(log.toString()).isEqualTo("one\nthree\n\n");
        assertThat(log.lastLine()).isEqualTo("three");
    }

    @Test
    void shouldKeepTheTailOfALongLog() {
        VerifierLog log = new VerifierLog(Kernel.of(KernelVersion.REFERENCE), true, 100);
        for (int i = 0; i < 1000; i++) {
            log.append("line " + i + "\n");
        }
        assertThat(log.toString().length()).isBetween(90, 220);
        assertThat(log.toString()).startsWith("line ").endsWith("line 999\n");
        assertThat(log.position()).isEqualTo(8890);
    }

    @Test
    void shouldBeEmptyAfterAResetToWhatIsGone() {
        VerifierLog log = new VerifierLog(Kernel.of(KernelVersion.REFERENCE), false, 10);
        for (int i = 0; i < 100; i++) {
            log.append("line " + i + "\n");
        }
        log.reset(3);
        assertThat(log.toString()).isEmpty();
        assertThat(log.position()).isEqualTo(3);
        log.append("end\n");
        assertThat(log.lastLine()).isEqualTo("end");
    }
}
