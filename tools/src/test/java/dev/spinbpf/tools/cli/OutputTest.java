package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OutputTest {
    @Test
    void shouldWriteUtf8() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Output output = new Output(bytes);
        output.writer().print("é\n");
        assertThat(output.failure()).isNull();
        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("é\n");
    }

    @Test
    void shouldTellThatTheDeviceIsFull() throws IOException {
        Path full = Path.of("/dev/full");
        try (OutputStream stream = new FileOutputStream(full.toFile())) {
            Output output = new Output(stream);
            output.writer().print("text");
            assertThat(output.failure()).contains("No space left");
        }
    }

    @Test
    void shouldNotComplainOfAReaderThatHadEnough() {
        Output output = new Output(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        });
        output.writer().print("text");
        assertThat(output.writer().checkError()).isTrue();
        assertThat(output.failure()).isNull();
    }
}
