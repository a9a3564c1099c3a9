package dev.spinbpf.programs.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Global variables get the values that {@code -G} gives them, by the rules and limits of veristat 7.3. */
class GlobalPresetsTest {
    private static final int LIMITS_BYTES = 12;

    private static ByteBuffer data(String section, Map<String, String> values) throws MalformedObjectException {
        byte[] file = CompiledObjects.bytes("presets.bpf.o");
        ProgramObject object = ObjectReader.read("presets.bpf.o", file, ReadOptions.DEFAULT.withPresets(values));
        MapDef map = object.maps().stream()
                .filter(def -> section.equals(def.section()))
                .findFirst()
                .orElseThrow();
        return ByteBuffer.wrap(Objects.requireNonNull(map.initialData())).order(ByteOrder.LITTLE_ENDIAN);
    }

    @ParameterizedTest
    @CsvSource({"9,9", "-1,-1", "0x10,16", "010,8", "2147483647,2147483647", "-2147483648,-2147483648"})
    void shouldSetANumber(String value, int expected) throws Exception {
        ByteBuffer before = data(".rodata", Map.of());
        ByteBuffer after = data(".rodata", Map.of("number", value));
        int at = before.getInt(0) == 5 ? 0 : before.getInt(4) == 5 ? 4 : 8;
        assertThat(after.getInt(at)).isEqualTo(expected);
        for (int i = 0; i < before.limit(); i++) {
            boolean isNumber = i >= at && i < at + Integer.BYTES;
            assertThat(isNumber || before.get(i) == after.get(i)).isTrue();
        }
    }

    @Test
    void shouldSetAnEnumByName() throws Exception {
        int sum = 0;
        ByteBuffer after = data(".rodata", Map.of("mode", "FAST"));
        for (int i = 0; i < after.limit(); i++) {
            sum += after.get(i);
        }
        assertThat(sum).isEqualTo(5 + 7);
    }

    @Test
    void shouldSetMembersAndElements() throws Exception {
        ByteBuffer after = data(
                ".data",
                Map.of("limits[1].low", "70000", "limits [ FIRST ] . table[ 2 ]", "255", "limits[0].half", "3"));
        assertThat(after.getInt(LIMITS_BYTES)).isEqualTo(70000);
        assertThat(after.get(4 + 2)).isEqualTo((byte) 255);
        assertThat(after.getInt(0)).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "number     | FAST        | value FAST is not supported for type int",
                "number     | 2147483648  | variable number value 2147483648 is out of range [-2147483648; 2147483647]",
                "small      | 256         | variable small value 256 is out of range [0; 255]",
                "mode       | QUICK       | failed to find integer value for enum element QUICK",
                "number     | 5x          | failed to parse value '5x'",
                "nowhere    | 1           | there is no global variable 'nowhere' to set",
                "limits     | 1           | can't set limits: only ints and enums are supported",
                "limits[2].low | 1        | array index 2 is out of bounds [0, 2): limits[2].low",
                "limits[NONE].low | 1     | can't resolve enum value NONE",
                "limits[0].high | 1       | can't find 'high' of 'limits[0].high'",
                "limits[0].bits | 1       | bit fields can't be set: 'limits[0].bits'",
                "limits.low | 1           | can't resolve field low in 'limits.low'",
                "number[0]  | 1           | array index is not expected in 'number[0]'",
                "number..x  | 1           | can't parse 'number..x'",
                "pointer    | 1           | can't set pointer: only ints and enums are supported"
            })
    void shouldRefuse(String variable, String value, String reason) {
        assertThatThrownBy(() -> data(".rodata", Map.of(variable, value)))
                .isInstanceOf(MalformedObjectException.class)
                .hasMessageContaining(reason);
    }
}
