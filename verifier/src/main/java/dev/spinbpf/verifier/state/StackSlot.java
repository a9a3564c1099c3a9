package dev.spinbpf.verifier.state;

import dev.spinbpf.programs.linux.KernelLimits;

/**
 * Eight bytes of stack: slot {@code spi} covers the addresses from {@code fp - 8 * (spi + 1)}. Immutable. The byte at
 * address {@code fp - i - 1} has index {@code i % 8}, as in the kernel; byte 7, the lowest address, tells what the slot is.
 */
public final class StackSlot {
    /** Bytes of a slot. */
    public static final int BYTES = KernelLimits.BPF_REG_SIZE;

    /** Nothing was stored. */
    public static final StackSlot EMPTY = new StackSlot(RegState.NOT_INIT, 0);

    /** A one in each byte. */
    private static final long EACH = 0x0101010101010101L;

    private final RegState spilled;
    private final long types;

    private StackSlot(RegState spilled, long types) {
        this.spilled = spilled;
        this.types = types;
    }

    /** A slot whose eight bytes are of one type. */
    public static StackSlot of(RegState spilled, SlotType type) {
        return new StackSlot(spilled, EACH * type.ordinal());
    }

    /** The register's state that was spilled here, or what the dynptr, iterator or flag is. */
    public RegState spilled() {
        return spilled;
    }

    /** The eight types, a byte each, byte 0 lowest. For comparison and printing. */
    public long types() {
        return types;
    }

    public SlotType type(int index) {
        return SlotType.of((int) (types >>> (index * 8)) & 0xff);
    }

    /** The type of byte 7, which tells what the slot is. */
    public SlotType last() {
        return SlotType.of((int) (types >>> 56));
    }

    public StackSlot withType(int index, SlotType type) {
        long cleared = types & ~(0xffL << (index * 8));
        return withTypes(cleared | ((long) type.ordinal() << (index * 8)));
    }

    public StackSlot withSpilled(RegState reg) {
        return reg.equals(spilled) ? this : new StackSlot(reg, types);
    }

    /** The slot with the bytes from one index to before another of a type. */
    public StackSlot withTypes(int from, int to, SlotType type) {
        long bytes = -1L >>> (BYTES - (to - from)) * Byte.SIZE << from * Byte.SIZE;
        return withTypes(types & ~bytes | EACH * type.ordinal() & bytes);
    }

    StackSlot withTypes(long newTypes) {
        return newTypes == types ? this : new StackSlot(spilled, newTypes);
    }

    /** True if a register's state is here (whole or in part). */
    public boolean isSpilled() {
        return last() == SlotType.SPILL;
    }

    public boolean isSpilledScalar() {
        return isSpilled() && spilled.type() == RegType.SCALAR_VALUE;
    }

    /** True if it holds a spilled register, a dynptr, an iterator or interrupt flags. */
    public boolean isSpecial() {
        return switch (last()) {
            case SPILL, DYNPTR, ITER, IRQ_FLAG -> true;
            case INVALID, MISC, ZERO, POISON -> false;
        };
    }
}
