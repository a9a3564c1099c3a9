package dev.spinbpf.tools.top;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.serve.Service;
import dev.spinbpf.tools.serve.ServiceOptions;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.StressOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Types keys on a terminal without a device. */
@Timeout(120)
class TopTerminalTest {
    /** A terminal that records which attributes it is given. */
    private static final class Recording extends LineDisciplineTerminal {
        private final List<String> given;

        Recording(OutputStream out, List<String> given) throws IOException {
            super("test", "xterm", out, StandardCharsets.UTF_8);
            this.given = given;
        }

        @Override
        public void setAttributes(Attributes attributes) {
            super.setAttributes(attributes);
            given.add(attributes.toString());
        }
    }

    @Test
    void shouldTakeKeysAndLeaveTheTerminalAsItWas() throws Exception {
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        List<String> attributes = new ArrayList<>();
        ProgramWorkload nothing = ProgramWorkload.of(List.of()).withDuration(StressOptions.FOREVER);
        try (Service service = Service.start(ServiceOptions.loopback(0), () -> nothing, Btf.EMPTY);
                ServiceClient client = new ServiceClient(
                        URI.create("http://127.0.0.1:" + service.address().getPort()), null);
                LineDisciplineTerminal device = new Recording(written, attributes)) {
            device.setSize(Size.of(100, 24));
            String before = device.getAttributes().toString();
            try (TopTerminal terminal = new TopTerminal(device, TopOrder.FAILURES)) {
                device.processInputBytes("sxwq".getBytes(StandardCharsets.UTF_8));
                terminal.show(new TopFeed(client, "the service"), Duration.ofHours(1), Long.MAX_VALUE);
            }
            assertThat(attributes).hasSizeGreaterThan(1);
            assertThat(attributes.getLast()).isEqualTo(before);
        }
        String shown = written.toString(StandardCharsets.UTF_8);
        assertThat(shown)
                .startsWith("\033[?1049h")
                .contains("spinbpf top  the service", "by failures", "CPU  Context")
                .endsWith("\033[?1049l\033[23;0;0t");
    }
}
