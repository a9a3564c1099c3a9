package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DurationConverterTest {
    private final DurationConverter converter = new DurationConverter();

    @Test
    void shouldReadNumbersWithUnits() {
        assertThat(converter.convert("5s")).isEqualTo(Duration.ofSeconds(5));
        assertThat(converter.convert("250ms")).isEqualTo(Duration.ofMillis(250));
        assertThat(converter.convert("1.5m")).isEqualTo(Duration.ofSeconds(90));
        assertThat(converter.convert("0")).isEqualTo(Duration.ZERO);
        assertThat(converter.convert("forever")).isEqualTo(DurationConverter.FOREVER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "s", "-1s", "5 s", "1e9s", "999999999999h", "five"})
    void shouldRefuseWhatIsNoTime(String text) {
        assertThatThrownBy(() -> converter.convert(text)).hasMessageContaining("'" + text + "' is");
    }
}
