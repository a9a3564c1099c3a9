/**
 * The reader of ELF objects that clang makes for BPF, and libbpf's linking of their functions, maps and externs.
 * Objects leave it as values of {@code programs.model}; ELF is known nowhere else.
 */
@NullMarked
package dev.spinbpf.programs.elf;

import org.jspecify.annotations.NullMarked;
