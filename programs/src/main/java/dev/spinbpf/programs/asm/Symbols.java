package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.isa.Insn;

/** The text of operands that refer to something outside of the instruction, for a disassembler. */
public interface Symbols {
    /** The right side of a wide load, such as {@code 0x10} or {@code map[counters]}. */
    String wideImmediate(int slot, Insn insn);

    /** The target of a jump, such as {@code pc+3} or a label. */
    String jumpTarget(int slot, Insn insn);

    /** The callee of a call of a helper, kfunc or subprogram, such as {@code bpf_map_lookup_elem#1}. */
    String callee(int slot, Insn insn);
}
