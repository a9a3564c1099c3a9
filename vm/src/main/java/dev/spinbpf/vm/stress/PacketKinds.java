package dev.spinbpf.vm.stress;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Packets of the kinds that a parser of packets tells apart: what a link carries besides UDP over IPv4.
 *
 * <p>A client, 10.0.0.N or fd00::N, talks to the server 10.0.1.1 or fd00::1:1. Connections go both ways, with the options
 * of a usual first segment and time stamps on all; there are replies, errors that quote a packet, neighbours, tags,
 * fragments, tunnels, options and extension headers, and frames that end within a header. Checksums are right.
 */
final class PacketKinds {
    private static final int ICMP = 1;
    private static final int IP_IN_IP = 4;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int IPV6_IN_IP = 41;
    private static final int FRAGMENT_HEADER = 44;
    private static final int GRE = 47;
    private static final int ICMPV6 = 58;

    private static final int ETH_P_IP = 0x0800;
    private static final int ETH_P_ARP = 0x0806;
    private static final int ETH_P_8021Q = 0x8100;
    private static final int ETH_P_IPV6 = 0x86dd;
    private static final int ETH_P_8021AD = 0x88a8;

    private static final int FIN = 1;
    private static final int SYN = 2;
    private static final int RST = 4;
    private static final int PSH = 8;
    private static final int ACK = 16;

    private static final int DNS = 53;
    private static final int HTTP = 80;
    private static final int HTTPS = 443;
    private static final int DHCP_SERVER = 67;
    private static final int DHCP_CLIENT = 68;

    private static final int DONT_FRAGMENT = 0x4000;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int FRAGMENT_AT = 185;
    private static final int TTL = 64;
    private static final byte[] CLIENT_MAC = {2, 0, 0, 0, 0, 2};
    private static final byte[] SERVER_MAC = {2, 0, 0, 0, 0, 1};
    private static final byte[] DNS_QUERY = bytes("12340100000100000000000007" + "6578616d706c65" + "00" + "00010001");
    private static final byte[] DNS_REPLY = bytes("12348180000100000000000007" + "6578616d706c65" + "00" + "00010001");
    private static final byte[] TEXT = bytes("474554202f20485454502f312e310d0a0d0a");

    /** Lengths of the payloads of segments, from a request to all that fits. */
    private static final int[] PAYLOADS = {TEXT.length, 536, 1380};

    /** Number of kinds. */
    static final int COUNT = 32;

    private final int flow;

    private PacketKinds(int flow) {
        this.flow = flow;
    }

    /** Returns a packet of one kind and flow. */
    static byte[] packet(int kind, int flow) {
        PacketKinds packets = new PacketKinds(flow);
        return switch (kind) {
            case 0 -> packets.ipv4(UDP, packets.udp(packets.port(), DNS, DNS_QUERY, false), false);
            case 1 -> packets.ipv4(UDP, packets.udp(DNS, packets.port(), DNS_REPLY, false), true);
            case 2 -> packets.ipv4(TCP, packets.tcp(SYN, false, false), false);
            case 3 -> packets.ipv4(TCP, packets.tcp(SYN | ACK, true, false), true);
            case 4 -> packets.ipv4(TCP, packets.tcp(PSH | ACK, false, false), false);
            case 5 -> packets.ipv4(TCP, packets.tcp(ACK, true, false), true);
            case 6 -> packets.ipv4(TCP, packets.tcp(FIN | ACK, false, false), false);
            case 7 -> packets.ipv4(TCP, packets.tcp(RST, true, false), true);
            case 8 -> packets.ipv4(ICMP, echo(8, flow), false);
            case 9 -> packets.ipv4(ICMP, echo(0, flow), true);
            case 10 -> packets.ipv4(ICMP, packets.quoting(3, 4, 1400, packet(4, flow)), true);
            case 11 -> packets.ipv4(ICMP, packets.quoting(11, 0, 0, packet(0, flow)), true);
            case 12 -> packets.ipv6(UDP, packets.udp(packets.port(), DNS, DNS_QUERY, true), false);
            case 13 -> packets.ipv6(TCP, packets.tcp(SYN, false, true), false);
            case 14 -> packets.ipv6(TCP, packets.tcp(SYN | ACK, true, true), true);
            case 15 -> packets.ipv6(TCP, packets.tcp(PSH | ACK, false, true), false);
            case 16 -> packets.ipv6(TCP, packets.tcp(FIN | ACK, true, true), true);
            case 17 -> packets.ipv6(ICMPV6, echo(128, flow), false);
            case 18 -> packets.ipv6(ICMPV6, echo(129, flow), true);
            case 19 -> packets.ipv6(ICMPV6, packets.quoting(2, 0, 1400, packet(15, flow)), true);
            case 20 -> packets.ipv6(ICMPV6, packets.neighbour(135), false);
            case 21 -> packets.ipv6(ICMPV6, packets.neighbour(136), true);
            default -> packets.rarer(kind);
        };
    }

