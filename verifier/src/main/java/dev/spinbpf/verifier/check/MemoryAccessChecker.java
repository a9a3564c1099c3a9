package dev.spinbpf.verifier.check;

import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.state.RegState;

/** Memory access on behalf of calls. */
public final class MemoryAccessChecker implements MemoryAccess {
    @Override
    public void checkAccess(
            Exploration path, int insnIndex, RegState pointer, String name, int off, int sizeBytes, boolean write) {
        AccessType type = write ? AccessType.WRITE : AccessType.READ;
        PointerAccess.check(path, new Access(insnIndex, pointer, name, off, sizeBytes, type, -1, false, false));
    }

    @Override
    public void checkStackBounds(
            Exploration path, RegState pointer, String name, int off, int sizeBytes, boolean write) {
        StackAccess.checkWithinBounds(path, pointer, name, off, sizeBytes, write ? AccessType.WRITE : AccessType.READ);
    }

    @Override
    public void checkBtfAccess(Exploration path, RegState pointer, String name, int off, int sizeBytes, boolean write) {
        BtfAccess.check(path, pointer, name, off, sizeBytes, write ? AccessType.WRITE : AccessType.READ, -1);
    }

    @Override
    public void checkAlignment(Exploration path, RegState pointer, int off, int sizeBytes, boolean strict) {
        Alignment.check(path, pointer, off, sizeBytes, strict);
    }
}
