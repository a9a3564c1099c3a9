package dev.spinbpf.programs.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Maps get the most entries that {@code --map-entries} gives them. */
class MapEntriesTest {
    private static ProgramObject read(String file, Map<String, Long> entries) throws MalformedObjectException {
        return ObjectReader.read(file, CompiledObjects.bytes(file), ReadOptions.DEFAULT.withMapEntries(entries));
    }

    @Test
    void shouldResizeTheNamedMapAlone() throws Exception {
        MapDef before = read("maps.bpf.o", Map.of()).maps().getFirst();
        for (MapDef map : read("maps.bpf.o", Map.of(before.name(), 77L)).maps()) {
            assertThat(map.maxEntries() == 77).isEqualTo(map.name().equals(before.name()));
        }
    }

    /** Global data is in no map that the object declares. */
    @ParameterizedTest
    @ValueSource(strings = {"nowhere", ".rodata"})
    void shouldRefuseMapsThatAreNotDeclared(String name) {
        assertThatThrownBy(() -> read("presets.bpf.o", Map.of(name, 1L)))
                .isInstanceOf(MalformedObjectException.class)
                .hasMessageContaining("there is no map '" + name + "' in section '.maps' to set the most entries of");
    }

    /** A text says itself what its variables and maps are. */
    @Test
    void shouldRefuseSettingsOfTexts() {
        byte[] text = ".map m array key 4 value 4 max 1".getBytes(StandardCharsets.UTF_8);
        for (ReadOptions options : List.of(
                ReadOptions.DEFAULT.withMapEntries(Map.of("m", 2L)),
                ReadOptions.DEFAULT.withPresets(Map.of("x", "1")))) {
            assertThatThrownBy(() -> Assembler.assemble("text.bpfasm", text, options))
                    .isInstanceOf(MalformedObjectException.class)
                    .hasMessageContaining("change the text instead");
        }
    }
}
