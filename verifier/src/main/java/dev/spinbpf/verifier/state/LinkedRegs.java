package dev.spinbpf.verifier.state;

/**
 * Registers and stack slots whose scalars have the same id; at most {@link #MAX}, packed in a long for the jump history.
 *
 * <p>The lowest four bits are their number. Each takes eleven bits above: four of the frame, six of the register or stack
 * slot, one that is set for a register.
 */
public final class LinkedRegs {
    public static final int MAX = 5;
    private static final int ENTRY_BITS = 11;
    private static final int SIZE_BITS = 4;
    private static final int FRAME_BITS = 4;
    private static final int INDEX_BITS = 6;

    private long packed;

    private LinkedRegs(long packed) {
        this.packed = packed;
    }

    /** None yet. */
    public LinkedRegs() {
        this(0);
    }

    public static LinkedRegs unpack(long packed) {
        return new LinkedRegs(packed);
    }

    public long pack() {
        return packed;
    }

    public int size() {
        return (int) packed & ((1 << SIZE_BITS) - 1);
    }

    /**
     * Adds one; false if there is no room.
     *
     * @param index register number or stack slot
     */
    public boolean add(int frame, int index, boolean isReg) {
        if (size() == MAX) {
            return false;
        }
        long entry = frame | (long) index << FRAME_BITS | (isReg ? 1L << (FRAME_BITS + INDEX_BITS) : 0);
        packed = (packed | entry << shift(size())) + 1;
        return true;
    }

    private static int shift(int entry) {
        return SIZE_BITS + entry * ENTRY_BITS;
    }

    /** Frame number of an entry. */
    public int frame(int entry) {
        return (int) (packed >>> shift(entry)) & ((1 << FRAME_BITS) - 1);
    }

    /** Register number or stack slot of an entry. */
    public int index(int entry) {
        return (int) (packed >>> (shift(entry) + FRAME_BITS)) & ((1 << INDEX_BITS) - 1);
    }

    public boolean isReg(int entry) {
        return (packed >>> (shift(entry) + FRAME_BITS + INDEX_BITS) & 1) != 0;
    }

    /** The register's state that stands at an entry's place. */
    public RegState get(int entry, VerifierState state) {
        FuncState func = state.frame(frame(entry));
        return isReg(entry) ? func.reg(index(entry)) : func.slot(index(entry)).spilled();
    }

    /** Puts another state there. */
    public void set(int entry, VerifierState state, RegState reg) {
        FuncState func = state.frame(frame(entry));
        int index = index(entry);
        if (isReg(entry)) {
            func.setReg(index, reg);
        } else {
            func.setSlot(index, func.slot(index).withSpilled(reg));
        }
    }
}
