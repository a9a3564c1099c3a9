/**
 * Programs as text: grammar, assembler and disassembler. The encoding of instructions as bytes is in
 * {@code programs.isa}, and no rule of the verifier is checked here.
 */
@NullMarked
package dev.spinbpf.programs.asm;

import org.jspecify.annotations.NullMarked;
