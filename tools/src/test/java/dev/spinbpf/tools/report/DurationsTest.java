package dev.spinbpf.tools.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurationsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 ns",
        "873, 873 ns",
        "1250, 1.25 us",
        "999499, 999 us",
        "999500, 1.00 ms",
        "250000000, 250 ms",
        "61000000000, 61.0 s"
    })
    void shouldShowThreeSignificantDigitsAndAUnit(long nanos, String text) {
        assertThat(Durations.of(nanos)).isEqualTo(text);
    }
}
