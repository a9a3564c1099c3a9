package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.domain.ScalarAlu;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.ContextAccess;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.object.KptrAccess;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/** Loads and stores through a register: dispatches on what the register points to. */
final class PointerAccess {

    private PointerAccess() {}

    /** Refuses the access if it is not safe; a load sets the register to what is known of the value. */
    public static void check(Exploration path, Access access) {
        RegState reg = access.reg();
        Alignment.check(
                path, reg, access.off(), access.size(), access.strictAlignment() || path.unit().strictAlignment);
        switch (reg.type()) {
            case PTR_TO_STACK -> checkStack(path, access);
            case PTR_TO_MEM -> checkMem(path, access);
            case PTR_TO_BTF_ID -> {
                refuseNullable(path, access);
                BtfAccess.check(
                        path, reg, access.name(), access.off(), access.size(), access.type(), access.valueRegno());
            }
            case PTR_TO_BUF -> {
                if (path.unit().kernel().has(KernelRule.BUFFERS_MAY_BE_NULL)) {
                    refuseNullable(path, access);
                }
                refuseWriteIf(path, access, reg.hasFlag(TypeFlags.MEM_RDONLY));
                checkBuffer(
                        path,
                        reg,
                        access.name(),
                        access.off(),
                        access.size(),
                        reg.hasFlag(TypeFlags.MEM_RDONLY) ? "rdonly" : "rdwr");
                loadUnknown(path, access);
            }
            default -> checkUnflagged(path, access);
        }
        if (access.isLoadTo() && access.size() < Long.BYTES) {
            narrow(path, access);
        }
    }

    private static void checkUnflagged(Exploration path, Access access) {
        RegState reg = access.reg();
        if (reg.flags() != 0) {
            throw invalid(path, access);
        }
        switch (reg.type()) {
            case PTR_TO_MAP_KEY -> {
                if (access.isWrite()) {
                    throw path.reject(Errno.EACCES, Message.MAP_KEY_WRITE_NOT_ALLOWED, access.name());
                }
                MemoryRegion.check(
                        path,
                        reg,
                        access.name(),
                        access.off(),
                        access.size(),
                        reg.map().keySize(),
                        false);
                loadUnknown(path, access);
            }
            case PTR_TO_MAP_VALUE -> checkMapValue(path, access);
            case PTR_TO_CTX -> checkContext(path, access);
            case PTR_TO_PACKET, PTR_TO_PACKET_META -> {
                if (access.isWrite() && !PacketAccess.mayWrite(path)) {
                    throw path.reject(Errno.EACCES, Message.PACKET_WRITE_NOT_ALLOWED);
                }
                path.seenDirectWrite |= access.isWrite();
                PacketAccess.check(path, reg, access.name(), access.off(), access.size(), false);
                loadUnknown(path, access);
            }
            case PTR_TO_FLOW_KEYS -> checkFlowKeys(path, access);
            case PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK -> {
                refuseWriteIf(path, access, true);
                SocketAccess.check(path, access);
                loadUnknown(path, access);
            }
            case PTR_TO_TP_BUFFER -> {
                checkBuffer(path, reg, access.name(), access.off(), access.size(), "tracepoint");
                loadUnknown(path, access);
            }
            case CONST_PTR_TO_MAP -> BtfAccess.checkMapPointer(path, access);
            case PTR_TO_ARENA -> loadUnknown(path, access);
            default -> throw invalid(path, access);
        }
    }

    private static RuntimeException invalid(Exploration path, Access access) {
        return path.reject(
                Errno.EACCES,
                Message.INVALID_MEM_ACCESS,
                access.name(),
                access.reg().typeText());
    }

    private static void refuseNullable(Exploration path, Access access) {
        if (access.reg().mayBeNull()) {
            throw invalid(path, access);
        }
    }

    private static void refuseWriteIf(Exploration path, Access access, boolean readOnly) {
        if (readOnly && access.isWrite()) {
            throw path.reject(
                    Errno.EACCES,
                    Message.WRITE_INTO_RDONLY,
                    access.name(),
                    access.reg().typeText());
        }
    }

    private static void loadUnknown(Exploration path, Access access) {
        if (access.isLoadTo()) {
            path.setReg(access.valueRegno(), RegState.UNKNOWN);
        }
    }

    private static void checkStack(Exploration path, Access access) {
        if (access.reg().flags() != 0) {
            throw invalid(path, access);
        }
        StackAccess.checkWithinBounds(path, access.reg(), access.name(), access.off(), access.size(), access.type());
        if (access.isWrite()) {
            StackWrites.write(path, access.reg(), access.off(), access.size(), access.valueRegno(), access.insnIndex());
        } else {
            StackReads.read(path, access.reg(), access.name(), access.off(), access.size(), access.valueRegno());
        }
    }

    private static void checkMem(Exploration path, Access access) {
        RegState reg = access.reg();
        refuseNullable(path, access);
        boolean readOnly = reg.hasFlag(TypeFlags.MEM_RDONLY);
        refuseWriteIf(path, access, readOnly);
        if (!(readOnly && reg.hasFlag(TypeFlags.PTR_UNTRUSTED))) {
            MemoryRegion.check(path, reg, access.name(), access.off(), access.size(), reg.memSize(), false);
        }
        loadUnknown(path, access);
    }

