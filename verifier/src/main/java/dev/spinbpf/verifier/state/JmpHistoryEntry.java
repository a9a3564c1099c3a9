package dev.spinbpf.verifier.state;

/**
 * A step of the path through a state, for walking back: an instruction that was jumped to or that accessed the stack.
 *
 * @param insn slot
 * @param prevInsn slot that was processed before
 * @param flags {@code INSN_F_*}
 * @param spi stack slot that was accessed
 * @param frame frame of that slot
 * @param linkedRegs packed {@link LinkedRegs}
 */
public record JmpHistoryEntry(int insn, int prevInsn, int flags, int spi, int frame, long linkedRegs) {
    public static final int INSN_F_STACK_ACCESS = 1;
    public static final int INSN_F_DST_REG_STACK = 2;
    public static final int INSN_F_SRC_REG_STACK = 4;
}
