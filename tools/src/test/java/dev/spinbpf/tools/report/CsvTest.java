package dev.spinbpf.tools.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CsvTest {
    @Test
    void shouldLeavePlainFieldsAlone() {
        assertThat(Csv.line(List.of("a.bpf.o", "prog", "", "12"))).isEqualTo("a.bpf.o,prog,,12");
    }

    @Test
    void shouldQuoteFieldsThatHoldSeparatorsQuotesOrLineBreaks() {
        assertThat(Csv.line(List.of("a,b", "say \"no\"", "two\nlines", "cr\rhere")))
                .isEqualTo("\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",\"cr\rhere\"");
    }
}
