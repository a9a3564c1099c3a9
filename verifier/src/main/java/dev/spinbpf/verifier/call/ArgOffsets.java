package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** Offsets at which pointers may be passed. */
final class ArgOffsets {
    private ArgOffsets() {}

    /** Linux's {@code check_func_arg_reg_off}: which pointers may be passed with an offset. */
    static void check(VerifierEnv env, RegState reg, String name, ArgType type, boolean fixedOffsetAllowed) {
        if (type.isRelease()) {
            if (type.kind() == ArgKind.PTR_TO_DYNPTR && reg.is(RegType.PTR_TO_STACK)) {
                return;
            }
            if (!reg.isConst() || reg.constValue() != 0) {
                throw env.reject(
                        Errno.EINVAL,
                        "%s must have zero offset when passed to release func or trusted arg to kfunc",
                        name);
            }
        }
        int flags = reg.flags();
        boolean free =
                switch (reg.type()) {
                    case PTR_TO_STACK,
                            PTR_TO_PACKET,
                            PTR_TO_PACKET_META,
                            PTR_TO_MAP_KEY,
                            PTR_TO_MAP_VALUE,
                            PTR_TO_ARENA,
                            SCALAR_VALUE -> flags == 0;
                    case PTR_TO_MEM -> flags == 0 || flags == TypeFlags.MEM_RDONLY || flags == TypeFlags.MEM_RINGBUF;
                    case PTR_TO_BUF -> flags == 0 || flags == TypeFlags.MEM_RDONLY;
                    case PTR_TO_CTX ->
                        flags == 0
                                && type.kind() != ArgKind.PTR_TO_CTX
                                && env.program().type() == ProgType.SYSCALL;
                    default -> false;
                };
        if (free) {
            return;
        }
        boolean object = reg.is(RegType.PTR_TO_BTF_ID)
                && switch (flags) {
                    case 0,
                            TypeFlags.MEM_ALLOC,
                            TypeFlags.PTR_TRUSTED,
                            TypeFlags.MEM_RCU,
                            TypeFlags.MEM_ALLOC | TypeFlags.NON_OWN_REF,
                            TypeFlags.MEM_ALLOC | TypeFlags.NON_OWN_REF | TypeFlags.MEM_RCU -> true;
                    default -> false;
                };
        Registers.checkPointerOffset(env, reg, name, object && fixedOffsetAllowed);
    }
}