    private byte[] rarer(int kind) {
        return switch (kind) {
            case 22 -> arp(1);
            case 23 -> arp(2);
            case 24 -> tagged(packet(4, flow), ETH_P_8021Q);
            case 25 -> tagged(tagged(packet(13, flow), ETH_P_8021Q), ETH_P_8021AD);
            case 26 -> ipv4(UDP, udp(port(), HTTPS, TEXT, false), new byte[0], MORE_FRAGMENTS, false);
            case 27 -> ipv4(UDP, TEXT, new byte[0], FRAGMENT_AT, false);
            case 28 -> ipv4(TCP, tcp(ACK, false, false), bytes("94040000"), DONT_FRAGMENT, false);
            case 29 -> extended();
            case 30 -> tunnelled();
            default -> cut();
        };
    }

    // Frames.

    /** A packet of DHCP, or one that begins with extension headers. */
    private byte[] extended() {
        if (flow % 2 == 0) {
            return ipv4(UDP, udp(DHCP_CLIENT, DHCP_SERVER, Arrays.copyOf(bytes("01010600"), 244), false), false);
        }
        byte[] inner = udp(port(), DNS, DNS_QUERY, true);
        boolean fragment = flow % 4 == 1;
        byte[] header = fragment ? bytes("1100000100000001") : bytes("1100010400000000");
        return ipv6(fragment ? FRAGMENT_HEADER : 0, joined(header, inner), false);
    }

    private byte[] tunnelled() {
        byte[] inner = packet(4, flow);
        byte[] inner6 = packet(15, flow);
        return switch (flow % 3) {
            case 0 -> ipv4(IP_IN_IP, Arrays.copyOfRange(inner, 14, inner.length), false);
            case 1 -> ipv4(IPV6_IN_IP, Arrays.copyOfRange(inner6, 14, inner6.length), false);
            default -> ipv4(GRE, joined(bytes("00000800"), Arrays.copyOfRange(inner, 14, inner.length)), false);
        };
    }

    /** A frame that ends within one of its headers. */
    private byte[] cut() {
        return switch (flow % 4) {
            case 0 -> Arrays.copyOf(packet(4, flow), 14 + 20 + 8);
            case 1 -> Arrays.copyOf(packet(12, flow), 14 + 24);
            case 2 -> Arrays.copyOf(packet(22, flow), 14 + 18);
            default -> Arrays.copyOf(packet(0, flow), 14 + 12);
        };
    }

    private static byte[] tagged(byte[] frame, int tagProtocol) {
        byte[] tag = ByteBuffer.allocate(4)
                .putShort((short) tagProtocol)
                .putShort((short) 10)
                .array();
        return joined(Arrays.copyOf(frame, 12), tag, Arrays.copyOfRange(frame, 12, frame.length));
    }

    private static byte[] ethernet(int protocol, boolean reply, byte[] payload) {
        byte[] type = {(byte) (protocol >> 8), (byte) protocol};
        return joined(reply ? CLIENT_MAC : SERVER_MAC, reply ? SERVER_MAC : CLIENT_MAC, type, payload);
    }

    private byte[] arp(int operation) {
        boolean reply = operation == 2;
        ByteBuffer packet = ByteBuffer.allocate(28).putInt(0x0001_0800).putShort((short) 0x0604);
        packet.putShort((short) operation).put(reply ? SERVER_MAC : CLIENT_MAC).putInt(address(reply));
        packet.put(reply ? CLIENT_MAC : new byte[6]).putInt(address(!reply));
        return ethernet(ETH_P_ARP, reply, packet.array());
    }

    // Network layer.

    private int port() {
        return 1024 + (flow & 0xfff);
    }

    private int address(boolean server) {
        return server ? 0x0a000101 : 0x0a000001 + (flow & 0xff);
    }

    private byte[] address6(boolean server) {
        return ByteBuffer.allocate(16)
                .putLong(0xfd00L << 48)
                .putLong(server ? 0x1_0001 : 1 + (flow & 0xff))
                .array();
    }

    private byte[] ipv4(int protocol, byte[] payload, boolean reply) {
        return ipv4(protocol, payload, new byte[0], DONT_FRAGMENT, reply);
    }

    private byte[] ipv4(int protocol, byte[] payload, byte[] options, int fragment, boolean reply) {
        int header = 20 + options.length;
        ByteBuffer packet = ByteBuffer.allocate(header).put((byte) (0x40 | header / 4));
        packet.put((byte) 0).putShort((short) (header + payload.length));
        packet.putShort((short) flow).putShort((short) fragment).put((byte) TTL).put((byte) protocol);
        packet.putShort((short) 0)
                .putInt(address(reply))
                .putInt(address(!reply))
                .put(options);
        packet.putShort(10, checksum(0, packet.array()));
        return ethernet(ETH_P_IP, reply, joined(packet.array(), payload));
    }

