package dev.spinbpf.programs.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BtfReaderTest {
    private static final String STRINGS = "\0int\0list\0next\0list___old\0";
    private static final int INT = 1;
    private static final int LIST = 5;
    private static final int NEXT = 10;
    private static final int LIST_OLD = 15;

    private static int info(int kind, int vlen) {
        return kind << 24 | vlen;
    }

    private static byte[] section(int... types) {
        byte[] strings = STRINGS.getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = new byte[24 + types.length * 4 + strings.length];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putShort((short) 0xeb9f).put((byte) 1).put((byte) 0).putInt(24);
        buffer.putInt(0).putInt(types.length * 4).putInt(types.length * 4).putInt(strings.length);
        for (int word : types) {
            buffer.putInt(word);
        }
        buffer.put(strings);
        return bytes;
    }

    @Test
    void shouldReadTypesAndFindThemByName() throws Exception {
        Btf types = BtfReader.read(section(
                INT,
                info(BtfImage.KIND_INT, 0),
                4,
                0x01000020,
                LIST,
                info(BtfImage.KIND_STRUCT, 1),
                8,
                NEXT,
                3,
                0,
                0,
                info(BtfImage.KIND_PTR, 0),
                2));

        assertThat(types.size()).isEqualTo(4);
        assertThat(types.type(1)).isEqualTo(new BtfType.Int("int", 4, 32, 0, true, false, false));
        assertThat(types.find("list", BtfType.Composite.class)).isEqualTo(2);
        assertThat(types.find("list", BtfType.Int.class)).isZero();
        assertThat(types.findAll("absent")).isEmpty();
        assertThat(types.beginningWith("li")).containsExactly(2);
        assertThat(types.beginningWith("list___oldest")).isEmpty();
        assertThat(new Btf(types.types()).beginningWith("li")).containsExactly(2);
        assertThat(types.sizeOf(3)).isEqualTo(8);
    }

    @ParameterizedTest
    @CsvSource({"task_struct, 11", "task_struct___old, 11", "a___b___c, 5", "___x, 4", "a____b, 6", "a___, 4", "'', 0"})
    void shouldTakeFlavorsOff(String name, int length) {
        assertThat(Btf.essentialNameLength(name)).isEqualTo(length);
    }

    @Test
    void shouldListNamesWithFlavors() throws Exception {
        Btf types =
                BtfReader.read(section(LIST, info(BtfImage.KIND_FWD, 0), 0, LIST_OLD, info(BtfImage.KIND_FWD, 0), 0));

        assertThat(types.flavored()).containsExactly(2);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, BTF magic is 0xeb00",
        "2, 2, BTF version 2",
        "3, 1, BTF flags 0x1",
        "4, 1, header length 1",
        "8, 2, not a multiple of 4",
        "12, 127, overlap the strings",
        "20, 127, end beyond the section",
        "24, 99, name at 99",
        "31, 90, has kind 90",
    })
    void shouldNameWhatIsWrong(int offset, int value, String reason) {
        byte[] bytes = section(INT, info(BtfImage.KIND_INT, 0), 4, 0x20);
        bytes[offset] = (byte) value;

        assertThatThrownBy(() -> BtfReader.read(bytes))
                .isInstanceOf(BtfFormatException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void shouldRefuseBigEndianTypesByName() {
        byte[] bytes = section(INT, info(BtfImage.KIND_INT, 0), 4, 0x20);
        bytes[0] = (byte) 0xeb;
        bytes[1] = (byte) 0x9f;

        assertThatThrownBy(() -> BtfReader.read(bytes)).hasMessage("big-endian BTF is not supported");
    }

    @Test
    void shouldRefuseReferencesToTypesThatDoNotExist() {
        assertThatThrownBy(() -> BtfReader.read(section(0, info(BtfImage.KIND_PTR, 0), 2)))
                .hasMessage("type [1] refers to type [2], the last one is [1]");
    }

    @Test
    void shouldRefuseMoreEntriesThanThereIsRoomFor() {
        assertThatThrownBy(() -> BtfReader.read(section(LIST, info(BtfImage.KIND_STRUCT, 0xffffff), 8)))
                .hasMessage("type [1] has 16777215 entries, which end beyond the types");
    }

    @Test
    void shouldSurviveTypesThatContainThemselves() throws Exception {
        Btf types = BtfReader.read(section(
                LIST,
                info(BtfImage.KIND_TYPEDEF, 0),
                2,
                NEXT,
                info(BtfImage.KIND_TYPEDEF, 0),
                1,
                0,
                info(BtfImage.KIND_ARRAY, 0),
                0,
                3,
                1,
                2,
                LIST,
                info(BtfImage.KIND_STRUCT, 2),
                8,
                NEXT,
                4,
                0,
                INT,
                4,
                0));

        assertThat(types.resolve(1)).isZero();
        assertThat(types.sizeOf(3)).isEqualTo(-1);
        assertThat(new BtfDump(types).c()).contains("struct list {");
        assertThat(new BtfFormatter(types).format(4, new byte[8]).toJson()).contains("?");
    }
}
