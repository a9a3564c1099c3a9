package dev.spinbpf.programs.elf;

/**
 * A relocation.
 *
 * @param offset where it applies, in bytes within its section
 * @param type {@code R_BPF_*}
 */
record ElfReloc(long offset, ElfSymbol symbol, int type) {}
