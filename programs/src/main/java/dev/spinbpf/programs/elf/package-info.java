/** Reader for the ELF objects that clang makes for BPF, and libbpf's linking. */
@NullMarked
package dev.spinbpf.programs.elf;

import org.jspecify.annotations.NullMarked;
