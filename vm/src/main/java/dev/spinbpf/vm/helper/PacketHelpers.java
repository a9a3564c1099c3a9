package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EACCES;
import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.vm.exec.Helper;
import dev.spinbpf.vm.exec.PacketLoader;

/** Helpers that read and change packets. Packets are linear: all bytes are between data and data_end. */
public final class PacketHelpers {
    private static final int SKB_HASH_OFFSET = 68;
    private static final int XDP_META_MAX = 255;
    private static final int SKF_NET_OFF = -0x100000;
    private static final int SKF_LL_OFF = -0x200000;

    /** Loads for the legacy instructions, out of the packet of an {@code __sk_buff}. */
    public static final PacketLoader LEGACY_LOADS = PacketHelpers::legacyLoad;

    private PacketHelpers() {}

    static void register(FunctionTable table) {
        PacketFields skb = PacketFields.SK_BUFF;
        PacketFields xdp = PacketFields.XDP_MD;
        table.helper("bpf_skb_load_bytes", loader(skb));
        table.helper("bpf_xdp_load_bytes", (_, context, offset, to, size, _) -> {
            long at = offset & 0xffff_ffffL;
            return xdp.contains(context, at, size) ? copy(xdp.data(context) + at, to, size) : -EINVAL;
        });
        table.helper("bpf_xdp_store_bytes", (_, context, offset, from, size, _) -> {
            long at = offset & 0xffff_ffffL;
            return xdp.contains(context, at, size) ? copy(from, xdp.data(context) + at, size) : -EINVAL;
        });
        table.helper("bpf_xdp_get_buff_len", (_, context, _, _, _, _) -> xdp.length(context));
        table.helper("bpf_skb_store_bytes", (_, context, offset, from, size, flags) -> {
            long at = offset & 0xffff_ffffL;
            if ((flags & ~3L) != 0) {
                return -EINVAL;
            }
            return at <= KernelLimits.MAX_PACKET_OFF && skb.contains(context, at, size)
                    ? copy(from, skb.data(context) + at, size)
                    : -EFAULT;
        });
        table.helper(
                "bpf_skb_load_bytes_relative",
                (_, context, offset, to, size, start) -> loadRelative(context, offset, to, size, (int) start));
        table.helper(
                "bpf_skb_pull_data",
                (_, context, size, _, _, _) -> (size & 0xffff_ffffL) <= skb.length(context) ? 0 : -ENOMEM);
        table.helper("bpf_xdp_adjust_head", (_, context, delta, _, _, _) -> adjustHead(context, (int) delta));
        table.helper("bpf_xdp_adjust_meta", (_, context, delta, _, _, _) -> adjustMeta(context, (int) delta));
        table.helper("bpf_xdp_adjust_tail", (_, context, delta, _, _, _) -> adjustTail(xdp, context, (int) delta));
        table.helper(
                "bpf_skb_change_tail",
                (_, context, length, flags, _, _) ->
                        flags != 0 ? -EINVAL : adjustTail(skb, context, (int) (length - skb.length(context))));
        table.helper(
                "bpf_get_hash_recalc",
                (_, context, _, _, _, _) -> GuestMemory.getInt(context + SKB_HASH_OFFSET) & 0xffff_ffffL);
        table.helper("bpf_set_hash", (_, context, hash, _, _, _) -> setHash(context, (int) hash));
        table.helper("bpf_set_hash_invalid", (_, context, _, _, _, _) -> setHash(context, 0));
    }

    private static long setHash(long context, int hash) {
        GuestMemory.putInt(context + SKB_HASH_OFFSET, hash);
        return 0;
    }

    private static Helper loader(PacketFields fields) {
        return (_, context, offset, to, size, _) -> {
            long at = offset & 0xffff_ffffL;
            if (at <= KernelLimits.MAX_PACKET_OFF && fields.contains(context, at, size & 0xffff_ffffL)) {
                return copy(fields.data(context) + at, to, size & 0xffff_ffffL);
            }
            GuestMemory.fill(to, size & 0xffff_ffffL, (byte) 0);
            return -EFAULT;
        };
    }

    private static long copy(long from, long to, long size) {
        GuestMemory.copy(from, to, size);
        return 0;
    }

    private static long loadRelative(long context, long offset, long to, long size, int start) {
        long at = (offset & 0xffff_ffffL) + (start == 1 ? KernelLimits.ETH_HLEN : 0);
        PacketFields skb = PacketFields.SK_BUFF;
        boolean valid = (start == 0 || start == 1) && (offset & 0xffff_ffffL) <= KernelLimits.MAX_PACKET_OFF;
        if (valid && skb.contains(context, at, size & 0xffff_ffffL)) {
            return copy(skb.data(context) + at, to, size & 0xffff_ffffL);
        }
        GuestMemory.fill(to, size & 0xffff_ffffL, (byte) 0);
        return -EFAULT;
    }

    private static long adjustHead(long context, int delta) {
        PacketFields xdp = PacketFields.XDP_MD;
        long data = xdp.data(context) + delta;
        long metaSize = xdp.data(context) - xdp.dataMeta(context);
        if (data < hardStart(context) + metaSize || data > xdp.dataEnd(context) - KernelLimits.ETH_HLEN) {
            return -EINVAL;
        }
        if (metaSize > 0) {
            GuestMemory.copy(xdp.dataMeta(context), xdp.dataMeta(context) + delta, metaSize);
        }
        xdp.dataMeta(context, xdp.dataMeta(context) + delta);
        xdp.data(context, data);
        return 0;
    }

    private static long adjustMeta(long context, int delta) {
        PacketFields xdp = PacketFields.XDP_MD;
        long meta = xdp.dataMeta(context) + delta;
        long size = xdp.data(context) - meta;
        if (meta < hardStart(context) || meta > xdp.data(context)) {
            return -EINVAL;
        }
        if ((size & 3) != 0 || size > XDP_META_MAX) {
            return -EACCES;
        }
        xdp.dataMeta(context, meta);
        return 0;
    }

    private static long adjustTail(PacketFields fields, long context, int delta) {
        long end = fields.dataEnd(context) + delta;
        if (end > GuestMemory.getLong(context + PacketFields.HARD_END_OFFSET)
                || end < fields.data(context) + KernelLimits.ETH_HLEN) {
            return -EINVAL;
        }
        if (delta > 0) {
            GuestMemory.fill(fields.dataEnd(context), delta, (byte) 0);
        }
        fields.dataEnd(context, end);
        return 0;
    }

    private static long hardStart(long context) {
        return GuestMemory.getLong(context + PacketFields.HARD_START_OFFSET);
    }

    private static long legacyLoad(long context, int offset, int sizeBytes) {
        PacketFields skb = PacketFields.SK_BUFF;
        long at = offset;
        if (offset < 0) {
            boolean network = offset >= SKF_NET_OFF;
            boolean known = offset >= SKF_LL_OFF;
            if (!known) {
                return PacketLoader.OUT_OF_PACKET;
            }
            at = network ? (long) offset - SKF_NET_OFF + KernelLimits.ETH_HLEN : (long) offset - SKF_LL_OFF;
        }
        if (!skb.contains(context, at, sizeBytes)) {
            return PacketLoader.OUT_OF_PACKET;
        }
        long address = skb.data(context) + at;
        return switch (sizeBytes) {
            case 1 -> GuestMemory.getByte(address) & 0xffL;
            case 2 -> Short.reverseBytes(GuestMemory.getShort(address)) & 0xffffL;
            default -> Integer.reverseBytes(GuestMemory.getInt(address)) & 0xffff_ffffL;
        };
    }
}
