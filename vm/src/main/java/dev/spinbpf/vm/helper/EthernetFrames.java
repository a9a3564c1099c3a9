package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;
import static dev.spinbpf.programs.linux.KernelLimits.ETH_HLEN;

import dev.spinbpf.maps.memory.GuestMemory;

/**
 * Changes that tc programs make to the shape of a frame: room for headers, the protocol, the VLAN tag, the tunnel.
 *
 * <p>Room is made in front of a place in the headers: what is before it moves towards the packet's beginning, and the new
 * bytes are zero. A frame whose outermost tag is not among its bytes has it in the fields {@code vlan_present},
 * {@code vlan_proto} and {@code vlan_tci} of its context; a second tag moves the first one into the bytes.
 */
final class EthernetFrames {
    private static final PacketFields SKB = PacketFields.SK_BUFF;
    private static final int ADDRESSES = 12;
    private static final int VLAN_HLEN = 4;
    private static final int IPV4_HLEN = 20;
    private static final int IPV6_HLEN = 40;
    private static final int ETH_P_IP = 0x0008;
    private static final int ETH_P_IPV6 = 0xdd86;
    private static final int ETH_P_8021Q = 0x0081;
    private static final int ETH_P_8021AD = 0xa888;

    private static final int PKT_TYPE = 4;
    private static final int PROTOCOL = 16;
    private static final int VLAN_PRESENT = 20;
    private static final int VLAN_TCI = 24;
    private static final int VLAN_PROTO = 28;
    private static final int TSTAMP = 152;
    private static final int TSTAMP_TYPE = 180;

    private static final int LARGEST_ROOM = 0xfff;
    private static final long ROOM_FLAGS = 0x1ff | 0xffL << 56;
    private static final long SHRINK_FLAGS = 0x180;
    private static final int MODE_NET = 0;
    private static final int MODE_MAC = 1;
    private static final int PACKET_OTHERHOST = 3;
    private static final int TUNNEL_KEY_SIZE = 44;
    private static final int TUNNEL_FLAGS = 0x1f;
    private static final int CONGESTION = 3;

    private EthernetFrames() {}

    static void register(FunctionTable table) {
        table.helper(
                "bpf_skb_adjust_room",
                (_, context, difference, mode, flags, _) -> adjustRoom(context, (int) difference, (int) mode, flags));
        table.helper("bpf_skb_change_head", (_, context, room, flags, _, _) -> {
            boolean fits = flags == 0 && (room & 0xffff_ffffL) <= LARGEST_ROOM;
            return fits ? makeRoom(context, 0, (int) room) : -EINVAL;
        });
        table.helper(
                "bpf_skb_change_proto",
                (_, context, protocol, flags, _, _) -> changeProtocol(context, (int) protocol & 0xffff, flags));
        table.helper("bpf_skb_change_type", (_, context, type, _, _, _) -> {
            boolean valid = Integer.compareUnsigned((int) type, PACKET_OTHERHOST) <= 0
                    && Integer.compareUnsigned(GuestMemory.getInt(context + PKT_TYPE), PACKET_OTHERHOST) <= 0;
            if (!valid) {
                return -EINVAL;
            }
            GuestMemory.putInt(context + PKT_TYPE, (int) type);
            return 0;
        });
        table.helper(
                "bpf_skb_vlan_push", (_, context, protocol, tag, _, _) -> pushVlan(context, (int) protocol, (int) tag));
        table.helper("bpf_skb_vlan_pop", (_, context, _, _, _, _) -> popVlan(context));
        table.helper("bpf_skb_set_tstamp", (_, context, time, type, _, _) -> setTime(context, time, (int) type));
        table.helper("bpf_lwt_push_encap", (_, _, _, _, _, _) -> -EINVAL);
        table.helper("bpf_skb_set_tunnel_key", (_, _, _, size, flags, _) -> {
            boolean valid = (flags & ~TUNNEL_FLAGS) == 0 && (int) size == TUNNEL_KEY_SIZE;
            return valid ? 0 : -EINVAL;
        });
        table.helper("bpf_skb_get_tunnel_key", (_, _, key, size, _, _) -> {
            GuestMemory.fill(key, size & 0xffff_ffffL, (byte) 0);
            return -EINVAL;
        });
        table.helper("bpf_skb_get_tunnel_opt", (_, _, options, size, _, _) -> {
            GuestMemory.fill(options, size & 0xffff_ffffL, (byte) 0);
            return -ENOENT;
        });
    }

    private static int protocol(long context) {
        return GuestMemory.getInt(context + PROTOCOL) & 0xffff;
    }

    /** The smallest network header of the frame's protocol; 0 for a protocol that is not IP. */
    private static int networkHeader(long context) {
        return switch (protocol(context)) {
            case ETH_P_IP -> IPV4_HLEN;
            case ETH_P_IPV6 -> IPV6_HLEN;
            default -> 0;
        };
    }

    private static long adjustRoom(long context, int difference, int mode, long flags) {
        if ((flags & ~ROOM_FLAGS) != 0 || difference > 0 && (flags & SHRINK_FLAGS) != 0) {
            return -EINVAL;
        }
        if (Math.abs((long) difference) > LARGEST_ROOM) {
            return -EFAULT;
        }
        int header = networkHeader(context);
        if (header == 0 || mode != MODE_NET && mode != MODE_MAC) {
            return -ENOTSUPP;
        }
        long network = SKB.length(context) - ETH_HLEN;
        if (difference < 0 && network + difference < header) {
            return -ENOTSUPP;
        }
        int place = ETH_HLEN + (mode == MODE_NET ? header : 0);
        if (place > SKB.length(context)) {
            return -EFAULT;
        }
        return difference < 0 ? takeRoom(context, place, -difference) : makeRoom(context, place, difference);
    }

