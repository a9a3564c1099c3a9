package dev.spinbpf.vm.exec;

import java.util.BitSet;

/**
 * The instructions of a program that run otherwise than they read, by their slots: Linux's verifier rewrites them.
 *
 * @param probes loads that yield 0 where there is no memory
 * @param arenaAccesses loads, stores and atomic operations whose address is a pointer into the program's arena
 * @param arenaArithmetic 64-bit arithmetic of which only the lower half counts
 * @param dead instructions that are never reached
 */
public record InsnKinds(BitSet probes, BitSet arenaAccesses, BitSet arenaArithmetic, BitSet dead) {
    /** Instructions that all run as they read. */
    public static InsnKinds plain() {
        return new InsnKinds(new BitSet(), new BitSet(), new BitSet(), new BitSet());
    }
}
