package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.maps.sync.SharedAccess;

/**
 * Loads, stores and atomic operations that pass a schedule point first, as the programs of a simulation have them.
 *
 * <p>The loader gives them numbers of their own ({@link MicroOp#observed}), so that the interpreter of all other
 * programs has no test for them. A run's own stack is private to it and passes no point.
 */
final class ObservedOps {
    private ObservedOps() {}

    /**
     * Executes one instruction.
     *
     * @param micro the operation that is observed
     * @param pc index of the next instruction
     * @return index to go on at
     */
    static int step(Execution run, long[] r, int micro, int d, int s, int off, int pc) {
        boolean isLoad = MicroOp.isLoad(micro);
        long address = (isLoad ? r[s] : r[d]) + off;
        if (!run.isOnStack(address)) {
            run.at = pc - 1;
            SchedulePoint.reach(access(micro, isLoad), SchedulePoint.GUEST, address, MicroOp.widthBytes(micro));
        }
        return access(run, r, micro, d, s, off, pc);
    }

    /** The kind of access that an operation is. */
    static SharedAccess access(int micro, boolean isLoad) {
        if (micro < MicroOp.LOAD_ACQUIRE) {
            return isLoad ? SharedAccess.PLAIN_READ : SharedAccess.PLAIN_WRITE;
        }
        if (micro < MicroOp.ATOMIC32) {
            return isLoad ? SharedAccess.READ : SharedAccess.WRITE;
        }
        int operator = micro < MicroOp.ATOMIC64 ? micro - MicroOp.ATOMIC32 : micro - MicroOp.ATOMIC64;
        return RareOps.fetches(operator) ? SharedAccess.READ_MODIFY_WRITE : SharedAccess.RELAXED_READ_MODIFY_WRITE;
    }

    private static int access(Execution run, long[] r, int micro, int d, int s, int off, int pc) {
        switch (micro) {
            case MicroOp.LDX8 -> r[d] = MemorySemantics.load8(r[s] + off);
            case MicroOp.LDX16 -> r[d] = MemorySemantics.load16(r[s] + off);
            case MicroOp.LDX32 -> r[d] = MemorySemantics.load32(r[s] + off);
            case MicroOp.LDX64 -> r[d] = MemorySemantics.load64(r[s] + off);
            case MicroOp.STX8 -> MemorySemantics.store8(r[d] + off, r[s]);
            case MicroOp.STX16 -> MemorySemantics.store16(r[d] + off, r[s]);
            case MicroOp.STX32 -> MemorySemantics.store32(r[d] + off, r[s]);
            case MicroOp.STX64 -> MemorySemantics.store64(r[d] + off, r[s]);
            default -> {
                return RareOps.memory(run, r, micro, d, s, off, pc);
            }
        }
        return pc;
    }
}
