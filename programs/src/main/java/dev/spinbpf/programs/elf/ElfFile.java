package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.model.MalformedObjectException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tables of a relocatable ELF file for BPF (64 bits, little-endian): sections, symbols, relocations.
 *
 * <p>All that a header says is checked before it is used: offsets and sizes against the file, indices against the
 * tables, sections against each other (they may not overlap). What is kept is bounded by the file's size: names are at
 * most {@link #NAME_BYTES_PER_BYTE} times the file's size long together, since many symbols may share one string.
 *
 * @see <a href="https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html">System V ABI, chapters 4 and 5</a>
 */
final class ElfFile {
    /** Most bytes that all names of sections and symbols have together, for each byte of the file: many may share one. */
    private static final int NAME_BYTES_PER_BYTE = 16;

    private static final int SPARE_NAME_BYTES = 1 << 20;

    private static final int HEADER_BYTES = 64;
    private static final int SECTION_HEADER_BYTES = 64;
    private static final int SYMBOL_BYTES = 24;
    private static final int RELOC_BYTES = 16;
    private static final int MAGIC = 0x464c457f;
    private static final int CLASS_64 = 2;
    private static final int LITTLE_ENDIAN = 1;
    private static final int TYPE_RELOCATABLE = 1;
    private static final int MACHINE_BPF = 247;
    private static final int INDEX_IN_FIRST_SECTION = 0xffff;

    private final String fileName;
    private final ByteBuffer file;
    private final List<ElfSection> sections = new ArrayList<>();
    private final Map<String, ElfSection> sectionsByName = new HashMap<>();
    private List<ElfSymbol> symbols = List.of();
    private long nameBytesLeft;

    private ElfFile(String fileName, ByteBuffer file) {
        this.fileName = fileName;
        this.file = file;
        this.nameBytesLeft = (long) NAME_BYTES_PER_BYTE * file.limit() + SPARE_NAME_BYTES;
    }

    /** Returns true if the bytes begin like an ELF file. */
    static boolean isElf(ByteBuffer bytes) {
        return bytes.remaining() >= 4
                && bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.position()) == MAGIC;
    }

    /**
     * Reads sections and symbols.
     *
     * @param fileName the name for messages
     */
    static ElfFile read(String fileName, ByteBuffer bytes) throws MalformedObjectException {
        ElfFile elf = new ElfFile(fileName, bytes.slice().order(ByteOrder.LITTLE_ENDIAN));
        elf.readSections(elf.checkHeader(true));
        elf.checkOverlaps();
        elf.readSymbols();
        return elf;
    }

    /** A copy of one section of an ELF file of any machine and type, such as a kernel. */
    static byte[] sectionOfAnyObject(String fileName, ByteBuffer bytes, String name) throws MalformedObjectException {
        ElfFile elf = new ElfFile(fileName, bytes.slice().order(ByteOrder.LITTLE_ENDIAN));
        elf.readSections(elf.checkHeader(false));
        ElfSection section = elf.section(name);
        if (section == null) {
            throw elf.bad(-1, "has no section " + name);
        }
        return elf.copy(section);
    }

    /** All sections; entry 0 is not one. */
    List<ElfSection> sections() {
        return sections;
    }

    /** The first section of this name, or null. */
    @Nullable
    ElfSection section(String name) {
        return sectionsByName.get(name);
    }

    /** Symbols by index; empty if there is no symbol table. */
    List<ElfSymbol> symbols() {
        return symbols;
    }

    /** The section's bytes, little-endian; empty if it has none in the file. */
    ByteBuffer bytes(ElfSection section) {
        return file.slice((int) section.offset(), (int) section.fileBytes()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A copy of the section's bytes. */
    byte[] copy(ElfSection section) {
        byte[] copy = new byte[(int) section.fileBytes()];
        bytes(section).get(copy);
        return copy;
    }

    /** The entries of a relocation section. */
    List<ElfReloc> relocs(ElfSection section) throws MalformedObjectException {
        if (section.entrySize() != RELOC_BYTES || section.size() % RELOC_BYTES != 0) {
            throw bad(
                    section,
                    -1,
                    "relocation section of " + section.size() + " bytes with entries of " + section.entrySize()
                            + ", expected multiples of 16");
        }
        ByteBuffer table = bytes(section);
        List<ElfReloc> relocs = new ArrayList<>((int) (section.size() / RELOC_BYTES));
        for (int at = 0; at < section.size(); at += RELOC_BYTES) {
            long info = table.getLong(at + 8);
            long symbol = info >>> 32;
            if (symbol >= symbols.size()) {
                throw bad(section, at, "relocation against symbol #" + symbol + ", there are " + symbols.size());
            }
            relocs.add(new ElfReloc(table.getLong(at), symbols.get((int) symbol), (int) info));
        }
        return relocs;
    }

    /** The section's name for messages; a special index by its number. */
    String sectionName(int index) {
        return index > 0 && index < sections.size() ? sections.get(index).name() : "#" + index;
    }

    MalformedObjectException bad(ElfSection section, long offset, String reason) {
        return new MalformedObjectException(fileName, section.name(), offset, reason);
    }

    MalformedObjectException bad(String section, long offset, String reason) {
        return new MalformedObjectException(fileName, section, offset, reason);
    }

    private MalformedObjectException bad(long offset, String reason) {
        return new MalformedObjectException(fileName, "", offset, reason);
    }

    /** The place of the section table. */
    private record SectionTable(long offset, long count, long namesIndex) {}

    private SectionTable checkHeader(boolean forBpf) throws MalformedObjectException {
        if (file.limit() < HEADER_BYTES) {
            throw bad(0, "file of " + file.limit() + " bytes is too short for an ELF header");
        }
        if (file.getInt(0) != MAGIC) {
            throw bad(0, "not an ELF file");
        }
        if (file.get(4) != CLASS_64) {
            throw bad(4, "ELF class is " + file.get(4) + ", expected 2 (64 bits)");
        }
        if (file.get(5) != LITTLE_ENDIAN) {
            throw bad(5, "data encoding is " + file.get(5) + ", expected 1: big-endian objects are not supported");
        }
        int type = file.getShort(16) & 0xffff;
        if (forBpf && type != TYPE_RELOCATABLE) {
            throw bad(16, "ELF type is " + type + ", expected 1 (relocatable)");
        }
        int machine = file.getShort(18) & 0xffff;
        if (forBpf && machine != MACHINE_BPF && machine != 0) {
            throw bad(18, "machine is " + machine + ", expected 247 (BPF)");
        }
        long offset = file.getLong(40);
        int entryBytes = file.getShort(58) & 0xffff;
        if (entryBytes != SECTION_HEADER_BYTES) {
            throw bad(58, "section headers have " + entryBytes + " bytes, expected " + SECTION_HEADER_BYTES);
        }
        if (offset < HEADER_BYTES || offset > file.limit() - SECTION_HEADER_BYTES) {
            throw bad(40, "section table at " + Long.toUnsignedString(offset) + " is outside of the file");
        }
        long count = file.getShort(60) & 0xffff;
        long names = file.getShort(62) & 0xffff;
        if (count == 0) {
            count = file.getLong((int) offset + 32);
        }
        if (names == INDEX_IN_FIRST_SECTION) {
            names = Integer.toUnsignedLong(file.getInt((int) offset + 40));
        }
        if (count <= 0 || count > (file.limit() - offset) / SECTION_HEADER_BYTES) {
            throw bad(60, "section table of " + Long.toUnsignedString(count) + " entries ends beyond the file");
        }
        if (names <= 0 || names >= count) {
            throw bad(62, "section names are in section " + names + ", there are " + count);
        }
        return new SectionTable(offset, count, names);
    }

    private void readSections(SectionTable table) throws MalformedObjectException {
        ElfSection names = header(table, table.namesIndex(), null);
        if (names.type() != ElfSection.STRTAB) {
            throw bad(table.offset(), "section names are in a section of type " + names.type() + ", expected 3");
        }
        for (int index = 0; index < table.count(); index++) {
            ElfSection section = header(table, index, names);
            sections.add(section);
            if (index > 0) {
                sectionsByName.putIfAbsent(section.name(), section);
            }
        }
    }

    private ElfSection header(SectionTable table, long index, @Nullable ElfSection names)
            throws MalformedObjectException {
        int at = (int) (table.offset() + index * SECTION_HEADER_BYTES);
        String name = "section #" + index;
        if (names != null) {
            name = index == 0 ? "" : string(names, Integer.toUnsignedLong(file.getInt(at)), at);
        }
        ElfSection section = new ElfSection(
                (int) index,
                name,
                file.getInt(at + 4),
                file.getLong(at + 8),
                file.getLong(at + 24),
                file.getLong(at + 32),
                Integer.toUnsignedLong(file.getInt(at + 40)),
                Integer.toUnsignedLong(file.getInt(at + 44)),
                file.getLong(at + 56));
        if (section.type() == ElfSection.NULL) {
            return new ElfSection((int) index, name, ElfSection.NULL, 0, 0, 0, 0, 0, 0);
        }
        if (section.offset() < 0 || section.offset() > file.limit()) {
            throw bad(name, -1, "starts at " + Long.toUnsignedString(section.offset()) + ", beyond the file's end");
        }
        if (section.size() < 0 || section.fileBytes() > file.limit() - section.offset()) {
            throw bad(
                    name,
                    -1,
                    "has " + Long.toUnsignedString(section.size()) + " bytes at " + section.offset()
                            + ", which end beyond the file of " + file.limit());
        }
        return section;
    }

    private String string(ElfSection strings, long offset, long where) throws MalformedObjectException {
        if (offset >= strings.fileBytes()) {
            throw bad(
                    where,
                    "name at " + offset + " is outside of the " + strings.size() + " bytes of " + strings.name());
        }
        int start = (int) (strings.offset() + offset);
        long limit = strings.offset() + strings.size();
        int end = start;
        while (end < limit && file.get(end) != 0) {
            end++;
        }
        if (end == limit) {
            throw bad(where, "name at " + offset + " of " + strings.name() + " does not end");
        }
        nameBytesLeft -= end - start;
        if (nameBytesLeft < 0) {
            throw bad(where, "the names are too long together for a file of " + file.limit() + " bytes");
        }
        byte[] name = new byte[end - start];
        file.get(start, name);
        return new String(name, StandardCharsets.UTF_8);
    }

    private void checkOverlaps() throws MalformedObjectException {
        List<ElfSection> inFile = new ArrayList<>();
        for (ElfSection section : sections) {
            if (section.fileBytes() > 0) {
                inFile.add(section);
            }
        }
        inFile.sort((a, b) -> Long.compare(a.offset(), b.offset()));
        long end = HEADER_BYTES;
        String before = "the ELF header";
        for (ElfSection section : inFile) {
            if (section.offset() < end) {
                throw bad(
                        section,
                        -1,
                        "starts at " + section.offset() + " and overlaps " + before + ", which ends at " + end);
            }
            end = section.offset() + section.fileBytes();
            before = section.name();
        }
    }

    private void readSymbols() throws MalformedObjectException {
        ElfSection table = null;
        for (ElfSection section : sections) {
            if (section.type() != ElfSection.SYMTAB) {
                continue;
            }
            if (table != null) {
                throw bad(section, -1, "second symbol table; the first is " + table.name());
            }
            table = section;
        }
        if (table == null) {
            return;
        }
        if (table.entrySize() != SYMBOL_BYTES || table.size() % SYMBOL_BYTES != 0) {
            throw bad(table, -1, "symbol table of " + table.size() + " bytes with entries of " + table.entrySize());
        }
        if (table.link() == 0
                || table.link() >= sections.size()
                || sections.get((int) table.link()).type() != ElfSection.STRTAB) {
            throw bad(table, -1, "symbol names are in section " + table.link() + ", which holds no strings");
        }
        ElfSection names = sections.get((int) table.link());
        symbols = new ArrayList<>((int) (table.size() / SYMBOL_BYTES));
        for (long at = table.offset(); at < table.offset() + table.size(); at += SYMBOL_BYTES) {
            symbols.add(symbol((int) at, names));
        }
    }

    private ElfSymbol symbol(int at, ElfSection names) throws MalformedObjectException {
        int info = file.get(at + 4) & 0xff;
        long nameOffset = Integer.toUnsignedLong(file.getInt(at));
        return new ElfSymbol(
                symbols.size(),
                nameOffset == 0 ? "" : string(names, nameOffset, at),
                info & 0xf,
                info >>> 4,
                file.get(at + 5) & 3,
                file.getShort(at + 6) & 0xffff,
                file.getLong(at + 8),
                file.getLong(at + 16));
    }
}
