package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;

/** Loads and stores of pointers to objects that lie in map values. */
public final class KptrAccess {
    private KptrAccess() {}

    public static void check(VerifierEnv env, Access access, BtfField field) {
        Insn insn = env.insn(access.insnIndex());
        boolean owning = field.kind() == BtfField.Kind.BPF_KPTR_REF || field.kind() == BtfField.Kind.BPF_KPTR_PERCPU;
        switch (insn.op().kind()) {
            case LDX -> env.setReg(access.valueRegno(), loaded(env, access, field));
            case ST, STX -> {
                if (owning) {
                    throw env.reject(Errno.EACCES, "store to referenced kptr disallowed");
                }
                if (field.kind() == BtfField.Kind.BPF_UPTR) {
                    throw env.reject(Errno.EACCES, "store to uptr disallowed");
                }
                checkStored(env, access, field, insn);
            }
            default ->
                throw env.reject(Errno.EACCES, "kptr in map can only be accessed using BPF_MEM instruction mode");
        }
    }

    private static void checkStored(VerifierEnv env, Access access, BtfField field, Insn insn) {
        if (access.valueRegno() < 0) {
            if (insn.imm() != 0) {
                throw env.reject(Errno.EACCES, "BPF_ST imm must be 0 when storing to kptr at off=%d", field.offset());
            }
            return;
        }
        RegState value = env.reg(access.valueRegno());
        if (value.isNull()) {
            env.services().precision().markChain(env, access.valueRegno());
            return;
        }
        Kptrs.checkType(env, field, access.reg().map().btf(), value, access.valueRegno());
    }

    private static RegState loaded(VerifierEnv env, Access access, BtfField field) {
        MapInfo map = access.reg().map();
        Btf btf = map.btf();
        if (field.kind() == BtfField.Kind.BPF_UPTR) {
            return RegState.mem(btf.sizeOf(field.typeId()), TypeFlags.PTR_MAYBE_NULL)
                    .withId(env.newId());
        }
        return Kptrs.load(env, field, btf).withId(env.newId());
    }
}
