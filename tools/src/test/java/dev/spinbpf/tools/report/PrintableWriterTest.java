package dev.spinbpf.tools.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class PrintableWriterTest {
    private static String written(Style style, String text) throws IOException {
        StringWriter out = new StringWriter();
        try (PrintableWriter writer = new PrintableWriter(out, style)) {
            writer.write(text);
        }
        return out.toString();
    }

    @Test
    void shouldPassPlainTextOfAnyLanguage() throws IOException {
        String text = "a\tb\né ß 漢 \ud83d\ude00 ~";
        assertThat(written(Style.PLAIN, text)).isEqualTo(text);
    }

    @Test
    void shouldEscapeControlCharacters() throws IOException {
        assertThat(written(Style.PLAIN, "\0\u0007\b\r\033[2J\u007f\u0085\u009b1m\u202e"))
                .isEqualTo("\\u0000\\u0007\\u0008\\u000d\\u001b[2J\\u007f\\u0085\\u009b1m\\u202e");
    }

    @Test
    void shouldPassOnlyOurOwnSequencesWhereColoursAreUsed() throws IOException {
        String ours = Style.COLOURED.bad("refused");
        assertThat(written(Style.COLOURED, ours)).isEqualTo(ours);
        assertThat(written(Style.PLAIN, ours)).isEqualTo("\\u001b[31mrefused\\u001b[0m");
        assertThat(written(Style.COLOURED, "\033[2J\033[5m\033]0;title\007\033"))
                .isEqualTo("\\u001b[2J\\u001b[5m\\u001b]0;title\\u0007\\u001b");
        assertThat(written(Style.COLOURED, "\033\033[1mx")).doesNotContain("\033\033");
    }

    @Test
    void shouldPutAnyTextOnOneLine() {
        assertThat(Printable.line("a\nb\t\033c")).isEqualTo("a\\u000ab\\u0009\\u001bc");
        assertThat(Printable.line("plain")).isSameAs(Printable.line("plain"));
    }
}