    private static void checkMapValue(Exploration path, Access access) {
        RegState reg = access.reg();
        MapAccess.checkPermission(path, reg, access.off(), access.size(), access.type());
        MapAccess.check(path, reg, access.name(), access.off(), access.size(), false, MapAccess.Source.DIRECT);
        BtfField field = reg.isConst() ? pointerField(reg.map(), access.off() + reg.constValue()) : null;
        if (field != null) {
            KptrAccess.check(path, access, field);
        } else if (access.isLoadTo()) {
            path.setReg(access.valueRegno(), loadedFromMap(path, access));
        }
    }

    private static @Nullable BtfField pointerField(MapInfo map, long offset) {
        BtfField field = map.record().at(offset);
        return field != null && field.kind().isPointer() ? field : null;
    }

    private static RegState loadedFromMap(Exploration path, Access access) {
        RegState reg = access.reg();
        if (reg.map().type() == MapType.INSN_ARRAY) {
            if (access.size() != Long.BYTES) {
                throw path.reject(Errno.EACCES, Message.INSN_ARRAY_READ_SIZE, access.size());
            }
            ScalarValue moved =
                    access.off() == 0 ? reg.value() : ScalarAlu.add(reg.value(), ScalarValue.constant(access.off()));
            return reg.withType(RegType.PTR_TO_INSN, 0).withValue(moved);
        }
        Long constant = reg.isConst()
                ? reg.map().constant(access.off() + reg.constValue(), access.size(), access.signExtend())
                : null;
        return constant == null ? RegState.UNKNOWN : RegState.constant(constant);
    }

    private static void checkContext(Exploration path, Access access) {
        RegState reg = access.reg();
        ContextAccess context = path.services().context();
        boolean mayMove = path.unit().kernel().has(KernelRule.CONTEXT_POINTERS_MOVE);
        if (mayMove && path.unit().program().type() == ProgType.SYSCALL) {
            MemoryRegion.check(path, reg, access.name(), access.off(), access.size(), KernelLimits.MAX_CTX_OFF, false);
        } else {
            Registers.checkPointerOffset(path, reg, access.name(), mayMove && context.allowsFixedOffset(path));
        }
        int off = access.off() + (int) reg.umax();
        RegState loaded = context.check(path, off, access.size(), access.isWrite(), access.signExtend());
        if (loaded == null) {
            path.log().note(Message.INVALID_CONTEXT_ACCESS, off, access.size());
            throw path.reject(Errno.EACCES);
        }
        if (!access.isLoadTo()) {
            return;
        }
        if (loaded.is(RegType.PTR_TO_BTF_ID)
                && loaded.id() != 0
                && !path.state().hasReference(loaded.id())) {
            throw path.reject(Errno.EACCES, Message.CONTEXT_REFERENCE_RELEASED, off);
        }
        boolean needsId = loaded.mayBeNull() && loaded.id() == 0;
        path.setReg(access.valueRegno(), needsId ? loaded.withId(path.newId()) : loaded);
    }

    private static void checkFlowKeys(Exploration path, Access access) {
        RegState reg = access.reg();
        // Arithmetic leaves such a pointer with a constant offset.
        long off = access.off() + reg.constValue();
        if (off < 0 || off + access.size() > KernelLimits.BPF_FLOW_KEYS_BYTES) {
            throw path.reject(Errno.EACCES, Message.INVALID_FLOW_KEYS_ACCESS, off, access.size());
        }
        loadUnknown(path, access);
    }

    /** Refuses a variable or negative offset into a buffer whose size is checked when the program is attached or run. */
    static void checkBuffer(Exploration path, RegState reg, String name, int off, int size, String what) {
        if (!reg.isConst()) {
            throw path.reject(
                    Errno.EACCES,
                    Message.BUFFER_VARIABLE_OFFSET,
                    name,
                    off,
                    reg.value().varOff());
        }
        if (reg.constValue() + off < 0) {
            throw path.reject(Errno.EACCES, Message.BUFFER_NEGATIVE_OFFSET, name, what, off, reg.constValue(), size);
        }
    }

    /** A load of less than eight bytes clears, or fills with the sign, the rest of the register. */
    private static void narrow(Exploration path, Access access) {
        RegState loaded = path.reg(access.valueRegno());
        if (!loaded.isScalar()) {
            return;
        }
        if (!access.signExtend()) {
            path.setReg(access.valueRegno(), loaded.withValue(loaded.value().truncate(access.size())));
            return;
        }
        boolean keepsValue = Long.compareUnsigned(loaded.umax(), 1L << (access.size() * Byte.SIZE - 1)) < 0;
        RegState extended = loaded.withValue(loaded.value().signExtend(access.size()));
        path.setReg(access.valueRegno(), keepsValue ? extended : Registers.withoutScalarId(extended));
    }
}
