package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import org.jspecify.annotations.Nullable;

/** Memory that helpers and kernel functions access through their arguments. */
public final class HelperMemory {

    private HelperMemory() {}

    /**
     * Refuses a pointer through which not all of {@code size} bytes can be accessed.
     *
     * @param name how messages call the argument, such as {@code R2}
     * @param size bytes; negative for stack memory of which parts may be dead (arguments of global functions)
     * @param raw set if stack memory needs no initial value: what is written is noted there
     */
    public static void check(
            Exploration path,
            RegState reg,
            String name,
            int size,
            AccessType type,
            boolean zeroSizeAllowed,
            @Nullable RawMemory raw) {
        switch (reg.type()) {
            case PTR_TO_PACKET, PTR_TO_PACKET_META -> PacketAccess.check(path, reg, name, 0, size, zeroSizeAllowed);
            case PTR_TO_MAP_KEY -> {
                refuseWrite(path, reg, name, type, true);
                MemoryRegion.check(path, reg, name, 0, size, reg.map().keySize(), false);
            }
            case PTR_TO_MAP_VALUE -> {
                MapAccess.checkPermission(path, reg, 0, size, type);
                MapAccess.check(path, reg, name, 0, size, zeroSizeAllowed, MapAccess.Source.HELPER);
            }
            case PTR_TO_MEM -> {
                refuseWrite(path, reg, name, type, reg.hasFlag(TypeFlags.MEM_RDONLY));
                MemoryRegion.check(path, reg, name, 0, size, reg.memSize(), zeroSizeAllowed);
            }
            case PTR_TO_BUF -> {
                refuseWrite(path, reg, name, type, reg.hasFlag(TypeFlags.MEM_RDONLY));
                PointerAccess.checkBuffer(
                        path, reg, name, 0, size, reg.hasFlag(TypeFlags.MEM_RDONLY) ? "rdonly" : "rdwr");
            }
            case PTR_TO_STACK -> checkStackInitialized(path, reg, name, 0, size, zeroSizeAllowed, type, raw);
            case PTR_TO_BTF_ID -> BtfAccess.check(path, reg, name, 0, size, type, -1);
            default -> checkOther(path, reg, name, size, zeroSizeAllowed);
        }
    }

    private static void refuseWrite(Exploration path, RegState reg, String name, AccessType type, boolean readOnly) {
        if (readOnly && type == AccessType.WRITE) {
            throw path.reject(Errno.EACCES, Message.WRITE_INTO_RDONLY, name, reg.typeText());
        }
    }

    private static void checkOther(Exploration path, RegState reg, String name, int size, boolean zeroSizeAllowed) {
        if (reg.is(RegType.PTR_TO_CTX) && path.unit().program().type() == ProgType.SYSCALL) {
            MemoryRegion.check(path, reg, name, 0, size, KernelLimits.MAX_CTX_OFF, zeroSizeAllowed);
            return;
        }
        if (!(zeroSizeAllowed && size == 0 && reg.isNull())) {
            throw path.reject(
                    Errno.EACCES, Message.MEMORY_EXPECTED, name, reg.typeText(), RegType.PTR_TO_STACK.display());
        }
    }

    /**
     * Checks a pointer argument and the scalar argument that says how many bytes.
     *
     * @param sizeRegno the register with the size; it becomes precise
     */
    public static void checkSized(
            Exploration path,
            RegState mem,
            String memName,
            int sizeRegno,
            AccessType type,
            boolean zeroSizeAllowed,
            @Nullable RawMemory raw) {
        RegState size = path.reg(sizeRegno);
        String sizeName = Registers.name(sizeRegno);
        if (size.smin() < 0) {
            throw path.reject(Errno.EACCES, Message.MEM_SIZE_MAY_BE_NEGATIVE, sizeName);
        }
        if (size.umin() == 0 && !zeroSizeAllowed) {
            throw path.reject(Errno.EACCES, Message.MEM_SIZE_MAY_BE_ZERO, sizeName, size.umin(), size.umax());
        }
        if (Long.compareUnsigned(size.umax(), KernelLimits.BPF_MAX_VAR_SIZ) >= 0) {
            throw path.reject(Errno.EACCES, Message.MEM_SIZE_UNBOUNDED, sizeName);
        }
        check(path, mem, memName, (int) size.umax(), type, zeroSizeAllowed, size.isConst() ? raw : null);
        path.services().precision().markChain(path, sizeRegno);
    }

