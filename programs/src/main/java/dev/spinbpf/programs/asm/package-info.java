/** The text form: disassembler, grammar and assembler. */
@NullMarked
package dev.spinbpf.programs.asm;

import org.jspecify.annotations.NullMarked;
