package dev.spinbpf.programs.elf;

/**
 * A section header, checked against the file's size.
 *
 * @param index its index in the section table
 * @param offset where its bytes are in the file
 * @param size its size in bytes; a section without bytes ({@link #NOBITS}) has one too
 * @param link what it refers to: for symbols their strings, for relocations the symbols
 * @param info for relocations the section that they apply to
 * @param entrySize size of an entry, for tables
 */
record ElfSection(
        int index, String name, int type, long flags, long offset, long size, long link, long info, long entrySize) {
    static final int NULL = 0;
    static final int PROGBITS = 1;
    static final int SYMTAB = 2;
    static final int STRTAB = 3;
    static final int NOBITS = 8;
    static final int REL = 9;

    private static final long EXECUTABLE = 4;

    boolean isExecutable() {
        return type == PROGBITS && (flags & EXECUTABLE) != 0;
    }

    /** Bytes that the section takes in the file. */
    long fileBytes() {
        return type == NOBITS || type == NULL ? 0 : size;
    }
}
