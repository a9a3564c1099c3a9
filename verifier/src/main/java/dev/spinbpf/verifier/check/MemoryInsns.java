package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** Loads, stores and atomic operations as instructions. */
public final class MemoryInsns {
    private MemoryInsns() {}

    /** {@code dst = *(src + off)}. */
    public static void checkLoad(VerifierEnv env, Insn insn, boolean strict, boolean trustMayDiffer) {
        RegState src = Registers.checkSource(env, insn.src());
        Registers.checkDestination(env, insn.dst());
        boolean signExtend = insn.op().kind() == Op.Kind.LDXSX;
        access(env, insn, src, insn.src(), AccessType.READ, insn.dst(), strict, signExtend);
        InsnPointers.save(env, src.type(), src.flags(), trustMayDiffer);
    }

    /** {@code *(dst + off) = src}. */
    public static void checkStore(VerifierEnv env, Insn insn, boolean strict) {
        Registers.checkSource(env, insn.src());
        RegState dst = Registers.checkSource(env, insn.dst());
        access(env, insn, dst, insn.dst(), AccessType.WRITE, insn.src(), strict, false);
        InsnPointers.save(env, dst.type(), dst.flags(), false);
    }

    /** {@code *(dst + off) = imm}. */
    public static void checkStoreImmediate(VerifierEnv env, Insn insn) {
        RegState dst = Registers.checkSource(env, insn.dst());
        access(env, insn, dst, insn.dst(), AccessType.WRITE, -1, false, false);
        InsnPointers.save(env, dst.type(), dst.flags(), false);
    }

    /** A load-acquire. */
    public static void checkLoadAcquire(VerifierEnv env, Insn insn) {
        RegState src = Registers.checkSource(env, insn.src());
        boolean faultable = src.is(RegType.PTR_TO_BTF_ID, 0) || src.hasFlag(TypeFlags.PTR_UNTRUSTED);
        if (!isAtomicAllowed(src) || faultable) {
            throw env.reject(Errno.EACCES, "BPF_ATOMIC loads from R%d %s is not allowed", insn.src(), src.typeText());
        }
        checkLoad(env, insn, true, false);
    }

    /** A store-release. */
    public static void checkStoreRelease(VerifierEnv env, Insn insn) {
        checkStore(env, insn, true);
        refuseStore(env, insn);
    }

    /** An atomic read-modify-write. */
    public static void checkReadModifyWrite(VerifierEnv env, Insn insn) {
        Registers.checkSource(env, insn.src());
        Registers.checkSource(env, insn.dst());
        Op.Atomic operation = insn.op().atomic();
        if (operation == Op.Atomic.CMPXCHG) {
            Registers.checkSource(env, 0);
        }
        refuseStore(env, insn);
        int loadRegno = -1;
        if (operation.fetches()) {
            loadRegno = operation == Op.Atomic.CMPXCHG ? 0 : insn.src();
            Registers.writeUnknown(env, loadRegno);
        }
        access(env, insn, env.reg(insn.dst()), insn.dst(), AccessType.READ, -1, true, false);
        if (loadRegno >= 0) {
            access(env, insn, env.reg(insn.dst()), insn.dst(), AccessType.READ, loadRegno, true, false);
        }
        RegState pointer = env.reg(insn.dst());
        InsnPointers.save(env, pointer.type(), pointer.flags(), false);
        access(env, insn, pointer, insn.dst(), AccessType.WRITE, -1, true, false);
    }

    private static void refuseStore(VerifierEnv env, Insn insn) {
        RegState dst = env.reg(insn.dst());
        if (!isAtomicAllowed(dst)) {
            throw env.reject(Errno.EACCES, "BPF_ATOMIC stores into R%d %s is not allowed", insn.dst(), dst.typeText());
        }
    }

    private static boolean isAtomicAllowed(RegState pointer) {
        return switch (pointer.type()) {
            case PTR_TO_CTX, PTR_TO_FLOW_KEYS, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK ->
                pointer.flags() != 0;
            case PTR_TO_PACKET, PTR_TO_PACKET_META -> false;
            default -> true;
        };
    }

    private static void access(
            VerifierEnv env,
            Insn insn,
            RegState pointer,
            int pointerRegno,
            AccessType type,
            int valueRegno,
            boolean strict,
            boolean signExtend) {
        PointerAccess.check(
                env,
                new Access(
                        env.insnIndex(),
                        pointer,
                        Registers.name(pointerRegno),
                        insn.off(),
                        insn.op().widthBytes(),
                        type,
                        valueRegno,
                        strict,
                        signExtend));
    }
}
