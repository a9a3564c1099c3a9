package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;

/** Reads from the stack: fills of registers, and data. */
final class StackReads {
    private StackReads() {}

    /**
     * Reads from {@code reg + off}, which is within bounds.
     *
     * @param dstRegno the register that receives the value, -1 if the value goes elsewhere
     */
    static void read(Exploration path, RegState reg, String name, int off, int size, int dstRegno) {
        FuncState func = path.func(reg);
        if (reg.isConst()) {
            readFixed(path, func, off + (int) reg.constValue(), size, dstRegno);
            return;
        }
        if (dstRegno < 0) {
            throw path.reject(
                    Errno.EACCES,
                    Message.STACK_VARIABLE_OFFSET_TO_HELPER,
                    reg.value().varOff(),
                    off,
                    size);
        }
        HelperMemory.checkStackInitialized(path, reg, name, off, size, false, AccessType.READ, null);
        int min = (int) (reg.smin() + off);
        int max = (int) (reg.smax() + off);
        readData(path, func, min, max + size, dstRegno);
        StackAccess.checkFastcallContract(path, func, path.insnIndex(), min);
    }

    private static void readFixed(Exploration path, FuncState func, int off, int size, int dstRegno) {
        int spi = (-off - 1) / StackSlot.BYTES;
        path.log().markSlotScratched(spi);
        StackAccess.checkFastcallContract(path, path.func(), path.insnIndex(), off);
        boolean isFill =
                switch (contentsOf(func.slot(spi), size)) {
                    case WHOLE_SPILL -> {
                        fill(path, func, spi, dstRegno);
                        yield true;
                    }
                    case PART_OF_SPILL -> readPart(path, func, spi, off, size, dstRegno);
                    case DATA -> {
                        checkReadable(path, func.slot(spi), off, size);
                        if (dstRegno >= 0) {
                            readData(path, func, off, off + size, dstRegno);
                        }
                        yield false;
                    }
                };
        if (isFill) {
            StackAccess.pushHistory(path, JmpHistoryEntry.INSN_F_STACK_ACCESS, spi, func.frameno());
        }
    }

    private enum Contents {
        /** All of a register that was spilled at full width. */
        WHOLE_SPILL,
        /** Some of a spilled register, or one of which some was spilled. */
        PART_OF_SPILL,
        /** Bytes that are no register. */
        DATA
    }

    private static Contents contentsOf(StackSlot slot, int size) {
        if (!slot.isSpilled()) {
            return Contents.DATA;
        }
        return size == StackSlot.BYTES && spillSize(slot) == StackSlot.BYTES
                ? Contents.WHOLE_SPILL
                : Contents.PART_OF_SPILL;
    }

    private static void fill(Exploration path, FuncState func, int spi, int dstRegno) {
        if (dstRegno < 0) {
            return;
        }
        StackSlot slot = func.slot(spi);
        RegState value = Registers.withScalarId(path, slot.spilled());
        func.setSlot(spi, slot.withSpilled(value));
        path.setReg(dstRegno, value);
    }

    private static int spillSize(StackSlot slot) {
        int size = 1;
        for (int i = StackSlot.BYTES - 1; i > 0 && slot.type(i - 1) == SlotType.SPILL; i--) {
            size++;
        }
        return size;
    }

    /** Reads part of a spilled register, or one of which only part was spilled; true if it is a fill. */
    private static boolean readPart(Exploration path, FuncState func, int spi, int off, int size, int dstRegno) {
        StackSlot slot = func.slot(spi);
        RegState value = slot.spilled();
        if (!value.isScalar()) {
            path.services().printer().printSourceLine(path, path.insnIndex(), "; ");
            throw path.reject(Errno.EACCES, Message.FILL_SIZE_INVALID);
        }
        if (dstRegno < 0) {
            return false;
        }
        int spillSize = spillSize(slot);
        if (size > spillSize || off % StackSlot.BYTES != 0) {
            return readBytes(path, func, slot, off, size, dstRegno);
        }
        if (size == 4 && spillSize == 4 && Registers.width(value) <= Integer.SIZE) {
            value = Registers.withScalarId(path, value);
            func.setSlot(spi, slot.withSpilled(value));
        }
        boolean narrowing = Registers.width(value) > size * Byte.SIZE;
        path.setReg(dstRegno, narrowing ? Registers.withoutScalarId(value) : value);
        return true;
    }

    private static boolean readBytes(
            Exploration path, FuncState func, StackSlot slot, int off, int size, int dstRegno) {
        int spilled = 0;
        int zeros = 0;
        for (int i = 0; i < size; i++) {
            switch (slot.type((-off - 1 - i) % StackSlot.BYTES)) {
                case SPILL -> spilled++;
                case ZERO -> zeros++;
                case MISC, INVALID -> {}
                case POISON -> throw readOfDeadSlot(off + i);
                case DYNPTR, ITER, IRQ_FLAG -> throw invalid(path, off, i, size);
            }
        }
        boolean zeroFill = spilled == size && slot.spilled().isNull();
        if (!zeroFill && zeros < size) {
            readData(path, func, off, off + size, dstRegno);
            return false;
        }
        path.setReg(dstRegno, RegState.ZERO);
        return zeroFill;
    }

    private static void checkReadable(Exploration path, StackSlot slot, int off, int size) {
        for (int i = 0; i < size; i++) {
            switch (slot.type((-off - 1 - i) % StackSlot.BYTES)) {
                case MISC, ZERO, INVALID -> {}
                case POISON -> throw readOfDeadSlot(off + i);
                case SPILL, DYNPTR, ITER, IRQ_FLAG -> throw invalid(path, off, i, size);
            }
        }
    }

    /** The error of the liveness analysis that a read of a slot shows which it had found dead. */
    static IllegalStateException readOfDeadSlot(int off) {
        return new IllegalStateException("the stack at fp" + off + " is read, but was found to be dead");
    }

    private static RuntimeException invalid(Exploration path, int off, int index, int size) {
        return path.reject(Errno.EACCES, Message.STACK_INVALID_READ, off, index, size);
    }

    /**
     * The register gets what lies between the offsets: 0 if all of it is zero. Spilled registers that are 0 count where the
     * kernel has it so; they matter to safety then.
     */
    private static void readData(Exploration path, FuncState func, int min, int max, int dstRegno) {
        boolean spillsCount = path.unit().kernel().has(KernelRule.SPILLED_ZEROS_READ_AS_ZERO);
        long zeroSpills = 0;
        boolean zero = true;
        for (int i = min; i < max && zero; i++) {
            int spi = (-i - 1) / StackSlot.BYTES;
            path.log().markSlotScratched(spi);
            StackSlot slot = func.slot(spi);
            SlotType type = slot.type((-i - 1) % StackSlot.BYTES);
            boolean isSpilledZero =
                    spillsCount && type == SlotType.SPILL && slot.spilled().isNull();
            zeroSpills |= isSpilledZero ? 1L << spi : 0;
            zero = type == SlotType.ZERO || isSpilledZero;
        }
        path.setReg(dstRegno, zero ? RegState.ZERO : RegState.UNKNOWN);
        if (zero && zeroSpills != 0) {
            path.services().precision().markStackSlots(path, func.frameno(), zeroSpills);
        }
    }
}
