package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.domain.ScalarBranch;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;

/** Comparisons of a pointer into a packet with the packet's end, or of one into its metadata with its start. */
final class PacketComparison {
    private PacketComparison() {}

    /**
     * Learns how far the packet reaches.
     *
     * @param fallThrough the path on which the condition does not hold
     * @param jump the path on which it does
     */
    static void learn(Insn insn, RegState dst, RegState src, VerifierState fallThrough, VerifierState jump) {
        Op.Cond cond = insn.op().cond();
        boolean pointerIsDst = isPair(dst, src);
        if (!pointerIsDst && !isPair(src, dst)) {
            return;
        }
        RegState pointer = pointerIsDst ? dst : src;
        int regno = pointerIsDst ? insn.dst() : insn.src();
        // As if it were written "pointer cond end".
        switch (pointerIsDst ? cond : ScalarBranch.flip(cond)) {
            case JGT -> {
                PacketAccess.learnRange(fallThrough, pointer, false);
                PacketAccess.markEnd(jump, regno, true);
            }
            case JLT -> {
                PacketAccess.learnRange(jump, pointer, true);
                PacketAccess.markEnd(fallThrough, regno, false);
            }
            case JGE -> {
                PacketAccess.learnRange(fallThrough, pointer, true);
                PacketAccess.markEnd(jump, regno, false);
            }
            case JLE -> {
                PacketAccess.learnRange(jump, pointer, false);
                PacketAccess.markEnd(fallThrough, regno, true);
            }
            default -> {}
        }
    }

    private static boolean isPair(RegState pointer, RegState end) {
        return (pointer.is(RegType.PTR_TO_PACKET, 0) && end.is(RegType.PTR_TO_PACKET_END, 0))
                || (pointer.is(RegType.PTR_TO_PACKET_META, 0) && PacketAccess.isInitial(end, RegType.PTR_TO_PACKET));
    }
}
