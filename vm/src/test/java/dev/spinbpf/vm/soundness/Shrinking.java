package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Makes a failing program smaller: leaves out instructions as long as it fails. */
final class Shrinking {
    private Shrinking() {}

    /** The program without the instructions that do not matter to {@code fails}. */
    static List<Insn> shrink(List<Insn> insns, Predicate<List<Insn>> fails) {
        List<Insn> smallest = insns;
        boolean again = true;
        while (again) {
            again = false;
            for (int slot = smallest.size() - 1; slot >= 0; slot--) {
                if (smallest.get(slot).op() == Op.LDDW_HI) {
                    continue;
                }
                List<Insn> without = without(smallest, slot);
                if (fails.test(without)) {
                    smallest = without;
                    again = true;
                    slot = Math.min(slot, smallest.size());
                }
            }
        }
        return smallest;
    }

    /** The program without one instruction; jumps and calls lead where they led, or to the next instruction. */
    static List<Insn> without(List<Insn> insns, int removed) {
        int size = insns.get(removed).slots();
        List<Insn> kept = new ArrayList<>();
        for (int slot = 0; slot < insns.size(); slot++) {
            if (slot >= removed && slot < removed + size) {
                continue;
            }
            Insn insn = insns.get(slot);
            kept.add(
                    switch (insn.op().kind()) {
                        case JA, JCC, MAY_GOTO -> {
                            int off = distance(slot, slot + 1 + insn.off(), removed, size);
                            yield new Insn(insn.op(), insn.dst(), insn.src(), off, insn.imm());
                        }
                        case CALL_SUBPROG -> {
                            int imm = distance(slot, slot + 1 + insn.immLow(), removed, size);
                            yield new Insn(insn.op(), insn.dst(), insn.src(), insn.off(), imm);
                        }
                        default -> insn;
                    });
        }
        return kept;
    }

    private static int distance(int from, int to, int removed, int size) {
        int newFrom = from > removed ? from - size : from;
        int newTo = to > removed ? to - size : to;
        return newTo - newFrom - 1;
    }
}
