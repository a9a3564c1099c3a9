package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;

/** Loads and stores of pointers to objects that lie in map values. */
public final class KptrAccess {
    private KptrAccess() {}

    public static void check(Exploration path, Access access, BtfField field) {
        Insn insn = path.unit().insn(access.insnIndex());
        boolean owning = field.kind() == BtfField.Kind.BPF_KPTR_REF || field.kind() == BtfField.Kind.BPF_KPTR_PERCPU;
        switch (insn.op().kind()) {
            case LDX -> path.setReg(access.valueRegno(), loaded(path, access, field));
            case ST, STX -> {
                if (owning) {
                    throw path.reject(Errno.EACCES, Message.REFERENCED_KPTR_STORE);
                }
                if (field.kind() == BtfField.Kind.BPF_UPTR) {
                    throw path.reject(Errno.EACCES, Message.UPTR_STORE);
                }
                checkStored(path, access, field, insn);
            }
            default -> throw path.reject(Errno.EACCES, Message.KPTR_ACCESS_MODE);
        }
    }

    private static void checkStored(Exploration path, Access access, BtfField field, Insn insn) {
        if (access.valueRegno() < 0) {
            if (insn.imm() != 0) {
                throw path.reject(Errno.EACCES, Message.KPTR_ST_IMM_NOT_ZERO, field.offset());
            }
            return;
        }
        RegState value = path.reg(access.valueRegno());
        if (value.isNull()) {
            path.services().precision().markChain(path, access.valueRegno());
            return;
        }
        Kptrs.checkType(path, field, access.reg().map().btf(), value, access.valueRegno());
    }

    private static RegState loaded(Exploration path, Access access, BtfField field) {
        MapInfo map = access.reg().map();
        Btf btf = map.btf();
        if (field.kind() == BtfField.Kind.BPF_UPTR) {
            return RegState.mem(btf.sizeOf(field.typeId()), TypeFlags.PTR_MAYBE_NULL)
                    .withId(path.newId());
        }
        return Kptrs.load(path, field, btf).withId(path.newId());
    }
}
