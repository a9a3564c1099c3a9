package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.ProgramUnit;

/**
 * Halves of registers that an instruction reads or gives a new value: bit n is the lower half of rn, bit n + 16 the upper
 * one.
 *
 * <p>An instruction of 32 bits reads lower halves, but an address is always read whole; it gives the whole register a
 * value. What a call reads counts as read whole.
 *
 * @param reads halves that are read
 * @param writes halves that get a value
 */
record RegisterUse(int reads, int writes) {
    private static final int UPPER = 16;
    private static final int LOWER_HALVES = 0xffff;
    private static final int MAX_ARGS = 5;
    /** A legacy packet load counts as reading every register and writing none, as in Linux. */
    private static final RegisterUse PACKET_LOAD = new RegisterUse(-1, 0);

    static RegisterUse of(ProgramUnit unit, CallChecker calls, Insn insn) {
        return switch (insn.op().kind()) {
            case LD_ABS, LD_IND -> PACKET_LOAD;
            case CALL_HELPER, CALL_KFUNC -> {
                int params = Math.min(calls.summary(unit, insn).params(), MAX_ARGS);
                yield new RegisterUse(whole(insn.usedRegs() & ((2 << params) - 1)), whole(insn.definedRegs()));
            }
            case ALU, NEG, MOVSX, JCC ->
                new RegisterUse(wholeIf(insn.op().is64(), insn.usedRegs()), whole(insn.definedRegs()));
            case STX, ATOMIC -> {
                int address = 1 << insn.dst();
                int others = insn.usedRegs() & ~address;
                boolean isSourceTheAddress = insn.src() == insn.dst();
                yield new RegisterUse(
                        whole(address) | wholeIf(insn.op().is64() || isSourceTheAddress, others),
                        whole(insn.definedRegs()));
            }
            default -> new RegisterUse(whole(insn.usedRegs()), whole(insn.definedRegs()));
        };
    }

    /** Returns the registers of which a half is in the set, bit n for rn. */
    static int registers(int halves) {
        return (halves | halves >>> UPPER) & LOWER_HALVES;
    }

    /**
     * Returns whether a processor that leaves upper halves as they are would have to zero one after the instruction: it
     * gives a register a number of 32 bits, and the upper half is read later.
     *
     * @param after halves that are alive after the instruction
     */
    static boolean needsUpperHalfZeroed(ProgramUnit unit, Insn insn, int after) {
        return definesLowerHalf(unit, insn) && (whole(result(insn)) >>> UPPER & after >>> UPPER) != 0;
    }

    private static boolean definesLowerHalf(ProgramUnit unit, Insn insn) {
        Op op = insn.op();
        return switch (op.kind()) {
            case ALU, NEG, MOVSX, BYTE_SWAP, LDX, ATOMIC, LOAD_ACQUIRE -> !op.is64();
            case ADDR_SPACE_CAST -> insn.imm() == 1 || isArenaWithoutUserAddresses(unit);
            case LD_ABS, LD_IND -> true;
            default -> false;
        };
    }

    private static boolean isArenaWithoutUserAddresses(ProgramUnit unit) {
        return unit.usedMaps().stream()
                .anyMatch(map -> map.type() == MapType.ARENA && (map.def().flags() & MapFlags.BPF_F_NO_USER_CONV) != 0);
    }

    private static int result(Insn insn) {
        boolean isPacketLoad = insn.op().kind() == Op.Kind.LD_ABS || insn.op().kind() == Op.Kind.LD_IND;
        return isPacketLoad ? 1 : insn.definedRegs();
    }

    private static int whole(int registers) {
        return registers | registers << UPPER;
    }

    private static int wholeIf(boolean condition, int registers) {
        return condition ? whole(registers) : registers;
    }
}
