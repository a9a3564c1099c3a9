package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.ProgramObject;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class InputsTest {
    private static String printed(List<String> notes) {
        var object = new ProgramObject(
                "maps.bpf.o",
                "GPL",
                List.of(),
                List.of(),
                List.of(),
                Btf.EMPTY,
                notes,
                List.of(),
                List.of(),
                List.of(),
                null);
        var err = new StringWriter();
        InputFiles.printNotes(object, new PrintWriter(err));
        return err.toString();
    }

    @Test
    void shouldSayWhatOfAnObjectHasNoEffect() {
        assertThat(printed(List.of())).isEmpty();
        assertThat(printed(List.of("map 'm': pinning is ignored")))
                .isEqualTo("spinbpf: maps.bpf.o: note: map 'm': pinning is ignored\n");
        assertThat(printed(Collections.nCopies(50, "note")))
                .hasLineCount(21)
                .endsWith("spinbpf: maps.bpf.o: 30 more notes\n");
    }
}