    private byte[] ipv6(int protocol, byte[] payload, boolean reply) {
        byte[] sent = payload.clone();
        if (protocol == ICMPV6) {
            ByteBuffer.wrap(sent).putShort(2, (short) 0);
            ByteBuffer.wrap(sent).putShort(2, checksum(pseudoHeader(ICMPV6, sent.length, true), sent));
        }
        ByteBuffer packet = ByteBuffer.allocate(40).putInt(0x6000_0000).putShort((short) sent.length);
        packet.put((byte) protocol).put((byte) TTL).put(address6(reply)).put(address6(!reply));
        return ethernet(ETH_P_IPV6, reply, joined(packet.array(), sent));
    }

    // Transport layer.

    private byte[] udp(int from, int to, byte[] payload, boolean ipv6) {
        ByteBuffer packet = ByteBuffer.allocate(8 + payload.length);
        packet.putShort((short) from).putShort((short) to).putShort((short) packet.capacity());
        packet.putShort((short) 0).put(payload);
        packet.putShort(6, checksum(pseudoHeader(UDP, packet.capacity(), ipv6), packet.array()));
        return packet.array();
    }

    private byte[] tcp(int flags, boolean reply, boolean ipv6) {
        boolean first = (flags & SYN) != 0;
        byte[] options = first ? bytes("020405b40402080a" + "0000000100000000" + "01030307") : bytes("0101080a");
        byte[] times = first
                ? new byte[0]
                : ByteBuffer.allocate(8).putInt(2 + flow).putInt(1 + flow).array();
        byte[] payload = (flags & PSH) == 0 ? new byte[0] : Arrays.copyOf(TEXT, PAYLOADS[flow % PAYLOADS.length]);
        int header = 20 + options.length + times.length;
        ByteBuffer packet = ByteBuffer.allocate(header + payload.length);
        packet.putShort((short) (reply ? HTTP : port())).putShort((short) (reply ? port() : HTTP));
        packet.putInt(1000 + flow).putInt((flags & ACK) == 0 ? 0 : 2000 + flow);
        packet.put((byte) (header / 4 << 4))
                .put((byte) flags)
                .putShort((short) 0xffff)
                .putInt(0);
        packet.put(options).put(times).put(payload);
        packet.putShort(16, checksum(pseudoHeader(TCP, packet.capacity(), ipv6), packet.array()));
        return packet.array();
    }

    private static byte[] echo(int type, int flow) {
        ByteBuffer packet =
                ByteBuffer.allocate(8 + TEXT.length).put((byte) type).put((byte) 0);
        packet.putShort((short) 0).putShort((short) flow).putShort((short) 1).put(TEXT);
        packet.putShort(2, checksum(0, packet.array()));
        return packet.array();
    }

    /** An error that quotes the packet of a frame. */
    private byte[] quoting(int type, int code, int mtu, byte[] frame) {
        ByteBuffer packet =
                ByteBuffer.allocate(8 + frame.length - 14).put((byte) type).put((byte) code);
        packet.putShort((short) 0).putInt(mtu).put(frame, 14, frame.length - 14);
        packet.putShort(2, checksum(0, packet.array()));
        return packet.array();
    }

    private byte[] neighbour(int type) {
        ByteBuffer packet = ByteBuffer.allocate(32).putInt(type << 24).putInt(0);
        boolean advertised = type == 136;
        packet.put(address6(true)).put((byte) (advertised ? 2 : 1)).put((byte) 1);
        packet.put(advertised ? SERVER_MAC : CLIENT_MAC);
        return packet.array();
    }

    // Checksums.

    private long pseudoHeader(int protocol, int length, boolean ipv6) {
        byte[] addresses = ipv6
                ? joined(address6(false), address6(true))
                : ByteBuffer.allocate(8)
                        .putInt(address(false))
                        .putInt(address(true))
                        .array();
        return protocol + length + sum(addresses);
    }

    private static long sum(byte[] bytes) {
        long sum = 0;
        for (int at = 0; at < bytes.length; at++) {
            sum += (bytes[at] & 0xffL) << (at % 2 == 0 ? 8 : 0);
        }
        return sum;
    }

    /** The Internet checksum of some bytes, in which its own field is zero. */
    private static short checksum(long begin, byte[] bytes) {
        long sum = begin + sum(bytes);
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (short) ~sum;
    }

    private static byte[] joined(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(
                Arrays.stream(parts).mapToInt(part -> part.length).sum());
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }

    private static byte[] bytes(String digits) {
        return HexFormat.of().parseHex(digits);
    }
}
