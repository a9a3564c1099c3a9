package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.List;
import java.util.stream.IntStream;

/** Reading and writing registers of the current frame. */
public final class Registers {
    /** Offsets, in either direction, that pointers may have at most. */
    public static final int MAX_VAR_OFF = KernelLimits.BPF_MAX_VAR_OFF;

    /** r0 to r5 lose their value in a call. */
    public static final int CALLER_SAVED = KernelLimits.CALLER_SAVED_REGS;

    private static final List<String> NAMES = IntStream.range(0, FuncState.REGISTERS)
            .mapToObj(number -> "R" + number)
            .toList();

    private Registers() {}

    /** The register, which an instruction reads; the program is refused if nothing was written to it. */
    public static RegState checkSource(Exploration path, int regno) {
        path.log().markRegScratched(regno);
        RegState reg = path.reg(regno);
        if (reg.is(RegType.NOT_INIT)) {
            throw path.reject(Errno.EACCES, Message.REG_NOT_READABLE, regno);
        }
        return reg;
    }

    /** An instruction writes the register; the program is refused if it is the frame pointer. */
    public static void checkDestination(Exploration path, int regno) {
        path.log().markRegScratched(regno);
        if (regno == Insn.FRAME_POINTER) {
            throw path.reject(Errno.EACCES, Message.FRAME_POINTER_WRITE);
        }
    }

    /** As {@link #checkDestination}, and the register gets an unknown number. */
    public static void writeUnknown(Exploration path, int regno) {
        checkDestination(path, regno);
        path.setReg(regno, RegState.UNKNOWN);
    }

    /** The immediate operand of the instruction that is checked. */
    public static RegState immediate(Exploration path, Insn insn) {
        InsnAux aux = path.unit().aux(path.insnIndex());
        RegState known = aux.immediate;
        if (known == null || known.constValue() != insn.imm()) {
            known = RegState.constant(insn.imm());
            aux.immediate = known;
        }
        return known;
    }

    /** After a call: r0 to r5 cannot be read. */
    public static void clearCallerSaved(Exploration path, FuncState func) {
        for (int i = 0; i < CALLER_SAVED; i++) {
            path.log().markRegScratched(i);
            func.setReg(i, RegState.NOT_INIT);
        }
    }

    /** Number of bits that the unsigned value may need. */
    public static int width(RegState reg) {
        return Long.SIZE - Long.numberOfLeadingZeros(reg.umax());
    }

    /** The scalar without its links to others. */
    public static RegState withoutScalarId(RegState reg) {
        return reg.withId(0).withDelta(0);
    }

    /** The register with an id, before it is copied, so that what is learnt of one copy is learnt of the other. */
    public static RegState withScalarId(Exploration path, RegState reg) {
        if (!reg.isScalar()) {
            return reg;
        }
        RegState linked = (reg.id() & RegState.ADD_CONST) != 0 ? withoutScalarId(reg) : reg;
        return linked.id() == 0 && !linked.isConst() ? linked.withId(path.newId()) : linked;
    }

    /** Returns whether a pointer is certainly not null. */
    public static boolean isNotNull(Exploration path, RegState reg) {
        if (reg.mayBeNull() || reg.smin() <= -MAX_VAR_OFF || reg.smax() >= MAX_VAR_OFF) {
            return false;
        }
        return switch (reg.type()) {
            case PTR_TO_SOCKET,
                    PTR_TO_TCP_SOCK,
                    PTR_TO_XDP_SOCK,
                    PTR_TO_BUF,
                    PTR_TO_MAP_VALUE,
                    PTR_TO_MAP_KEY,
                    PTR_TO_SOCK_COMMON,
                    CONST_PTR_TO_MAP -> true;
            case PTR_TO_BTF_ID -> isTrusted(path, reg);
            case PTR_TO_MEM -> !reg.hasFlag(TypeFlags.PTR_UNTRUSTED);
            default -> false;
        };
    }

    /** Returns whether the kernel guarantees that the object that the pointer points to is valid. */
    public static boolean isTrusted(Exploration path, RegState reg) {
        if (path.state().hasReference(reg.id())) {
            return true;
        }
        boolean unsafe = (reg.flags() & ~TypeFlags.REG_TRUSTED_MODIFIERS) != 0;
        boolean alwaysTrusted =
                switch (reg.type()) {
                    case PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, CONST_PTR_TO_MAP -> true;
                    default -> false;
                };
        return !unsafe && (alwaysTrusted || reg.hasFlag(TypeFlags.REG_TRUSTED_MODIFIERS));
    }

    /**
     * A pointer in its original form only: no variable offset, none below zero, and none at all unless it is allowed.
     */
    public static void checkPointerOffset(Exploration path, RegState reg, String name, boolean fixedOffsetAllowed) {
        if (!reg.isConst()) {
            throw path.reject(
                    Errno.EACCES,
                    Message.VARIABLE_PTR_ACCESS,
                    reg.typeText(),
                    reg.value().varOff());
        }
        if (reg.smin() < 0) {
            throw path.reject(Errno.EACCES, Message.NEGATIVE_PTR_OFFSET, reg.typeText(), name, reg.constValue());
        }
        if (!fixedOffsetAllowed && reg.constValue() != 0) {
            throw path.reject(Errno.EACCES, Message.MODIFIED_PTR_DEREFERENCE, reg.typeText(), name, reg.constValue());
        }
    }

    /** Returns the name of a register in messages. */
    public static String name(int regno) {
        return NAMES.get(regno);
    }
}