    /** Checks a pointer argument to memory of a size that the prototype says, for reading and writing; null is allowed. */
    public static void checkFixed(Exploration path, RegState reg, String name, long memSize) {
        if (reg.isNull()) {
            return;
        }
        if (memSize > Integer.MAX_VALUE) {
            throw path.reject(Errno.EACCES, Message.MEM_SIZE_TOO_LARGE, name, memSize);
        }
        RegState pointer = reg.mayBeNull() ? reg.notNull() : reg;
        int size = pointer.is(RegType.PTR_TO_STACK) ? -(int) memSize : (int) memSize;
        check(path, pointer, name, size, AccessType.READ, true, null);
        check(path, pointer, name, size, AccessType.WRITE, true, null);
    }

    /**
     * Refuses stack memory that is out of bounds or, unless {@code raw}, not readable; data written there is marked.
     *
     * @param size as for {@link #check}
     */
    static void checkStackInitialized(
            Exploration path,
            RegState reg,
            String name,
            int off,
            int size,
            boolean zeroSizeAllowed,
            AccessType type,
            @Nullable RawMemory raw) {
        boolean clobber = type == AccessType.WRITE;
        boolean poisonAllowed = size < 0 || clobber;
        int bytes = Math.abs(size);
        if (bytes == 0 && !zeroSizeAllowed) {
            throw path.reject(Errno.EACCES, Message.ZERO_SIZED_READ);
        }
        StackAccess.checkWithinBounds(path, reg, name, off, bytes, type);
        int min = (int) (reg.isConst() ? reg.constValue() : reg.smin()) + off;
        int max = (int) (reg.isConst() ? reg.constValue() : reg.smax()) + off;
        if (raw != null && reg.isConst()) {
            if (!path.unit().kernel().has(KernelRule.HELPERS_OVERWRITE_DYNPTRS)) {
                checkNoDynptr(path, path.func(reg), min, max + bytes);
            }
            raw.use(bytes);
            return;
        }
        for (int i = min; i < max + bytes; i++) {
            if (!checkByte(path.func(reg), i, clobber, poisonAllowed)) {
                throw unreadable(path, reg, name, min, i, bytes);
            }
        }
    }

    private static void checkNoDynptr(Exploration path, FuncState func, int min, int end) {
        for (int i = min; i < end; i++) {
            int stackOff = -i - 1;
            if (stackOff >= func.allocatedStack()) {
                continue;
            }
            if (func.slot(stackOff / StackSlot.BYTES).type(stackOff % StackSlot.BYTES) == SlotType.DYNPTR) {
                throw path.reject(Errno.EACCES, Message.DYNPTR_OVERWRITE_DISALLOWED, i);
            }
        }
    }

    private static boolean checkByte(FuncState func, int off, boolean clobber, boolean poisonAllowed) {
        int spi = (-off - 1) / StackSlot.BYTES;
        int index = (-off - 1) % StackSlot.BYTES;
        StackSlot slot = func.slot(spi);
        SlotType type = slot.type(index);
        if (type == SlotType.MISC) {
            return true;
        }
        if (type == SlotType.ZERO || type == SlotType.INVALID) {
            if (clobber) {
                func.setSlot(spi, slot.withType(index, SlotType.MISC));
            }
            return true;
        }
        if (slot.isSpilled()) {
            if (clobber) {
                func.setSlot(spi, StackAccess.allMisc(slot.withSpilled(RegState.UNKNOWN)));
            }
            return true;
        }
        return type == SlotType.POISON && poisonAllowed;
    }

    private static RuntimeException unreadable(
            Exploration path, RegState reg, String name, int min, int at, int bytes) {
        int spi = (-at - 1) / StackSlot.BYTES;
        if (path.func(reg).slot(spi).type((-at - 1) % StackSlot.BYTES) == SlotType.POISON) {
            return StackReads.readOfDeadSlot(at);
        }
        if (reg.isConst()) {
            return path.reject(Errno.EACCES, Message.STACK_ARG_INVALID_READ, name, min, at - min, bytes);
        }
        return path.reject(
                Errno.EACCES,
                Message.STACK_ARG_INVALID_VARIABLE_READ,
                name,
                reg.value().varOff(),
                at - min,
                bytes);
    }
}
