package dev.spinbpf.tools.robustness;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The places of things in a sound object file, so that they can be damaged on purpose.
 *
 * @param table offset of the section headers
 * @param sections those that have bytes in the file
 */
record ObjectLayout(int table, List<Section> sections) {
    static final int HEADER_BYTES = 64;
    private static final int NOBITS = 8;
    private static final int EXECUTABLE = 4;

    /** A section: the number of its header, its name, and where its bytes are. */
    record Section(int index, String name, boolean code, int offset, int size) {}

    static ObjectLayout of(byte[] object) {
        ByteBuffer file = ByteBuffer.wrap(object).order(ByteOrder.LITTLE_ENDIAN);
        int table = (int) file.getLong(40);
        int count = file.getShort(60);
        int names = (int) file.getLong(table + HEADER_BYTES * file.getShort(62) + 24);
        List<Section> sections = new ArrayList<>();
        for (int index = 1; index < count; index++) {
            int header = table + HEADER_BYTES * index;
            int size = (int) file.getLong(header + 32);
            if (size > 0 && file.getInt(header + 4) != NOBITS) {
                boolean code = (file.getLong(header + 8) & EXECUTABLE) != 0;
                String name = string(object, names + file.getInt(header));
                sections.add(new Section(index, name, code, (int) file.getLong(header + 24), size));
            }
        }
        return new ObjectLayout(table, sections);
    }

    int headerOf(Section section) {
        return table + HEADER_BYTES * section.index();
    }

    List<Section> code() {
        return sections.stream().filter(Section::code).toList();
    }

    /** Types, line information, relocations, symbols: what the loader interprets. */
    List<Section> tables() {
        return sections.stream()
                .filter(section -> section.name().startsWith(".BTF")
                        || section.name().startsWith(".rel")
                        || section.name().equals(".symtab")
                        || section.name().equals(".maps"))
                .toList();
    }

    private static String string(byte[] object, int offset) {
        int end = offset;
        while (object[end] != 0) {
            end++;
        }
        return new String(object, offset, end - offset, StandardCharsets.UTF_8);
    }
}
