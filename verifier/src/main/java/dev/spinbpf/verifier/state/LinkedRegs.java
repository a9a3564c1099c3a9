package dev.spinbpf.verifier.state;

import java.util.ArrayList;
import java.util.List;

/** Registers and stack slots whose scalars have the same id; at most {@link #MAX}, packed in a long for the jump history. */
public final class LinkedRegs {
    public static final int MAX = 5;
    private static final int ENTRY_BITS = 11;
    private static final int SIZE_BITS = 4;

    private final List<Entry> entries = new ArrayList<>(MAX);

    /**
     * One of them.
     *
     * @param frame frame number
     * @param index register number or stack slot
     */
    public record Entry(int frame, int index, boolean isReg) {
        /** The state that stands there. */
        public RegState get(VerifierState state) {
            FuncState func = state.frame(frame);
            return isReg ? func.reg(index) : func.slot(index).spilled();
        }

        /** Puts another state there. */
        public void set(VerifierState state, RegState reg) {
            FuncState func = state.frame(frame);
            if (isReg) {
                func.setReg(index, reg);
            } else {
                func.setSlot(index, func.slot(index).withSpilled(reg));
            }
        }
    }

    public static LinkedRegs unpack(long packed) {
        var result = new LinkedRegs();
        long rest = packed >>> SIZE_BITS;
        for (int i = (int) packed & ((1 << SIZE_BITS) - 1); i > 0; i--) {
            result.entries.add(new Entry((int) rest & 15, (int) (rest >>> 4) & 63, ((rest >>> 10) & 1) != 0));
            rest >>>= ENTRY_BITS;
        }
        return result;
    }

    /** Adds an entry; false if there is no room. */
    public boolean add(Entry entry) {
        return entries.size() < MAX && entries.add(entry);
    }

    public List<Entry> entries() {
        return entries;
    }

    public long pack() {
        long packed = 0;
        for (int i = entries.size() - 1; i >= 0; i--) {
            Entry entry = entries.get(i);
            packed = (packed << ENTRY_BITS)
                    | entry.frame()
                    | ((long) entry.index() << 4)
                    | (entry.isReg() ? 1L << 10 : 0);
        }
        return (packed << SIZE_BITS) | entries.size();
    }
}
