package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.object.DynptrSlots;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import org.jspecify.annotations.Nullable;

/** Writes to the stack: spills of registers, zeros, and data of which only is known that it is there. */
final class StackWrites {
    private StackWrites() {}

    /**
     * Writes to {@code reg + off}, which is within bounds.
     *
     * @param valueRegno the register that is stored, -1 for an immediate or data not known
     */
    static void write(Exploration path, RegState reg, int off, int size, int valueRegno, int insnIndex) {
        FuncState func = path.func(reg);
        if (reg.isConst()) {
            writeFixed(path, func, off + (int) reg.constValue(), size, valueRegno, insnIndex);
        } else {
            writeVariable(path, func, reg, off, size, valueRegno, insnIndex);
        }
    }

    private static void writeFixed(Exploration path, FuncState func, int off, int size, int valueRegno, int insnIndex) {
        int spi = (-off - 1) / StackSlot.BYTES;
        Insn insn = path.unit().insn(insnIndex);
        RegState value = valueRegno >= 0 ? path.reg(valueRegno) : null;
        boolean aligned = off % StackSlot.BYTES == 0;
        DynptrSlots.destroyIfDynptr(path, func, spi);
        StackAccess.checkFastcallContract(path, func, insnIndex, off);
        path.log().markSlotScratched(spi);
        if (value != null && aligned && value.isScalar()) {
            spillScalar(path, func, spi, valueRegno, size);
        } else if (value == null && aligned && StackAccess.isStoreOfImmediate(insn)) {
            spill(func, spi, RegState.constant(insn.imm()), size);
        } else if (value != null && isSpillable(path, value)) {
            spillPointer(path, func, spi, value, size, insnIndex);
        } else {
            writeData(path, func, off, size, value, valueRegno, insn);
            return;
        }
        StackAccess.pushHistory(path, JmpHistoryEntry.INSN_F_STACK_ACCESS, spi, func.frameno());
    }

    private static void spillScalar(Exploration path, FuncState func, int spi, int valueRegno, int size) {
        RegState value = path.reg(valueRegno);
        if (Registers.width(value) <= Byte.SIZE * size) {
            value = Registers.withScalarId(path, value);
            path.setReg(valueRegno, value);
        } else {
            value = value.withId(0);
        }
        spill(func, spi, value, size);
    }

    private static void spillPointer(
            Exploration path, FuncState func, int spi, RegState value, int size, int insnIndex) {
        if (size != StackSlot.BYTES) {
            path.services().printer().printSourceLine(path, insnIndex, "; ");
            throw path.reject(Errno.EACCES, Message.SPILL_SIZE_INVALID);
        }
        if (func.frameno() != path.func().frameno() && value.is(RegType.PTR_TO_STACK)) {
            throw path.reject(Errno.EINVAL, Message.SPILL_TO_CALLER);
        }
        spill(func, spi, value, size);
    }

    private static void spill(FuncState func, int spi, RegState value, int size) {
        StackSlot slot = func.slot(spi).withSpilled(value);
        for (int i = StackSlot.BYTES - 1; i >= 0; i--) {
            if (i >= StackSlot.BYTES - size) {
                slot = slot.withType(i, SlotType.SPILL);
            } else {
                slot = switch (slot.type(i)) {
                    case ZERO, INVALID, POISON -> slot;
                    default -> slot.withType(i, SlotType.MISC);
                };
            }
        }
        func.setSlot(spi, slot);
    }

    private static void writeData(
            Exploration path, FuncState func, int off, int size, @Nullable RegState value, int valueRegno, Insn insn) {
        int first = -off - 1;
        int spi = first / StackSlot.BYTES;
        StackSlot slot = StackAccess.scrubbed(func.slot(spi));
        SlotType type = SlotType.MISC;
        if (isZero(value, insn)) {
            if (valueRegno >= 0) {
                path.services().precision().markChain(path, valueRegno);
            }
            type = SlotType.ZERO;
        }
        for (int i = 0; i < size; i++) {
            slot = slot.withType((first - i) % StackSlot.BYTES, type);
        }
        func.setSlot(spi, slot);
    }

    private static boolean isZero(@Nullable RegState value, Insn insn) {
        return value != null ? value.isNull() : StackAccess.isStoreOfImmediate(insn) && insn.imm() == 0;
    }

    private static boolean isSpillable(Exploration path, RegState reg) {
        if (path.unit().kernel().has(KernelRule.ALL_POINTERS_SPILL)) {
            return !reg.isScalar() && !reg.is(RegType.NOT_INIT);
        }
        return switch (reg.type()) {
            case PTR_TO_MAP_VALUE,
                    PTR_TO_STACK,
                    PTR_TO_CTX,
                    PTR_TO_PACKET,
                    PTR_TO_PACKET_META,
                    PTR_TO_PACKET_END,
                    PTR_TO_FLOW_KEYS,
                    CONST_PTR_TO_MAP,
                    PTR_TO_SOCKET,
                    PTR_TO_SOCK_COMMON,
                    PTR_TO_TCP_SOCK,
                    PTR_TO_XDP_SOCK,
                    PTR_TO_BTF_ID,
                    PTR_TO_BUF,
                    PTR_TO_MEM,
                    PTR_TO_FUNC,
                    PTR_TO_MAP_KEY,
                    PTR_TO_ARENA -> true;
            default -> false;
        };
    }

    /**
     * Writes somewhere between two offsets. Each byte there may be written or may keep what it holds, so that it holds
     * both: a zero only if it holds one and a zero is written.
     */
    private static void writeVariable(
            Exploration path, FuncState func, RegState pointer, int off, int size, int valueRegno, int insnIndex) {
        int first = (int) (pointer.smin() + off);
        int end = (int) (pointer.smax() + off + size);
        for (int at = first; at < end; at++) {
            DynptrSlots.destroyIfDynptr(path, func, spiOf(at));
        }
        StackAccess.checkFastcallContract(path, func, insnIndex, first);
        boolean zero = isZero(
                valueRegno >= 0 ? path.reg(valueRegno) : null, path.unit().insn(insnIndex));
        boolean reliesOnZero = false;
        for (int at = first; at < end; at++) {
            path.log().markSlotScratched(spiOf(at));
            reliesOnZero |= mayWriteByte(func, at, zero);
        }
        if (reliesOnZero && valueRegno >= 0) {
            path.services().precision().markChain(path, valueRegno);
        }
    }

    /** One byte that may be written; true if it is still known to be zero since what is written is. */
    private static boolean mayWriteByte(FuncState func, int at, boolean zero) {
        int spi = spiOf(at);
        int index = (-at - 1) % StackSlot.BYTES;
        StackSlot slot = func.slot(spi);
        if (zero
                && slot.type(index) == SlotType.SPILL
                && slot.isSpilledScalar()
                && slot.spilled().isNull()) {
            return true;
        }
        StackSlot scrubbed = StackAccess.scrubbed(slot);
        boolean staysZero = zero && scrubbed.type(index) == SlotType.ZERO;
        func.setSlot(spi, scrubbed.withType(index, staysZero ? SlotType.ZERO : SlotType.MISC));
        return staysZero;
    }

    private static int spiOf(int off) {
        return (-off - 1) / StackSlot.BYTES;
    }
}
