package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/**
 * The pointers that may be passed with an offset, to the kernel and to functions of the program: Linux has one rule for
 * both.
 */
public final class ArgOffsets {
    private ArgOffsets() {}

    /**
     * Refuses a pointer with an offset that its type does not allow. Linux's {@code check_func_arg_reg_off}.
     *
     * @param name the argument as messages call it
     * @param fixedOffsetAllowed whether objects may be passed with a constant offset, that is, by the address of a
     *     field
     */
    public static void check(Exploration path, RegState reg, String name, ArgType type, boolean fixedOffsetAllowed) {
        if (type.isRelease()) {
            if (type.kind() == ArgKind.PTR_TO_DYNPTR && reg.is(RegType.PTR_TO_STACK)) {
                return;
            }
            if (!reg.isConst() || reg.constValue() != 0) {
                throw path.reject(Errno.EINVAL, Message.ZERO_OFFSET_REQUIRED, name);
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
                                && path.unit().program().type() == ProgType.SYSCALL;
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
        Registers.checkPointerOffset(path, reg, name, object && fixedOffsetAllowed);
    }
}
