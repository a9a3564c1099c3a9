package dev.spinbpf.verifier.check;

import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.LinkedRegs;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;

/** Scalars that are copies of each other, at a constant distance or none: what is learnt of one is learnt of all. */
final class LinkedScalars {
    private LinkedScalars() {}

    /** Adds all scalars of the state with the id; those that find no room are linked no more. */
    static void collect(Exploration path, VerifierState state, int scalarId, LinkedRegs into) {
        int id = scalarId & ~RegState.ADD_CONST;
        for (int frame = state.curframe(); frame >= 0; frame--) {
            FuncState func = state.frame(frame);
            int live = path.unit().aux(state.frameInsn(frame)).liveRegsBefore;
            for (int i = 0; i < FuncState.REGISTERS - 1; i++) {
                RegState reg = func.reg(i);
                boolean isLinked = (live & (1 << i)) != 0 && reg.isScalar() && reg.baseId() == id;
                if (isLinked && !into.add(frame, i, true)) {
                    func.setReg(i, Registers.withoutScalarId(reg));
                }
            }
            for (int spi = 0; spi < func.slots(); spi++) {
                StackSlot slot = func.slot(spi);
                boolean isLinked = slot.isSpilledScalar() && slot.spilled().baseId() == id;
                if (isLinked && !into.add(frame, spi, false)) {
                    func.setSlot(spi, slot.withSpilled(Registers.withoutScalarId(slot.spilled())));
                }
            }
        }
    }

    /** Gives the others what is known of the register in the current frame. */
    static void sync(Exploration path, VerifierState state, int regno, LinkedRegs linked) {
        RegState known = state.func().reg(regno);
        for (int entry = 0; entry < linked.size(); entry++) {
            int index = linked.index(entry);
            boolean itself = linked.isReg(entry) && linked.frame(entry) == state.curframe() && index == regno;
            RegState reg = linked.get(entry, state);
            if (itself || !reg.isScalar() || reg.baseId() != known.baseId()) {
                continue;
            }
            int bits = reg.id() & RegState.ADD_CONST;
            int knownBits = known.id() & RegState.ADD_CONST;
            if (bits != 0 && knownBits != 0 && bits != knownBits) {
                continue;
            }
            linked.set(entry, state, synced(reg, known));
            if (linked.isReg(entry)) {
                path.log().markRegScratched(index);
            } else {
                path.log().markSlotScratched(index);
            }
        }
    }

    private static RegState synced(RegState reg, RegState known) {
        if (isCopy(reg, known)) {
            return known;
        }
        ScalarValue distance = ScalarValue.constant((long) reg.delta() - known.delta());
        ScalarValue value = add(known.value(), distance);
        if (((reg.id() | known.id()) & RegState.ADD_CONST32) != 0) {
            value = value.zext32();
        }
        return known.withDelta(reg.delta()).withId(reg.id()).withValue(value.synced());
    }

    private static ScalarValue add(ScalarValue a, ScalarValue b) {
        return new ScalarValue(
                a.varOff().add(b.varOff()), a.r64().add(b.r64()), a.r32().add(b.r32()));
    }

    private static boolean isCopy(RegState reg, RegState known) {
        boolean bothPlain = ((reg.id() | known.id()) & RegState.ADD_CONST) == 0;
        return bothPlain || reg.delta() == known.delta();
    }
}