    private static long makeRoom(long context, int place, int bytes) {
        long data = SKB.data(context);
        long moved = data - bytes;
        if (moved < GuestMemory.getLong(context + PacketFields.HARD_START_OFFSET)) {
            return -ENOMEM;
        }
        GuestMemory.copy(data, moved, place);
        GuestMemory.fill(moved + place, bytes, (byte) 0);
        beginAt(context, moved);
        return 0;
    }

    private static long takeRoom(long context, int place, int bytes) {
        long data = SKB.data(context);
        if (place + (long) bytes > SKB.length(context)) {
            return -EFAULT;
        }
        GuestMemory.copy(data, data + bytes, place);
        beginAt(context, data + bytes);
        return 0;
    }

    /** Metadata in front of the packet are lost. */
    private static void beginAt(long context, long data) {
        SKB.data(context, data);
        SKB.dataMeta(context, data);
    }

    private static long changeProtocol(long context, int to, long flags) {
        int from = protocol(context);
        boolean grows = from == ETH_P_IP && to == ETH_P_IPV6;
        boolean shrinks = from == ETH_P_IPV6 && to == ETH_P_IP;
        if (flags != 0) {
            return -EINVAL;
        }
        if (!grows && !shrinks) {
            return -ENOTSUPP;
        }
        int difference = IPV6_HLEN - IPV4_HLEN;
        long error = grows ? makeRoom(context, ETH_HLEN, difference) : takeRoom(context, ETH_HLEN, difference);
        if (error == 0) {
            GuestMemory.putInt(context + PROTOCOL, to);
        }
        return error;
    }

    private static long pushVlan(long context, int protocol, int tag) {
        int known = (protocol & 0xffff) == ETH_P_8021AD ? ETH_P_8021AD : ETH_P_8021Q;
        if (GuestMemory.getInt(context + VLAN_PRESENT) != 0) {
            long error = makeRoom(context, ADDRESSES, VLAN_HLEN);
            if (error != 0) {
                return error;
            }
            long data = SKB.data(context);
            int outer = GuestMemory.getInt(context + VLAN_PROTO);
            GuestMemory.putShort(data + ADDRESSES, (short) outer);
            GuestMemory.putShort(
                    data + ADDRESSES + 2, Short.reverseBytes((short) GuestMemory.getInt(context + VLAN_TCI)));
            GuestMemory.putInt(context + PROTOCOL, outer);
        }
        GuestMemory.putInt(context + VLAN_PRESENT, 1);
        GuestMemory.putInt(context + VLAN_PROTO, known);
        GuestMemory.putInt(context + VLAN_TCI, tag & 0xffff);
        return 0;
    }

    private static long popVlan(long context) {
        if (GuestMemory.getInt(context + VLAN_PRESENT) != 0) {
            clearVlan(context);
        }
        boolean isTagged = protocol(context) == ETH_P_8021Q || protocol(context) == ETH_P_8021AD;
        if (!isTagged || SKB.length(context) < ETH_HLEN + VLAN_HLEN) {
            return 0;
        }
        long data = SKB.data(context);
        int tag = Short.reverseBytes(GuestMemory.getShort(data + ADDRESSES + 2)) & 0xffff;
        int outer = protocol(context);
        takeRoom(context, ADDRESSES, VLAN_HLEN);
        GuestMemory.putInt(context + PROTOCOL, GuestMemory.getShort(SKB.data(context) + ADDRESSES) & 0xffff);
        GuestMemory.putInt(context + VLAN_PRESENT, 1);
        GuestMemory.putInt(context + VLAN_PROTO, outer);
        GuestMemory.putInt(context + VLAN_TCI, tag);
        return 0;
    }

    private static void clearVlan(long context) {
        GuestMemory.putInt(context + VLAN_PRESENT, 0);
        GuestMemory.putInt(context + VLAN_PROTO, 0);
        GuestMemory.putInt(context + VLAN_TCI, 0);
    }

    /** A clock of its own goes with a time, the real one with none. */
    private static long setTime(long context, long time, int type) {
        if (networkHeader(context) == 0) {
            return -EOPNOTSUPP;
        }
        boolean isRealtime = type == 0;
        if (type < 0 || type > 2 || isRealtime != (time == 0)) {
            return -EINVAL;
        }
        GuestMemory.putLong(context + TSTAMP, time);
        GuestMemory.putByte(context + TSTAMP_TYPE, (byte) type);
        return 0;
    }

    /** {@code bpf_skb_ecn_set_ce}: 1 where the packet says now that it met congestion. */
    static long setCongestion(long context) {
        long header = SKB.data(context) + ETH_HLEN;
        boolean isIpv4 = protocol(context) == ETH_P_IP && SKB.contains(context, ETH_HLEN, IPV4_HLEN);
        if (!isIpv4) {
            return 0;
        }
        int service = GuestMemory.getByte(header + 1) & 0xff;
        if ((service & CONGESTION) == 0 || (service & CONGESTION) == CONGESTION) {
            return service & CONGESTION & 1;
        }
        GuestMemory.putByte(header + 1, (byte) (service | CONGESTION));
        int sum = ~Short.reverseBytes(GuestMemory.getShort(header + 10)) & 0xffff;
        sum += (service | CONGESTION) - service;
        sum = (sum & 0xffff) + (sum >> 16);
        GuestMemory.putShort(header + 10, Short.reverseBytes((short) ~sum));
        return 1;
    }
}
