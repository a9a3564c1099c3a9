package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;

/** Pointers into packets: what is known of the packet's length. */
public final class PacketAccess {

    private PacketAccess() {}

    /** Refuses an access to bytes that are not known to be in the packet. */
    public static void check(Exploration path, RegState reg, String name, int off, int size, boolean zeroSizeAllowed) {
        if (reg.range() == RegPayload.PacketRange.MAYBE_NEGATIVE) {
            throw path.reject(Errno.EACCES, Message.OFFSET_MAY_BE_NEGATIVE, name);
        }
        if (reg.range() < 0) {
            throw path.reject(Errno.EINVAL, Message.PACKET_OFFSET_OUTSIDE, name);
        }
        try {
            MemoryRegion.check(path, reg, name, off, size, reg.range(), zeroSizeAllowed);
        } catch (Rejection e) {
            if (path.unit().kernel().has(KernelRule.PACKETS_ARE_REGIONS) || e.is(Message.OFFSET_MAY_BE_NEGATIVE)) {
                throw e;
            }
            throw path.reject(Errno.EACCES, Message.PACKET_OFFSET_OUTSIDE, name);
        }
    }

    /** True if programs of this kind may write to packets directly. */
    static boolean mayWrite(Exploration path) {
        return switch (path.unit().program().type()) {
            case SCHED_CLS, SCHED_ACT, XDP, LWT_XMIT, SK_SKB, SK_MSG, CGROUP_SOCKOPT -> true;
            default -> false;
        };
    }

    /** After the packet may have moved: pointers into it are unusable. */
    public static void invalidateAll(VerifierState state) {
        state.mapRegs(reg -> isPacketOrEnd(reg) || reg.isDynptrSliceOfPacket() ? RegState.UNKNOWN : reg);
    }

    static boolean isPacketOrEnd(RegState reg) {
        return reg.isPacketPointer() || reg.is(RegType.PTR_TO_PACKET_END, 0);
    }

    /** A pointer known to be below the end: all pointers with the same base may be accessed as far as it reaches. */
    static void learnRange(VerifierState state, RegState known, boolean rightOpen) {
        long reach = known.umax();
        boolean maybeNegative = known.range() == RegPayload.PacketRange.MAYBE_NEGATIVE;
        if (maybeNegative
                || (reach == 0 && rightOpen)
                || Long.compareUnsigned(reach, KernelLimits.MAX_PACKET_OFF) > 0) {
            return;
        }
        int range = (int) reach + (rightOpen ? 1 : 0);
        state.mapRegs(reg -> reg.is(known.type(), known.flags()) && reg.id() == known.id() && reg.range() < range
                ? reg.withPayload(new RegPayload.PacketRange(range))
                : reg);
    }

    /** The pointer is at the packet's end or beyond it. */
    static void markEnd(VerifierState state, int regno, boolean beyond) {
        FuncState func = state.func();
        RegState reg = func.reg(regno);
        if (reg.is(RegType.PTR_TO_PACKET, 0)) {
            int range = beyond ? RegPayload.PacketRange.BEYOND_PKT_END : RegPayload.PacketRange.AT_PKT_END;
            func.setReg(regno, reg.withPayload(new RegPayload.PacketRange(range)));
        }
    }

    /** A pointer to the start as the context gave it. */
    static boolean isInitial(RegState reg, RegType type) {
        return reg.is(type, 0) && reg.id() == 0 && reg.isConst() && reg.constValue() == 0;
    }
}
