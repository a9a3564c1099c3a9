package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EAFNOSUPPORT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENODEV;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.KernelLimits.ETH_HLEN;
import static dev.spinbpf.programs.linux.SocketAbi.AF_INET;
import static dev.spinbpf.programs.linux.SocketAbi.AF_INET6;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.TargetMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;

/**
 * Verdicts that send packets elsewhere, and questions about the way there. The machine has one device, the loopback
 * device, which takes packets of {@value #MTU} bytes and does not forward; it has no routes and no neighbours.
 */
final class RedirectHelpers {
    private static final int MTU = 65536;

    private static final int TC_ACT_SHOT = 2;
    private static final int TC_ACT_REDIRECT = 7;
    private static final int XDP_ABORTED = 0;
    private static final int XDP_REDIRECT = 4;
    private static final int XDP_ACTIONS = 3;

    private static final int BPF_F_EGRESS = 1 << 1;
    private static final int BPF_F_BROADCAST = 1 << 3;
    private static final int BPF_F_EXCLUDE_INGRESS = 1 << 4;

    private static final int BPF_MTU_CHK_SEGS = 1;
    private static final int BPF_MTU_CHK_RET_FRAG_NEEDED = 1;

    private static final int FIB_PARAMS_SIZE = 64;
    private static final int FIB_FLAGS = 0x3f;
    private static final int FIB_IFINDEX = 8;
    private static final int BPF_FIB_LKUP_RET_FWD_DISABLED = 5;
    private static final int NEIGH_PARAMS_SIZE = 20;

    private RedirectHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_redirect", (run, _, flags, _, _, _) -> {
            boolean isXdp = run.code().program().type() == ProgType.XDP;
            if (isXdp) {
                return flags == 0 ? XDP_REDIRECT : XDP_ABORTED;
            }
            return (flags & ~1L) == 0 ? TC_ACT_REDIRECT : TC_ACT_SHOT;
        });
        table.helper("bpf_clone_redirect", (_, _, _, flags, _, _) -> (flags & ~1L) == 0 ? 0 : -EINVAL);
        table.helper("bpf_redirect_peer", (_, _, flags, _, _, _) -> {
            boolean isKnown = flags == 0 || flags == BPF_F_EGRESS; // Linux 7.2 takes 0 alone
            return isKnown ? TC_ACT_REDIRECT : TC_ACT_SHOT;
        });
        table.helper("bpf_redirect_neigh", (_, _, _, size, flags, _) -> {
            boolean isShort = (int) size != 0 && (int) size < NEIGH_PARAMS_SIZE;
            return flags != 0 || isShort ? TC_ACT_SHOT : TC_ACT_REDIRECT;
        });
        table.helper("bpf_redirect_map", (_, map, key, flags, _, _) -> redirectToMap(kernel.map(map), key, flags));
        table.helper(
                "bpf_check_mtu",
                (run, context, ifindex, length, difference, flags) -> checkMtu(
                        PacketFields.of(run.code().program().type()),
                        context,
                        (int) ifindex,
                        length,
                        (int) difference,
                        flags));
        table.helper(
                "bpf_fib_lookup",
                (_, _, params, size, flags, _) -> fibLookup(params, (int) size, flags & 0xffff_ffffL));
        for (String name : new String[] {"bpf_sk_redirect_map", "bpf_sk_redirect_hash"}) {
            table.helper(name, (_, _, _, _, _, _) -> 0);
        }
        for (String name : new String[] {"bpf_msg_redirect_map", "bpf_msg_redirect_hash"}) {
            table.helper(name, (_, _, _, _, _, _) -> 0);
        }
        table.helper("bpf_sk_select_reuseport", (_, _, _, _, flags, _) -> flags != 0 ? -EINVAL : -ENOENT);
    }

    /**
     * Looks the target up now. Where there is none, and the packet is not for all of them, the verdict is what the flags
     * say.
     */
    private static long redirectToMap(BpfMap map, long key, long flags) {
        boolean isDevices = map.type() == MapType.DEVMAP || map.type() == MapType.DEVMAP_HASH;
        int allowed = XDP_ACTIONS | (isDevices ? BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS : 0);
        if ((flags & ~allowed) != 0) {
            return XDP_ABORTED;
        }
        boolean found = map instanceof TargetMap targets && targets.contains(key);
        return found || (flags & BPF_F_BROADCAST) != 0 ? XDP_REDIRECT : flags & XDP_ACTIONS;
    }

    private static boolean isDevice(int ifindex) {
        return ifindex == TargetMap.LOOPBACK;
    }

    /** Writes the device's limit where the program keeps the length that it asks for, 0 for that of the packet. */
    private static long checkMtu(
            PacketFields fields, long context, int ifindex, long lengthAt, int difference, long flags) {
        boolean isXdp = fields.equals(PacketFields.XDP_MD);
        int asked = GuestMemory.getInt(lengthAt);
        boolean segments = (flags & BPF_MTU_CHK_SEGS) != 0;
        if ((flags & ~(isXdp ? 0L : BPF_MTU_CHK_SEGS)) != 0 || segments && (difference != 0 || asked != 0)) {
            return -EINVAL;
        }
        if (ifindex != 0 && !isDevice(ifindex)) {
            return -ENODEV;
        }
        int length = (asked != 0 ? asked + ETH_HLEN : (int) fields.length(context)) + difference;
        GuestMemory.putInt(lengthAt, MTU);
        return length <= MTU + ETH_HLEN ? 0 : BPF_MTU_CHK_RET_FRAG_NEEDED;
    }

    private static long fibLookup(long params, int size, long flags) {
        if (size < FIB_PARAMS_SIZE || (flags & ~FIB_FLAGS) != 0) {
            return -EINVAL;
        }
        int family = GuestMemory.getByte(params);
        if (family != AF_INET && family != AF_INET6) {
            return -EAFNOSUPPORT;
        }
        return isDevice(GuestMemory.getInt(params + FIB_IFINDEX)) ? BPF_FIB_LKUP_RET_FWD_DISABLED : -ENODEV;
    }
}
