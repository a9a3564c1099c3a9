package dev.spinbpf.tools.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TextTableTest {
    @Test
    void shouldAlignTextToTheLeftAndNumbersToTheRight() {
        TextTable table = new TextTable("Lock", ">Taken");
        table.add("a", "12345678");
        table.add("longer", "1");
        assertThat(table.render(Style.PLAIN)).isEqualTo("""
                Lock       Taken
                a       12345678
                longer         1
                """);
    }

    @Test
    void shouldRefuseARowOfTheWrongWidth() {
        TextTable table = new TextTable("Lock", ">Taken");
        assertThatThrownBy(() -> table.add("a")).hasMessageContaining("1 cells for 2 columns");
    }
}
