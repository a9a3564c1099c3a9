package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.InsnTrace;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegType;

/** An instruction must access memory with pointers of one kind on all paths, where Linux rewrites it by kind. */
final class InsnPointers {
    private InsnPointers() {}

    /** Notes the kind of pointer of the current instruction; refuses one that does not go with those seen before. */
    static void save(Exploration path, RegType type, int flags, boolean trustMayDiffer) {
        InsnTrace trace = path.trace(path.insnIndex());
        RegType previous = trace.ptrType;
        if (previous == null || previous == RegType.NOT_INIT) {
            trace.ptrType = type;
            trace.ptrFlags = flags;
            return;
        }
        boolean same = type == previous && flags == trace.ptrFlags;
        if (same || (isMismatchOk(type) && isMismatchOk(previous))) {
            return;
        }
        if (!trustMayDiffer || !isMemOrBtf(type) || !isMemOrBtf(previous)) {
            throw path.reject(Errno.EINVAL, Message.SAME_INSN_DIFFERENT_POINTERS);
        }
        boolean mem = type == RegType.PTR_TO_MEM || previous == RegType.PTR_TO_MEM;
        trace.ptrType = mem ? RegType.PTR_TO_MEM : RegType.PTR_TO_BTF_ID;
        trace.ptrFlags = (flags | trace.ptrFlags) & (TypeFlags.PTR_UNTRUSTED | TypeFlags.MEM_RDONLY);
    }

    private static boolean isMemOrBtf(RegType type) {
        return type == RegType.PTR_TO_MEM || type == RegType.PTR_TO_BTF_ID;
    }

    private static boolean isMismatchOk(RegType type) {
        return switch (type) {
            case PTR_TO_CTX,
                    PTR_TO_SOCKET,
                    PTR_TO_SOCK_COMMON,
                    PTR_TO_TCP_SOCK,
                    PTR_TO_XDP_SOCK,
                    PTR_TO_BTF_ID,
                    PTR_TO_ARENA -> false;
            default -> true;
        };
    }
}
