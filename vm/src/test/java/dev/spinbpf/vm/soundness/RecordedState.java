package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A state that the verifier recorded before an instruction, as claims on runs that come there.
 *
 * @param callsites slots of the calls that made the frames but the outermost
 * @param claims about what is live, scalars that are not precise excepted
 */
record RecordedState(List<Integer> callsites, List<Claim> claims) {
    /** Tells which scalars of a state are precise. */
    interface Precise {
        boolean reg(int frame, int number);

        boolean slot(int frame, int spi);
    }

    /**
     * Reads a state.
     *
     * @param state without what is dead
     * @param allPrecise whether all scalars are precise, so that links between them hold too
     */
    static RecordedState of(VerifierState state, Precise precise, boolean allPrecise) {
        List<Integer> callsites = new ArrayList<>();
        for (int frame = 1; frame <= state.curframe(); frame++) {
            callsites.add(state.frame(frame).callsite());
        }
        Reading reading = new Reading(allPrecise);
        for (int frame = 0; frame <= state.curframe(); frame++) {
            reading.read(state.frame(frame), frame, frame == state.curframe(), precise);
        }
        return new RecordedState(callsites, reading.claims);
    }

    /** True if the state stands for the registers and slots of the run. */
    boolean contains(ConcreteState at) {
        if (!hasFramesOf(at)) {
            return false;
        }
        for (int i = 0; i < claims.size(); i++) {
            if (!claims.get(i).holds(at)) {
                return false;
            }
        }
        return true;
    }

    boolean hasFramesOf(ConcreteState at) {
        int depth = at.run().currentFrame();
        if (depth != callsites.size()) {
            return false;
        }
        for (int frame = 1; frame <= depth; frame++) {
            if (callsites.get(frame - 1) != at.run().callsite(frame)) {
                return false;
            }
        }
        return true;
    }

    /** Claims being collected. */
    private static final class Reading {
        private final boolean allPrecise;
        private final List<Claim> claims = new ArrayList<>();
        private final Map<Integer, RegState> linkedStates = new LinkedHashMap<>();
        private final Map<Integer, ValuePlace> linkedPlaces = new LinkedHashMap<>();

        Reading(boolean allPrecise) {
            this.allPrecise = allPrecise;
        }

        void read(FuncState func, int frame, boolean innermost, Precise precise) {
            for (int number = innermost ? 0 : 6; number < Insn.FRAME_POINTER; number++) {
                add(new ValuePlace.Register(frame, number), func.reg(number), precise.reg(frame, number));
            }
            for (int spi = 0; spi < func.slots(); spi++) {
                readSlot(func.slot(spi), frame, spi, precise.slot(frame, spi));
            }
        }

        private void readSlot(StackSlot slot, int frame, int spi, boolean precise) {
            int bottom = -StackSlot.BYTES * (spi + 1);
            if (slot.isSpilled()) {
                int size = 1;
                while (size < StackSlot.BYTES && slot.type(StackSlot.BYTES - 1 - size) == SlotType.SPILL) {
                    size++;
                }
                RegState spilled = slot.spilled();
                boolean part = size < StackSlot.BYTES && spilled.isScalar();
                RegState content = part ? truncated(spilled, size) : spilled;
                add(new ValuePlace.Stack(frame, bottom, part ? size : StackSlot.BYTES), content, precise);
            }
            for (int i = 0; i < StackSlot.BYTES; i++) {
                if (slot.type(i) == SlotType.ZERO) {
                    claims.add(new Claim.ZeroByte(new ValuePlace.Stack(frame, bottom + StackSlot.BYTES - 1 - i, 1)));
                }
            }
        }

        private static RegState truncated(RegState reg, int sizeBytes) {
            boolean fits = Long.SIZE - Long.numberOfLeadingZeros(reg.umax()) <= sizeBytes * Byte.SIZE;
            return fits ? reg : reg.withId(0).withValue(reg.value().truncate(sizeBytes));
        }

        private void add(ValuePlace place, RegState reg, boolean precise) {
            switch (reg.type()) {
                case SCALAR_VALUE -> {
                    if ((precise || allPrecise) && !reg.value().isUnknown()) {
                        claims.add(new Claim.Scalar(place, reg.value()));
                    }
                    if (allPrecise && reg.id() != 0) {
                        link(place, reg);
                    }
                }
                case PTR_TO_CTX -> addPointer(place, reg, Claim.Base.CONTEXT, 0);
                case PTR_TO_STACK -> addPointer(place, reg, Claim.Base.STACK, reg.frameno());
                case PTR_TO_MAP_VALUE ->
                    addPointer(place, reg, Claim.Base.MAP_VALUE, reg.map().index());
                case PTR_TO_PACKET -> addPointer(place, reg, Claim.Base.PACKET, 0);
                case PTR_TO_PACKET_END -> addPointer(place, reg, Claim.Base.PACKET_END, 0);
                default -> {
                    // Nothing is known of it, or it cannot be compared with what a run holds.
                }
            }
        }

        private void addPointer(ValuePlace place, RegState reg, Claim.Base base, int number) {
            claims.add(new Claim.Pointer(place, base, number, reg.value(), reg.mayBeNull()));
            if (reg.mayBeNull()) {
                ValuePlace other = linkedPlaces.putIfAbsent(reg.id(), place);
                if (other != null) {
                    claims.add(new Claim.NullTogether(other, place));
                }
            }
        }

        private void link(ValuePlace place, RegState reg) {
            int id = reg.baseId();
            RegState other = linkedStates.putIfAbsent(id, reg);
            if (other == null) {
                linkedPlaces.put(id, place);
                return;
            }
            ValuePlace otherPlace = linkedPlaces.get(id);
            int bits = reg.id() & RegState.ADD_CONST;
            int otherBits = other.id() & RegState.ADD_CONST;
            if (otherPlace == null || (bits != 0 && otherBits != 0 && bits != otherBits)) {
                return;
            }
            boolean only32 = ((bits | otherBits) & RegState.ADD_CONST32) != 0;
            claims.add(new Claim.Linked(place, otherPlace, (long) reg.delta() - other.delta(), only32));
        }
    }
}
