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
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
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
    public static void check(VerifierEnv env, Access access) {
        RegState reg = access.reg();
        Alignment.check(env, reg, access.off(), access.size(), access.strictAlignment());
        switch (reg.type()) {
            case PTR_TO_STACK -> checkStack(env, access);
            case PTR_TO_MEM -> checkMem(env, access);
            case PTR_TO_BTF_ID -> {
                refuseNullable(env, access);
                BtfAccess.check(
                        env, reg, access.name(), access.off(), access.size(), access.type(), access.valueRegno());
            }
            case PTR_TO_BUF -> {
                refuseNullable(env, access);
                refuseWriteIf(env, access, reg.hasFlag(TypeFlags.MEM_RDONLY));
                checkBuffer(
                        env, reg, access.name(), access.off(), reg.hasFlag(TypeFlags.MEM_RDONLY) ? "rdonly" : "rdwr");
                loadUnknown(env, access);
            }
            default -> checkUnflagged(env, access);
        }
        if (access.isLoadTo() && access.size() < Long.BYTES) {
            narrow(env, access);
        }
    }

    private static void checkUnflagged(VerifierEnv env, Access access) {
        RegState reg = access.reg();
        if (reg.flags() != 0) {
            throw invalid(env, access);
        }
        switch (reg.type()) {
            case PTR_TO_MAP_KEY -> {
                if (access.isWrite()) {
                    throw env.reject(Errno.EACCES, "write to change key %s not allowed", access.name());
                }
                MemoryRegion.check(
                        env,
                        reg,
                        access.name(),
                        access.off(),
                        access.size(),
                        reg.map().keySize(),
                        false);
                loadUnknown(env, access);
            }
            case PTR_TO_MAP_VALUE -> checkMapValue(env, access);
            case PTR_TO_CTX -> checkContext(env, access);
            case PTR_TO_PACKET, PTR_TO_PACKET_META -> {
                if (access.isWrite() && !PacketAccess.mayWrite(env)) {
                    throw env.reject(Errno.EACCES, "cannot write into packet");
                }
                env.seenDirectWrite |= access.isWrite();
                PacketAccess.check(env, reg, access.name(), access.off(), access.size(), false);
                loadUnknown(env, access);
            }
            case PTR_TO_FLOW_KEYS -> checkFlowKeys(env, access);
            case PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK -> {
                refuseWriteIf(env, access, true);
                SocketAccess.check(env, access);
                loadUnknown(env, access);
            }
            case PTR_TO_TP_BUFFER -> {
                checkBuffer(env, reg, access.name(), access.off(), "tracepoint");
                loadUnknown(env, access);
            }
            case CONST_PTR_TO_MAP -> BtfAccess.checkMapPointer(env, access);
            case PTR_TO_ARENA -> loadUnknown(env, access);
            default -> throw invalid(env, access);
        }
    }

    private static RuntimeException invalid(VerifierEnv env, Access access) {
        return env.reject(
                Errno.EACCES,
                "%s invalid mem access '%s'",
                access.name(),
                access.reg().typeText());
    }

    private static void refuseNullable(VerifierEnv env, Access access) {
        if (access.reg().mayBeNull()) {
            throw invalid(env, access);
        }
    }

    private static void refuseWriteIf(VerifierEnv env, Access access, boolean readOnly) {
        if (readOnly && access.isWrite()) {
            throw env.reject(
                    Errno.EACCES,
                    "%s cannot write into %s",
                    access.name(),
                    access.reg().typeText());
        }
    }

    private static void loadUnknown(VerifierEnv env, Access access) {
        if (access.isLoadTo()) {
            env.setReg(access.valueRegno(), RegState.UNKNOWN);
        }
    }

    private static void checkStack(VerifierEnv env, Access access) {
        if (access.reg().flags() != 0) {
            throw invalid(env, access);
        }
        StackAccess.checkWithinBounds(env, access.reg(), access.name(), access.off(), access.size(), access.type());
        if (access.isWrite()) {
            StackWrites.write(env, access.reg(), access.off(), access.size(), access.valueRegno(), access.insnIndex());
        } else {
            StackReads.read(env, access.reg(), access.name(), access.off(), access.size(), access.valueRegno());
        }
    }

    private static void checkMem(VerifierEnv env, Access access) {
        RegState reg = access.reg();
        refuseNullable(env, access);
        boolean readOnly = reg.hasFlag(TypeFlags.MEM_RDONLY);
        refuseWriteIf(env, access, readOnly);
        if (!(readOnly && reg.hasFlag(TypeFlags.PTR_UNTRUSTED))) {
            MemoryRegion.check(env, reg, access.name(), access.off(), access.size(), reg.memSize(), false);
        }
        loadUnknown(env, access);
    }

    private static void checkMapValue(VerifierEnv env, Access access) {
        RegState reg = access.reg();
        MapAccess.checkPermission(env, reg, access.off(), access.size(), access.type());
        MapAccess.check(env, reg, access.name(), access.off(), access.size(), false, MapAccess.Source.DIRECT);
        BtfField field = reg.isConst() ? pointerField(reg.map(), access.off() + reg.constValue()) : null;
        if (field != null) {
            KptrAccess.check(env, access, field);
        } else if (access.isLoadTo()) {
            env.setReg(access.valueRegno(), loadedFromMap(env, access));
        }
    }

    private static @Nullable BtfField pointerField(MapInfo map, long offset) {
        BtfField field = map.record().at(offset);
        return field != null && field.kind().isPointer() ? field : null;
    }

    private static RegState loadedFromMap(VerifierEnv env, Access access) {
        RegState reg = access.reg();
        if (reg.map().type() == MapType.INSN_ARRAY) {
            if (access.size() != Long.BYTES) {
                throw env.reject(Errno.EACCES, "Invalid read of %d bytes from insn_array", access.size());
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

    private static void checkContext(VerifierEnv env, Access access) {
        RegState reg = access.reg();
        ContextAccess context = env.services().context();
        if (env.program().type() == ProgType.SYSCALL) {
            MemoryRegion.check(env, reg, access.name(), access.off(), access.size(), KernelLimits.MAX_CTX_OFF, false);
        } else {
            Registers.checkPointerOffset(env, reg, access.name(), context.allowsFixedOffset(env));
        }
        int off = access.off() + (int) reg.umax();
        RegState loaded = context.check(env, off, access.size(), access.isWrite(), access.signExtend());
        if (loaded == null) {
            env.verbose("invalid bpf_context access off=%d size=%d\n", off, access.size());
            throw env.reject(Errno.EACCES);
        }
        if (!access.isLoadTo()) {
            return;
        }
        if (loaded.is(RegType.PTR_TO_BTF_ID) && loaded.id() != 0 && !env.state().hasReference(loaded.id())) {
            throw env.reject(Errno.EACCES, "invalid bpf_context access off=%d. Reference may already be released", off);
        }
        boolean needsId = loaded.mayBeNull() && loaded.id() == 0;
        env.setReg(access.valueRegno(), needsId ? loaded.withId(env.newId()) : loaded);
    }

    private static void checkFlowKeys(VerifierEnv env, Access access) {
        RegState reg = access.reg();
        // Arithmetic leaves such a pointer with a constant offset.
        long off = access.off() + reg.constValue();
        if (off < 0 || off + access.size() > KernelLimits.BPF_FLOW_KEYS_BYTES) {
            throw env.reject(Errno.EACCES, "invalid access to flow keys off=%d size=%d", off, access.size());
        }
        loadUnknown(env, access);
    }

    /** Refuses a variable or negative offset into a buffer whose size is checked when the program is attached or run. */
    static void checkBuffer(VerifierEnv env, RegState reg, String name, int off, String what) {
        if (!reg.isConst()) {
            throw env.reject(
                    Errno.EACCES,
                    "%s invalid variable buffer offset: off=%d, var_off=%s",
                    name,
                    off,
                    reg.value().varOff());
        }
        if (reg.constValue() + off < 0) {
            throw env.reject(
                    Errno.EACCES,
                    "%s invalid negative %s buffer offset: off=%d, var_off=%d",
                    name,
                    what,
                    off,
                    reg.constValue());
        }
    }

    /** A load of less than eight bytes clears, or fills with the sign, the rest of the register. */
    private static void narrow(VerifierEnv env, Access access) {
        RegState loaded = env.reg(access.valueRegno());
        if (!loaded.isScalar()) {
            return;
        }
        if (!access.signExtend()) {
            env.setReg(access.valueRegno(), loaded.withValue(loaded.value().truncate(access.size())));
            return;
        }
        boolean keepsValue = Long.compareUnsigned(loaded.umax(), 1L << (access.size() * Byte.SIZE - 1)) < 0;
        RegState extended = loaded.withValue(loaded.value().signExtend(access.size()));
        env.setReg(access.valueRegno(), keepsValue ? extended : Registers.withoutScalarId(extended));
    }
}
