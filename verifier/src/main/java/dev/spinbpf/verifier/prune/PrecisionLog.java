package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;

/** Writes to the log how precision spreads, as Linux does at level 2. */
final class PrecisionLog {
    private PrecisionLog() {}

    /** A walk goes over the instructions after a kept state. */
    static void begin(Exploration path, BacktrackState marks, int last, int first, int following) {
        if (path.log().isDetailed()) {
            path.log()
                    .narrate(
                            "mark_precise: frame%d: last_idx %d first_idx %d subseq_idx %d \n",
                            marks.frame(), last, first, following);
        }
    }

    /** A walk comes to an instruction. */
    static void step(Exploration path, BacktrackState marks, int at) {
        if (path.log().isDetailed()) {
            path.log()
                    .narrate(
                            "mark_precise: frame%d: regs=%s stack=%s before %s\n",
                            marks.frame(),
                            regs(marks.regMask()),
                            slots(marks.slotMask()),
                            path.services().printer().insnText(path, at));
        }
    }

    /** A walk comes to a kept state, in a frame of which it marks something. */
    static void state(Exploration path, BacktrackState marks, VerifierState state, int frame) {
        if (path.log().isDetailed()) {
            path.log()
                    .narrate(
                            "mark_precise: frame%d: parent state regs=%s stack=%s: ",
                            frame, regs(marks.regMask(frame)), slots(marks.slotMask(frame)));
            path.services().printer().printState(path, state, frame, true);
        }
    }

    /** A register that is precise in a state is precise in one that equals it. */
    static void propagate(Exploration path, int frame, int regMask, long slotMask) {
        if (path.log().isDetailed() && (regMask != 0 || slotMask != 0)) {
            String regs = regs(regMask);
            String slots = slots(slotMask, "fp");
            String both = regs.isEmpty() || slots.isEmpty() ? regs + slots : regs + "," + slots;
            path.log().narrate("frame %d: propagating %s\n", frame, both);
        }
    }

    /** The walk cannot follow. */
    static void giveUp(Exploration path, VerifierState from) {
        if (path.log().isDetailed()) {
            path.log().narrate("mark_precise: frame%d: falling back to forcing all scalars precise\n", from.curframe());
        }
    }

    private static String regs(int mask) {
        var text = new StringBuilder();
        for (int reg = 0; reg <= Insn.FRAME_POINTER; reg++) {
            if ((mask >>> reg & 1) != 0) {
                text.append(text.isEmpty() ? "r" : ",r").append(reg);
            }
        }
        return text.toString();
    }

    private static String slots(long mask) {
        return slots(mask, "");
    }

    private static String slots(long mask, String prefix) {
        var text = new StringBuilder();
        for (long rest = mask; rest != 0; rest &= rest - 1) {
            int spi = Long.numberOfTrailingZeros(rest);
            text.append(text.isEmpty() ? prefix : "," + prefix).append(-(spi + 1) * StackSlot.BYTES);
        }
        return text.toString();
    }
}
