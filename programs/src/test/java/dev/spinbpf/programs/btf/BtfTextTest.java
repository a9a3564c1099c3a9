package dev.spinbpf.programs.btf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** On the types of {@code values.bpf.c}, beside the object reader's samples. */
class BtfTextTest {
    private static byte[] resource(String name) throws Exception {
        try (InputStream in = Objects.requireNonNull(BtfTextTest.class.getResourceAsStream(name))) {
            return in.readAllBytes();
        }
    }

    private static Btf types() throws Exception {
        return BtfReader.read(resource("values.btf"));
    }

    /** {@code values.raw.txt} is what {@code bpftool btf dump file ... format raw} printed. */
    @Test
    void shouldPrintTheRawFormOfBpftool() throws Exception {
        assertThat(new BtfDump(types()).raw())
                .isEqualTo(new String(resource("values.raw.txt"), StandardCharsets.UTF_8));
    }

    @Test
    void shouldPrintDeclarationsInC() throws Exception {
        assertThat(new BtfDump(types()).c())
                .contains("typedef unsigned int u32;")
                .contains("enum wide {\n\tHUGE = 4294967296,\n};")
                .contains("\tunion {\n\t\tu32 whole;\n\t\tu16 halves[2];\n\t};")
                .contains("\tu32 high: 7;")
                .contains("\tint matrix[2][2];")
                .contains("\tconst char *volatile text;")
                .contains("\tint (*callback)(struct node *, int);")
                .contains("struct node node; /* offset 0, size 80 */")
                .contains("int use(void *ctx);");
    }

    private static byte[] node() {
        byte[] bytes = new byte[80];
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, 0x1234)
                .putInt(8, 0x00020001)
                .putInt(12, -1)
                .putLong(16, 1L << 32)
                .put(24, "hi\"\0".getBytes(StandardCharsets.US_ASCII))
                .put(32, (byte) 'x')
                .put(33, (byte) 1)
                .putShort(34, (short) (5 | 100 << 3))
                .put(36, (byte) -3)
                .putInt(40, 1)
                .putInt(44, 2)
                .putInt(48, 3)
                .putInt(52, -4)
                .putDouble(72, 1.5);
        return bytes;
    }

    @Test
    void shouldShowValuesAsJson() throws Exception {
        Btf types = types();

        String json = new BtfFormatter(types)
                .format(types.find("node", BtfType.Composite.class), node())
                .toJson();

        assertThat(json)
                .isEqualTo(
                        "{\"next\":4660,\"\":{\"whole\":131073,\"halves\":[1,2]},\"color\":\"BLUE\",\"wide\":\"HUGE\","
                                + "\"name\":\"hi\\\"\",\"letter\":120,\"flag\":true,\"low\":\"0x5\",\"high\":\"0x64\","
                                + "\"small\":-3,\"matrix\":[[1,2],[3,-4]],\"text\":0,\"callback\":0,\"ratio\":1.5}");
    }

    @Test
    void shouldShowValuesAsBpftoolsMapDumpDoes() throws Exception {
        Btf types = types();
        BtfValue value = new BtfFormatter(types).format(types.find(".bss", BtfType.DataSec.class), node());

        assertThat(value.toText())
                .startsWith("{\n    \".bss\": [{\n            \"node\": {\n                \"next\": \"0x1234\",")
                .contains("\"low\": 0x5,")
                .contains("\"text\": \"(nil)\",")
                .endsWith("\"ratio\": 1.5\n            }\n        }\n    ]\n}");
    }

    @Test
    void shouldMarkBytesThatAreMissing() throws Exception {
        Btf types = types();

        BtfValue value = new BtfFormatter(types).format(types.find("node", BtfType.Composite.class), new byte[9]);

        assertThat(value.toJson()).startsWith("{\"next\":0,\"\":{\"whole\":\"?\"");
    }
}
