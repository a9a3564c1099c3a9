package dev.spinbpf.programs.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MalformedObjectTest {
    private static final long MOV_R0_0 = 0xb7;
    private static final long EXIT = 0x95;
    private static final long LDDW_R1 = 0x118;

    private static AbstractThrowableAssert<?, ?> assertRefused(byte[] file) {
        return assertThatThrownBy(() -> ObjectReader.read("f.o", file, ReadOptions.DEFAULT))
                .isInstanceOf(MalformedObjectException.class)
                .hasMessageStartingWith("f.o: ");
    }

    private static ElfBuilder program(long... insns) {
        ElfBuilder elf = new ElfBuilder();
        elf.function("p", elf.code("socket", insns), 0, insns.length * 8L);
        return elf;
    }

    @Test
    void shouldReadTheSmallestObject() throws Exception {
        ProgramObject object = ObjectReader.read("f.o", program(MOV_R0_0, EXIT).build(), ReadOptions.DEFAULT);

        assertThat(object.programs()).hasSize(1);
        assertThat(object.programs().getFirst().insns()).hasSize(2);
        assertThat(object.license()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, not an ELF file",
        "4, 1, ELF class is 1",
        "5, 2, big-endian objects are not supported",
        "16, 2, ELF type is 2",
        "18, 62, machine is 62",
        "41, 127, is outside of the file",
        "47, 255, is outside of the file",
        "58, 63, section headers have 63 bytes",
        "60, 200, ends beyond the file",
        "62, 99, section names are in section 99"
    })
    void shouldNameWhatIsWrongInTheHeader(int offset, int value, String reason) {
        byte[] file = program(MOV_R0_0, EXIT).build();
        file[offset] = (byte) value;

        assertRefused(file).hasMessageContaining(reason);
    }

    @Test
    void shouldRefuseEveryCut() {
        byte[] file = CompiledObjects.bytes("maps.bpf.o");
        for (int length = 0; length < file.length; length += 7) {
            byte[] cut = Arrays.copyOf(file, length);
            assertRefused(cut);
        }
    }

    @Test
    void shouldNameSectionAndOffset() {
        ElfBuilder elf = program(MOV_R0_0, EXIT);
        elf.reloc(1, 100, 1, 1);

        assertRefused(elf.build())
                .asInstanceOf(type(MalformedObjectException.class))
                .satisfies(e -> {
                    assertThat(e.section()).isEqualTo("socket");
                    assertThat(e.offset()).isEqualTo(100);
                })
                .hasToString(
                        MalformedObjectException.class.getName() + ": f.o: socket+0x64: relocation at no instruction");
    }

    @Test
    void shouldRefuseOverlappingSections() {
        byte[] file = program(MOV_R0_0, EXIT).build();
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int second = (int) header.getLong(40) + 2 * 64;
        header.putLong(second + 24, 72);

        assertRefused(file).hasMessageContaining("overlaps socket");
    }

    @Test
    void shouldRefuseASectionThatEndsBeyondTheFile() {
        ElfBuilder elf = program(MOV_R0_0, EXIT);
        elf.section(".data", ElfSection.PROGBITS, ElfBuilder.DATA, new byte[8], 1L << 40);

        assertRefused(elf.build()).hasMessageContaining(".data: has 1099511627776 bytes");
    }

    @Test
    void shouldNotAllocateAHugeBss() {
        ElfBuilder elf = program(MOV_R0_0, EXIT);
        elf.section(".bss", ElfSection.NOBITS, ElfBuilder.DATA, new byte[0], 1L << 40);

        assertRefused(elf.build()).hasMessageContaining("exceeds the limit of 2147483647");
    }

    @ParameterizedTest
    @CsvSource({"0, 17", "4, 8", "16, 8", "0, -8", "-8, 8", "8, 9223372036854775800"})
    void shouldRefuseFunctionsOutsideOfTheirSection(long value, long size) {
        ElfBuilder elf = new ElfBuilder();
        elf.function("p", elf.code("socket", MOV_R0_0, EXIT), value, size);

        assertRefused(elf.build()).hasMessageContaining("function p");
    }

    @Test
    void shouldRefuseOverlappingFunctions() {
        ElfBuilder elf = program(MOV_R0_0, EXIT);
        elf.function("q", 1, 8, 8);

        assertRefused(elf.build()).hasMessageContaining("function q overlaps function p");
    }

    @Test
    void shouldRefuseALoadWithoutItsSecondHalf() {
        ElfBuilder elf = program(MOV_R0_0, LDDW_R1);
        elf.symbol("v", 0x11, elf.section(".data", ElfSection.PROGBITS, ElfBuilder.DATA, new byte[8]), 0, 8);
        elf.reloc(1, 8, 2, 1);

        assertRefused(elf.build()).hasMessageContaining("second half of a 64-bit load is missing");
    }

    @Test
    void shouldRefuseAStrippedObject() {
        ElfBuilder elf = new ElfBuilder();
        elf.section("license", ElfSection.PROGBITS, ElfBuilder.DATA, new byte[] {'G', 'P', 'L', 0});
        byte[] file = elf.build();
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt((int) header.getLong(40) + 2 * 64 + 4, ElfSection.PROGBITS);

        assertRefused(file).hasMessageContaining("no symbol table");
    }

    @Test
    void shouldLinkMutualRecursionOnce() throws Exception {
        ElfBuilder elf = new ElfBuilder();
        int text = elf.code(".text", call(1), EXIT, call(-3), EXIT);
        elf.function("a", text, 0, 16);
        elf.function("b", text, 16, 16);
        elf.function("p", elf.code("socket", call(-1), EXIT), 0, 16);
        elf.reloc(2, 0, 1, 10);

        ProgramObject object = ObjectReader.read("f.o", elf.build(), ReadOptions.DEFAULT);

        assertThat(object.programs().getFirst().insns()).hasSize(6);
        assertThat(object.programs().getFirst().subprogs()).hasSize(3);
    }

    @Test
    void shouldSayInTheVerifiersWordsThatAnInstructionIsNone() throws Exception {
        ProgramObject object =
                ObjectReader.read("f.o", program(MOV_R0_0, 0xff, EXIT).build(), ReadOptions.DEFAULT);

        assertThat(object.programs()).isEmpty();
        assertThat(object.unlinked().getFirst().reason()).isEqualTo("unknown opcode ff");
    }

    @Test
    void shouldRefuseKernelObjectsByNumber() throws Exception {
        long loadMapByFd = 0x1118 | 3L << 32;
        ProgramObject object =
                ObjectReader.read("f.o", program(loadMapByFd, 0, MOV_R0_0, EXIT).build(), ReadOptions.DEFAULT);

        assertThat(object.unlinked().getFirst().reason())
                .isEqualTo("insn 0 of p refers to kernel object 3 by number, without a relocation");
    }

    @Test
    void shouldBoundTheLengthOfAllProgramsTogether() throws Exception {
        ElfBuilder elf = new ElfBuilder();
        long[] body = new long[50_000];
        Arrays.fill(body, MOV_R0_0);
        body[body.length - 1] = EXIT;
        elf.function("long_one", elf.code(".text", body), 0, body.length * 8L);
        int programs = 100;
        long[] calls = new long[2 * programs];
        for (int i = 0; i < calls.length; i += 2) {
            calls[i] = call(-1);
            calls[i + 1] = EXIT;
        }
        int section = elf.code("socket", calls);
        for (int i = 0; i < programs; i++) {
            elf.function("p" + i, section, i * 16L, 16);
            elf.reloc(section, i * 16L, 1, 10);
        }

        ProgramObject object = ObjectReader.read("f.o", elf.build(), ReadOptions.DEFAULT);

        assertThat(object.programs()).hasSize(79);
        assertThat(object.unlinked()).hasSize(21);
        assertThat(object.unlinked().getFirst().reason()).contains("too many instructions together");
    }

    private static long call(int offset) {
        return 0x1085 | (long) offset << 32;
    }
}
