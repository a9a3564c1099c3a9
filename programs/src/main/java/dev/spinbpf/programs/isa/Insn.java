package dev.spinbpf.programs.isa;

import org.jspecify.annotations.Nullable;

/**
 * One decoded instruction slot.
 *
 * @param op the operation
 * @param dst destination register, 0-10
 * @param src source register, 0-10; zero where the source field is the row's key
 * @param off signed 16-bit offset; zero where the offset field is the row's key
 * @param imm the immediate, sign-extended from 32 bits; for {@link Op.Kind#LDDW} all 64 bits (the second slot's
 *     immediate in the upper half); zero where the immediate field is the row's key
 */
public record Insn(Op op, int dst, int src, int off, long imm) {
    /**
     * The placeholder in the second slot of an {@link Op.Kind#LDDW}, so that indices are the kernel's instruction
     * numbers.
     */
    public static final Insn LDDW_SECOND_SLOT = new Insn(Op.LDDW_HI, 0, 0, 0, 0);

    /** Bytes of one slot. */
    public static final int SLOT_BYTES = 8;

    /** Highest register number (r10, the frame pointer). */
    public static final int FRAME_POINTER = 10;

    /** Slots that the instruction takes: 2 for {@link Op.Kind#LDDW}, else 1. */
    public int slots() {
        return op.kind() == Op.Kind.LDDW ? 2 : 1;
    }

    /** Jump distance in slots from the following slot, for every kind of jump; JA32 keeps it in its immediate. */
    public int jumpOffset() {
        return op == Op.JA32 ? (int) imm : off;
    }

    /** Lower half of {@link #imm}: for map rows the map (fd or index), for {@link Op#LDDW_FUNC} the slot offset. */
    public int immLow() {
        return (int) imm;
    }

    /** Upper half of {@link #imm}: for map value rows the offset in the value. */
    public int immHigh() {
        return (int) (imm >>> 32);
    }

    /**
     * Returns the registers that the instruction reads, bit n for rn. A call counts as reading all of r1 to r5, a
     * legacy packet load r6.
     */
    public int usedRegs() {
        return RegRoles.resolve(op.uses(), dst, src);
    }

    /**
     * Returns the registers that the instruction gives a new value or leaves without one, bit n for rn; for calls r0 to
     * r5.
     */
    public int definedRegs() {
        return RegRoles.resolve(op.defines(), dst, src);
    }

    /** Written out, as HotSpot's first compiler does not inline the one that the language provides. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Insn insn
                && op == insn.op
                && dst == insn.dst
                && src == insn.src
                && off == insn.off
                && imm == insn.imm;
    }

    @Override
    public int hashCode() {
        return (((op.hashCode() * 31 + dst) * 31 + src) * 31 + off) * 31 + Long.hashCode(imm);
    }
}
