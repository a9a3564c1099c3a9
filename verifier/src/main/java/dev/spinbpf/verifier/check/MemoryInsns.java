package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** Loads, stores and atomic operations as instructions. */
public final class MemoryInsns {
    private MemoryInsns() {}

    /** {@code dst = *(src + off)}. */
    public static void checkLoad(Exploration path, Insn insn, boolean strict, boolean trustMayDiffer) {
        RegState src = Registers.checkSource(path, insn.src());
        Registers.checkDestination(path, insn.dst());
        boolean signExtend = insn.op().kind() == Op.Kind.LDXSX;
        access(path, insn, src, insn.src(), AccessType.READ, insn.dst(), strict, signExtend);
        InsnPointers.save(path, src.type(), src.flags(), trustMayDiffer);
    }

    /** {@code *(dst + off) = src}. */
    public static void checkStore(Exploration path, Insn insn, boolean strict) {
        Registers.checkSource(path, insn.src());
        RegState dst = Registers.checkSource(path, insn.dst());
        access(path, insn, dst, insn.dst(), AccessType.WRITE, insn.src(), strict, false);
        InsnPointers.save(path, dst.type(), dst.flags(), false);
    }

    /** {@code *(dst + off) = imm}. */
    public static void checkStoreImmediate(Exploration path, Insn insn) {
        RegState dst = Registers.checkSource(path, insn.dst());
        access(path, insn, dst, insn.dst(), AccessType.WRITE, -1, false, false);
        InsnPointers.save(path, dst.type(), dst.flags(), false);
    }

    /** A load-acquire. */
    public static void checkLoadAcquire(Exploration path, Insn insn) {
        RegState src = Registers.checkSource(path, insn.src());
        boolean faultable = src.is(RegType.PTR_TO_BTF_ID, 0) || src.hasFlag(TypeFlags.PTR_UNTRUSTED);
        if (!isAtomicAllowed(src) || faultable) {
            throw path.reject(Errno.EACCES, Message.ATOMIC_LOAD_NOT_ALLOWED, insn.src(), src.typeText());
        }
        checkLoad(path, insn, true, false);
    }

    /** A store-release. */
    public static void checkStoreRelease(Exploration path, Insn insn) {
        checkStore(path, insn, true);
        refuseStore(path, insn);
    }

    /** An atomic read-modify-write. */
    public static void checkReadModifyWrite(Exploration path, Insn insn) {
        Registers.checkSource(path, insn.src());
        Registers.checkSource(path, insn.dst());
        Op.Atomic operation = insn.op().atomic();
        if (operation == Op.Atomic.CMPXCHG) {
            Registers.checkSource(path, 0);
        }
        refuseStore(path, insn);
        int loadRegno = -1;
        if (operation.fetches()) {
            loadRegno = operation == Op.Atomic.CMPXCHG ? 0 : insn.src();
            Registers.writeUnknown(path, loadRegno);
        }
        access(path, insn, path.reg(insn.dst()), insn.dst(), AccessType.READ, -1, true, false);
        if (loadRegno >= 0) {
            access(path, insn, path.reg(insn.dst()), insn.dst(), AccessType.READ, loadRegno, true, false);
        }
        RegState pointer = path.reg(insn.dst());
        boolean arena = pointer.is(RegType.PTR_TO_ARENA, 0);
        if (arena || path.unit().kernel().has(KernelRule.ATOMICS_KEEP_TO_ONE_POINTER)) {
            InsnPointers.save(path, pointer.type(), pointer.flags(), false);
        }
        access(path, insn, pointer, insn.dst(), AccessType.WRITE, -1, true, false);
    }

    private static void refuseStore(Exploration path, Insn insn) {
        RegState dst = path.reg(insn.dst());
        if (!isAtomicAllowed(dst)) {
            throw path.reject(Errno.EACCES, Message.ATOMIC_STORE_NOT_ALLOWED, insn.dst(), dst.typeText());
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
            Exploration path,
            Insn insn,
            RegState pointer,
            int pointerRegno,
            AccessType type,
            int valueRegno,
            boolean strict,
            boolean signExtend) {
        PointerAccess.check(
                path,
                new Access(
                        path.insnIndex(),
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
