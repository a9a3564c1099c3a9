package dev.spinbpf.vm.exec;

import dev.spinbpf.programs.isa.Insn;

/** Stops the program run that raises it; becomes a {@link Fault}. */
public final class TrapException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final String INVALID_ADDRESS = "invalid address";
    private static final String MISALIGNED = "invalid access: misaligned address";

    private final String reason;
    private final boolean stop;

    /** @param reason what went wrong, with the address or value */
    public TrapException(String reason) {
        this(reason, false);
    }

    /** The trap of an access that raised an exception. */
    static TrapException of(RuntimeException cause) {
        return cause instanceof IndexOutOfBoundsException ? outOfMemory() : misaligned();
    }

    /** An access to memory that does not exist; the engine says which. */
    static TrapException outOfMemory() {
        return new TrapException(INVALID_ADDRESS);
    }

    /** An access that is not naturally aligned, where it has to be. */
    static TrapException misaligned() {
        return new TrapException(MISALIGNED);
    }

    private TrapException(String reason, boolean stop) {
        super(reason, null, false, false);
        this.reason = reason;
        this.stop = stop;
    }

    /** To be raised at a poll point, to end a run early without a fault. */
    public static TrapException stop() {
        return new TrapException("stopped", true);
    }

    boolean isStop() {
        return stop;
    }

    /**
     * Returns what went wrong.
     *
     * @param insn the instruction at fault
     * @param registers as they were before it
     * @param function name of what it calls, if it is a call
     */
    @SuppressWarnings("ReferenceEquality") // two of the reasons are for the engine to complete
    String reason(Insn insn, long[] registers, String function) {
        if (reason != INVALID_ADDRESS && reason != MISALIGNED) {
            return reason;
        }
        return switch (insn.op().kind()) {
            case LDX, LDXSX, LOAD_ACQUIRE -> reason + at(registers[insn.src()] + insn.off(), insn);
            case ST, STX, ATOMIC, STORE_RELEASE -> reason + at(registers[insn.dst()] + insn.off(), insn);
            case CALL_HELPER, CALL_KFUNC -> reason + " passed to " + function;
            default -> reason;
        };
    }

    private static String at(long address, Insn insn) {
        int size = insn.op().widthBytes();
        return " 0x" + Long.toHexString(address) + " (" + size + (size == 1 ? " byte)" : " bytes)");
    }
}
