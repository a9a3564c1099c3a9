package dev.spinbpf.programs.elf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Puts together small object files, correct ones and others. Section 0 is the empty one; strings come last. */
final class ElfBuilder {
    static final int EXECUTABLE = 6;
    static final int DATA = 3;

    private final List<Section> sections = new ArrayList<>();
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
    private final ByteArrayOutputStream symbols = new ByteArrayOutputStream();

    private record Section(int name, int type, long flags, byte[] bytes, long size, int link, int info, long entry) {}

    ElfBuilder() {
        strings.write(0);
        symbol("", 0, 0, 0, 0);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] all(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.capacity()];
        buffer.get(0, bytes);
        return bytes;
    }

    private int string(String text) {
        int offset = strings.size();
        strings.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        strings.write(0);
        return offset;
    }

    /** Adds a section and returns its index. */
    int section(String name, int type, long flags, byte[] bytes) {
        return section(name, type, flags, bytes, bytes.length);
    }

    int section(String name, int type, long flags, byte[] bytes, long size) {
        sections.add(new Section(string(name), type, flags, bytes, size, 0, 0, 0));
        return sections.size();
    }

    /** Adds code, one number an instruction. */
    int code(String name, long... insns) {
        ByteBuffer bytes = buffer(insns.length * Long.BYTES);
        for (long insn : insns) {
            bytes.putLong(insn);
        }
        return section(name, ElfSection.PROGBITS, EXECUTABLE, all(bytes));
    }

    /** Adds a relocation of symbol {@code symbol} at {@code offset} of a section. */
    void reloc(int section, long offset, int symbol, int type) {
        byte[] bytes = all(buffer(16).putLong(offset).putLong((long) symbol << 32 | type));
        int symbolTable = sections.size() + 2;
        sections.add(new Section(string(".rel"), ElfSection.REL, 0, bytes, bytes.length, symbolTable, section, 16));
    }

    /** Adds a symbol; {@code info} is bind and type. */
    void symbol(String name, int info, int section, long value, long size) {
        byte[] bytes = all(buffer(24)
                .putInt(name.isEmpty() ? 0 : string(name))
                .put((byte) info)
                .put((byte) 0)
                .putShort((short) section)
                .putLong(value)
                .putLong(size));
        symbols.writeBytes(bytes);
    }

    /** Adds a global function. */
    void function(String name, int section, long value, long size) {
        symbol(name, 0x12, section, value, size);
    }

    byte[] build() {
        int symbolTable = sections.size() + 1;
        int stringTable = symbolTable + 1;
        sections.add(new Section(
                string(".symtab"), ElfSection.SYMTAB, 0, symbols.toByteArray(), symbols.size(), stringTable, 1, 24));
        int ownName = string(".strtab");
        sections.add(new Section(ownName, ElfSection.STRTAB, 0, strings.toByteArray(), strings.size(), 0, 0, 0));
        int contents =
                sections.stream().mapToInt(section -> section.bytes().length).sum();
        ByteBuffer file = buffer(64 + contents + 64 * (sections.size() + 1));
        file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        file.putShort((short) 1)
                .putShort((short) 247)
                .putInt(1)
                .putLong(0)
                .putLong(0)
                .putLong(64L + contents);
        file.putInt(0).putShort((short) 64).putShort((short) 0).putShort((short) 0);
        file.putShort((short) 64).putShort((short) (sections.size() + 1)).putShort((short) stringTable);
        int table = 64 + contents + 64;
        for (Section section : sections) {
            int offset = file.position();
            file.put(section.bytes());
            int end = file.position();
            file.position(table);
            file.putInt(section.name())
                    .putInt(section.type())
                    .putLong(section.flags())
                    .putLong(0);
            file.putLong(offset).putLong(section.size()).putInt(section.link()).putInt(section.info());
            file.putLong(1).putLong(section.entry());
            table = file.position();
            file.position(end);
        }
        return all(file);
    }
}
