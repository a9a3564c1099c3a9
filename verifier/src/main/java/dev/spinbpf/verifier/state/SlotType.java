package dev.spinbpf.verifier.state;

/** Contents of one byte of the stack: Linux's {@code enum bpf_stack_slot_type}. */
public enum SlotType {
    INVALID('?'),
    SPILL('r'),
    MISC('m'),
    ZERO('0'),
    DYNPTR('d'),
    ITER('i'),
    IRQ_FLAG('f'),
    POISON('p');

    private static final SlotType[] VALUES = values();
    private final char display;

    SlotType(char display) {
        this.display = display;
    }

    /** The letter in logs. */
    public char display() {
        return display;
    }

    static SlotType of(int ordinal) {
        return VALUES[ordinal];
    }
}
