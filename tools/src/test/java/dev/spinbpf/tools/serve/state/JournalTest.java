package dev.spinbpf.tools.serve.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    private static final List<String> RECORDS = List.of("first", "second", "the third");

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = directory.resolve("journal.1");
        try (Journal journal = Journal.open(file)) {
            for (String record : RECORDS) {
                journal.append(record.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private List<String> records() throws IOException {
        try (Journal journal = Journal.open(file)) {
            return journal.records().stream()
                    .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                    .toList();
        }
    }

    @Test
    void shouldHaveWhatWasAppended() throws IOException {
        assertThat(records()).isEqualTo(RECORDS);
    }

    /** Wherever a process ends, the records before are there, and the part of one is not. */
    @Test
    void shouldCutOffWhatIsNotWhole() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int length = whole.length; length >= 0; length--) {
            Files.write(file, Arrays.copyOf(whole, length));
            List<String> found = records();
            assertThat(found).isEqualTo(RECORDS.subList(0, found.size()));
            assertThat(Files.size(file)).isLessThanOrEqualTo(length);
            assertThat(records()).as("once more").isEqualTo(found);
        }
    }

    @Test
    void shouldCutOffALastRecordThatDoesNotFit() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThat(records()).isEqualTo(RECORDS.subList(0, 2));
    }

    @Test
    void shouldRefuseDamageThatHasRecordsAfterIt() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(this::records)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("journal.1: is damaged: the checksum of the record at byte 13 does not fit");
        assertThat(Files.readAllBytes(file)).as("is left as it is").isEqualTo(bytes);
    }
}
