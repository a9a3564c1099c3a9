package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.RegState;

/**
 * An access to memory through a register.
 *
 * @param insnIndex slot of the instruction
 * @param reg the pointer
 * @param name how messages call it
 * @param off offset from it
 * @param size bytes
 * @param valueRegno the register that is stored or loaded, -1 if there is none
 * @param strictAlignment whether the address has to be aligned wherever it points
 * @param signExtend whether a load extends the sign
 */
public record Access(
        int insnIndex,
        RegState reg,
        String name,
        int off,
        int size,
        AccessType type,
        int valueRegno,
        boolean strictAlignment,
        boolean signExtend) {
    public boolean isLoadTo() {
        return type == AccessType.READ && valueRegno >= 0;
    }

    public boolean isWrite() {
        return type == AccessType.WRITE;
    }
}
