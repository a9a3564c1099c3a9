package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Arrays;

/**
 * Takes out of a state what no instruction will read any more, so that more states are equal.
 *
 * <p>What must hold of a cleaned state: every instruction on every path from it does the same and is allowed or refused as
 * before. Life is known of registers and of halves of stack slots. So a dead register is forgotten, and a dead half is
 * poisoned, with these exceptions:
 *
 * <ul>
 *   <li>Dynptrs, iterators and saved interrupt flags stay, since to overwrite one matters even if nothing reads it.
 *   <li>What was spilled is known as long as the half with byte 7 lives. If only the other half does, a number is no more
 *       than four bytes there; but a pointer stays whole, since to read half of it is refused, and so does a zero, since
 *       four bytes that are known to be zero would have to be precise.
 * </ul>
 */
final class StateCleaner {
    private static final int HALF = StackSlot.BYTES / 2;
    /** The registers that instructions write, a bit each. */
    private static final int REGISTERS = (1 << Insn.FRAME_POINTER) - 1;

    private static final StackSlot DEAD = StackSlot.of(RegState.NOT_INIT, SlotType.POISON);

    private StateCleaner() {}

    /** Forgets dead registers and dead halves of stack slots in all frames. */
    static void clean(Exploration path, StackLiveness liveness, VerifierState state) {
        StackLiveness.Query query = liveness.query(path.unit(), state);
        for (int frameno = 0; frameno <= state.curframe(); frameno++) {
            FuncState frame = state.frame(frameno);
            int live = path.unit().aux(state.frameInsn(frameno)).liveRegsBefore;
            for (int dead = ~live & REGISTERS; dead != 0; dead &= dead - 1) {
                frame.setReg(Integer.numberOfTrailingZeros(dead), RegState.NOT_INIT);
            }
            SlotSet alive = frame.slots() == 0 ? SlotSet.ALL : query.alive(path.unit(), frameno);
            cleanSlots(frame, alive);
        }
    }

    private static void cleanSlots(FuncState frame, SlotSet alive) {
        for (int spi = 0; spi < frame.slots(); spi++) {
            int halves = alive.halves(spi);
            StackSlot slot = frame.slot(spi);
            if (halves != SlotSet.BOTH_HALVES && slot != DEAD) {
                frame.setSlot(spi, withoutDeadHalves(slot, (halves & 1) != 0, (halves & 2) != 0));
            }
        }
    }

    /**
     * The slot without its dead halves.
     *
     * @param low whether the half at the higher addresses, bytes 0 to 3, is alive
     * @param high whether bytes 4 to 7 are
     */
    private static StackSlot withoutDeadHalves(StackSlot slot, boolean low, boolean high) {
        boolean staysWhole =
                switch (slot.last()) {
                    case DYNPTR, ITER, IRQ_FLAG -> true;
                    case SPILL ->
                        low && (!slot.spilled().isScalar() || slot.spilled().isNull()) && !high;
                    case INVALID, MISC, ZERO, POISON -> false;
                };
        if (staysWhole) {
            return slot;
        }
        if (!low && !high) {
            return DEAD;
        }
        if (high) {
            return slot.withTypes(0, HALF, SlotType.POISON);
        }
        StackSlot result = slot.withSpilled(RegState.NOT_INIT).withTypes(HALF, StackSlot.BYTES, SlotType.POISON);
        for (int i = 0; i < HALF; i++) {
            if (result.type(i) == SlotType.SPILL) {
                result = result.withType(i, SlotType.MISC);
            }
        }
        return result;
    }

    /** Takes ids off scalars that share them with no other. */
    static void clearSingularIds(VerifierState state) {
        var ids = new IdCounts();
        state.mapRegs(reg -> {
            if (hasId(reg)) {
                ids.add(reg.baseId());
            }
            return reg;
        });
        if (ids.hasSingle()) {
            state.mapRegs(reg ->
                    hasId(reg) && ids.isSingle(reg.baseId()) ? reg.withId(0).withDelta(0) : reg);
        }
    }

    private static boolean hasId(RegState reg) {
        return reg.isScalar() && reg.id() != 0;
    }

    /** Ids, and whether each came more than once. There are few in a state. */
    private static final class IdCounts {
        private int[] ids = new int[8];
        private boolean[] several = new boolean[8];
        private int count;

        void add(int id) {
            int known = indexOf(id);
            if (known >= 0) {
                several[known] = true;
                return;
            }
            if (count == ids.length) {
                ids = Arrays.copyOf(ids, count * 2);
                several = Arrays.copyOf(several, count * 2);
            }
            ids[count++] = id;
        }

        private int indexOf(int id) {
            for (int i = 0; i < count; i++) {
                if (ids[i] == id) {
                    return i;
                }
            }
            return -1;
        }

        boolean isSingle(int id) {
            return !several[indexOf(id)];
        }

        boolean hasSingle() {
            for (int i = 0; i < count; i++) {
                if (!several[i]) {
                    return true;
                }
            }
            return false;
        }
    }
}
