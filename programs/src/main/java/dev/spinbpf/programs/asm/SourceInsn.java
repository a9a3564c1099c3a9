package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.isa.Insn;
import org.jspecify.annotations.Nullable;

/**
 * An instruction as it was read.
 *
 * @param insn complete but for what the reference says
 * @param reference what an operand names, or null
 * @param at where it stands
 * @param referenceAt where the reference stands; the instruction's place if there is none
 */
record SourceInsn(Insn insn, @Nullable SymbolRef reference, Span at, Span referenceAt) {}
