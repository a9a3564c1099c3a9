package dev.spinbpf.vm.context;

import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.vm.helper.PacketFields;
import java.util.function.IntSupplier;

/**
 * Guest memory for one run's context: the context itself and a packet. Below 4 GiB, because contexts hold packet
 * addresses in 32 bits.
 *
 * <pre>
 *   number of arguments(8) context(256)
 *   headroom(256) packet ... tailroom(320)
 * </pre>
 */
public final class ContextArea {
    /** Room in front of a packet: {@code XDP_PACKET_HEADROOM}. */
    public static final int HEADROOM = 256;

    /** Longest packet. */
    public static final int MAX_PACKET = 3520;

    /** Longest context that is not a packet's, as for syscall programs. */
    public static final int MAX_CONTEXT = 4096;

    private static final int ETHERTYPE_OFFSET = 12;
    private static final int FIRST_ETHERTYPE = 1536;

    /** In network order, as {@code __sk_buff.protocol} is. */
    private static final int ETH_P_802_3 = 0x0100;

    private static final int ETH_P_802_2 = 0x0400;
    private static final int PROTOCOL_FIELD = 16;
    private static final int INGRESS_IFINDEX_FIELD = 36;
    private static final int IFINDEX_FIELD = 40;
    private static final int LOOPBACK_IFINDEX = 1;
    private static final int XDP_INGRESS_IFINDEX_FIELD = 12;
    private static final int FLOW_KEYS_FIELD = 144;

    /** Offset of {@code bpf_flow_keys.n_proto}. */
    private static final int FLOW_KEYS_PROTOCOL = 10;

    /** Offset of the flow keys, after the context and its hidden fields. */
    private static final int FLOW_KEYS = 512;

    private static final int TAILROOM = 320;
    private static final int PERF_SAMPLE_PERIOD_FIELD = 168;

    /** Longest object that a program may be handed, with room for those that it is part of. */
    private static final int OBJECT_BYTES = 64 << 10;

    private static final int MOST_ARGUMENTS = 12;

    /** Bytes of zeros that a socket's message or option has. */
    static final int PAYLOAD_BYTES = 64;

    /** Offsets of rdi, rsi, rdx, rcx, r8 and r9 in {@code pt_regs}. */
    private static final int[] ARGUMENT_REGISTERS = {112, 104, 96, 88, 72, 64};

    /** Offset of rax. */
    private static final int RETURN_REGISTER = 80;

    private static final int SOCK_ADDR_SOCKET_FIELD = 64;
    private static final int SK_MSG_SOCKET_FIELD = 72;
    private static final int REUSEPORT_SOCKET_FIELD = 40;

    private final GuestArena arena;
    private long zeros;
    private final long context;
    private final long packet;

    /** Takes memory of an arena for it. */
    public ContextArea(GuestArena arena) {
        this.arena = arena;
        long block = arena.allocate(16 + MAX_CONTEXT, 16);
        context = block + 16;
        packet = arena.allocate(HEADROOM + MAX_PACKET + TAILROOM, GuestMemory.PAGE_SIZE);
        if (packet + GuestMemory.PAGE_SIZE >= 1L << 32) {
            throw new IllegalStateException("no guest memory below 4 GiB is left for packets");
        }
    }

    /** Returns true where an address is in the context or the packet. */
    boolean contains(long address) {
        long inContext = address - (context - 16);
        long inPacket = address - packet;
        return inContext >= 0 && inContext < 16 + MAX_CONTEXT
                || inPacket >= 0 && inPacket < HEADROOM + MAX_PACKET + TAILROOM;
    }

    /** The context's address. */
    public long address() {
        return context;
    }

    /** Makes what programs of a kind get for a packet, an Ethernet frame: an {@code xdp_md} or an {@code __sk_buff}. */
    public long packet(ProgType type, byte[] bytes) {
        return switch (type) {
            case XDP -> xdp(bytes);
            case SOCKET_FILTER, CGROUP_SKB, SK_SKB, LWT_IN, LWT_OUT, LWT_XMIT, LWT_SEG6LOCAL -> networkLayer(bytes);
            case FLOW_DISSECTOR -> dissected(bytes);
            default -> skb(bytes);
        };
    }

    /** An {@code __sk_buff} whose data begin after the Ethernet header. */
    private long networkLayer(byte[] bytes) {
        skb(bytes);
        PacketFields fields = PacketFields.SK_BUFF;
        int header = Math.min(KernelLimits.ETH_HLEN, bytes.length);
        int data = (int) (packet + HEADROOM + header);
        GuestMemory.putInt(context + fields.dataOffset(), data);
        GuestMemory.putInt(context + fields.dataMetaOffset(), data);
        GuestMemory.putInt(context, bytes.length - header);
        return context;
    }

    /** An {@code __sk_buff} with the keys that a flow dissector fills in. */
    private long dissected(byte[] bytes) {
        skb(bytes);
        long keys = context + FLOW_KEYS;
        GuestMemory.fill(keys, KernelLimits.BPF_FLOW_KEYS_BYTES, (byte) 0);
        GuestMemory.putShort(keys, (short) KernelLimits.ETH_HLEN);
        GuestMemory.putShort(keys + 2, (short) KernelLimits.ETH_HLEN);
        if (bytes.length >= KernelLimits.ETH_HLEN) {
            GuestMemory.putShort(keys + FLOW_KEYS_PROTOCOL, GuestMemory.getShort(packet + HEADROOM + ETHERTYPE_OFFSET));
        }
        GuestMemory.putLong(context + FLOW_KEYS_FIELD, keys);
        return context;
    }

    private long skb(byte[] bytes) {
        PacketFields fields = PacketFields.SK_BUFF;
        GuestMemory.fill(context, PacketFields.CONTEXT_SIZE, (byte) 0);
        putPacket(fields, bytes);
        GuestMemory.putInt(context, bytes.length);
        if (bytes.length >= ETHERTYPE_OFFSET + 2) {
            short protocol = GuestMemory.getShort(packet + HEADROOM + ETHERTYPE_OFFSET);
            GuestMemory.putInt(context + PROTOCOL_FIELD, protocolOf(protocol, bytes));
        }
        GuestMemory.putInt(context + INGRESS_IFINDEX_FIELD, LOOPBACK_IFINDEX);
        GuestMemory.putInt(context + IFINDEX_FIELD, LOOPBACK_IFINDEX);
        return context;
    }

    /** The protocol in network order: below 1536 the field is a length, and the next bytes tell (eth_type_trans). */
    private static int protocolOf(short field, byte[] packet) {
        int next = ETHERTYPE_OFFSET + 2;
        if ((Short.reverseBytes(field) & 0xffff) >= FIRST_ETHERTYPE) {
            return field & 0xffff;
        }
        boolean isNovell = packet.length >= next + 2 && packet[next] == -1 && packet[next + 1] == -1;
        return isNovell ? ETH_P_802_3 : ETH_P_802_2;
    }

    private long xdp(byte[] bytes) {
        GuestMemory.fill(context, PacketFields.CONTEXT_SIZE, (byte) 0);
        putPacket(PacketFields.XDP_MD, bytes);
        GuestMemory.putInt(context + XDP_INGRESS_IFINDEX_FIELD, LOOPBACK_IFINDEX);
        return context;
    }

    private void putPacket(PacketFields fields, byte[] bytes) {
        if (bytes.length > MAX_PACKET) {
            throw new IllegalArgumentException("packet of " + bytes.length + " bytes, at most " + MAX_PACKET);
        }
        long data = packet + HEADROOM;
        GuestMemory.copyIn(bytes, 0, data, bytes.length);
        GuestMemory.putInt(context + fields.dataOffset(), (int) data);
        GuestMemory.putInt(context + fields.dataMetaOffset(), (int) data);
        GuestMemory.putInt(context + fields.dataEndOffset(), (int) (data + bytes.length));
        GuestMemory.putLong(context + PacketFields.HARD_START_OFFSET, packet);
        GuestMemory.putLong(context + PacketFields.HARD_END_OFFSET, data + MAX_PACKET);
    }

    /** The packet that an {@link #packet(ProgType, byte[])} context refers to now. */
    @SuppressWarnings("exports") // only a machine asks
    public byte[] packet(PacketFields fields) {
        long data = GuestMemory.getInt(context + fields.dataOffset()) & 0xffff_ffffL;
        long end = GuestMemory.getInt(context + fields.dataEndOffset()) & 0xffff_ffffL;
        return GuestMemory.bytes(data, (int) (end - data));
    }

    /** Makes the arguments of a traced function or raw tracepoint; those after the fourth, and the result, are zero. */
    public long arguments(long first, long second, long third, long fourth, int count) {
        GuestMemory.putLong(context - 8, count);
        GuestMemory.putLong(context, first);
        GuestMemory.putLong(context + 8, second);
        GuestMemory.putLong(context + 16, third);
        GuestMemory.putLong(context + 24, fourth);
        GuestMemory.fill(context + 32, 8L * Math.max(1, count - 3), (byte) 0);
        return context;
    }

    /** Makes the arguments of a traced function or raw tracepoint, and what it returned. */
    long arguments(long[] values, long result) {
        GuestMemory.putLong(context - 8, values.length);
        for (int i = 0; i < values.length; i++) {
            GuestMemory.putLong(context + 8L * i, values[i]);
        }
        GuestMemory.putLong(context + 8L * values.length, result);
        return context;
    }

    /** Makes the {@code pt_regs} of x86-64 of a call: up to six arguments, and what it returned. */
    long registers(long[] values, long result) {
        GuestMemory.fill(context, PERF_SAMPLE_PERIOD_FIELD, (byte) 0);
        for (int i = 0; i < Math.min(values.length, ARGUMENT_REGISTERS.length); i++) {
            GuestMemory.putLong(context + ARGUMENT_REGISTERS[i], values[i]);
        }
        GuestMemory.putLong(context + RETURN_REGISTER, result);
        return context;
    }

    /**
     * Makes the {@code pt_regs} of x86-64 at a function's entry: arguments in rdi, rsi, rdx and rcx.
     *
     * @see <a href="https://gitlab.com/x86-psABIs/x86-64-ABI">System V ABI</a>
     */
    public long registers(long first, long second, long third, long fourth) {
        GuestMemory.fill(context, PERF_SAMPLE_PERIOD_FIELD, (byte) 0);
        GuestMemory.putLong(context + 112, first);
        GuestMemory.putLong(context + 104, second);
        GuestMemory.putLong(context + 96, third);
        GuestMemory.putLong(context + 88, fourth);
        return context;
    }

    /** Makes the record of a classic tracepoint: eight common bytes, then the fields. */
    public long record(long first, long second, long third, long fourth) {
        GuestMemory.putLong(context, 0);
        GuestMemory.putLong(context + 8, first);
        GuestMemory.putLong(context + 16, second);
        GuestMemory.putLong(context + 24, third);
        GuestMemory.putLong(context + 32, fourth);
        return context;
    }

    /** Makes a {@code bpf_perf_event_data}. */
    public long perfEvent(long samplePeriod) {
        GuestMemory.fill(context, KernelLimits.BPF_PERF_EVENT_DATA_BYTES, (byte) 0);
        GuestMemory.putLong(context + PERF_SAMPLE_PERIOD_FIELD, samplePeriod);
        return context;
    }

    /**
     * Makes the context of an event that nothing is known of but the type of its programs. Pointers that programs may
     * follow without asking lead to an object of zeros.
     */
    @SuppressWarnings("exports") // only hooks ask
    public long event(ProgType type, IntSupplier random) {
        raw(new byte[0]);
        EventFields.write(type, context, random);
        return switch (type) {
            case TRACING, LSM, STRUCT_OPS, RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE, NETFILTER -> pointers();
            case CGROUP_SOCK_ADDR -> socketAt(SOCK_ADDR_SOCKET_FIELD);
            case SK_MSG -> payloadAt(0, SK_MSG_SOCKET_FIELD);
            case SK_REUSEPORT -> payloadAt(0, REUSEPORT_SOCKET_FIELD);
            case CGROUP_SOCKOPT -> payloadAt(Long.BYTES, 0);
            default -> context;
        };
    }

    private long pointers() {
        for (int i = 0; i < MOST_ARGUMENTS; i++) {
            GuestMemory.putLong(context + i * 8L, zeros());
        }
        GuestMemory.putLong(context - 8, MOST_ARGUMENTS);
        return context;
    }

    private long payloadAt(int offset, int socketOffset) {
        GuestMemory.putLong(context + offset, zeros());
        GuestMemory.putLong(context + offset + Long.BYTES, zeros() + PAYLOAD_BYTES);
        return socketAt(socketOffset);
    }

    private long socketAt(int offset) {
        GuestMemory.putLong(context + offset, zeros());
        return context;
    }

    /** Returns the address of an object of zeros. */
    long zeros() {
        if (zeros == 0) {
            zeros = arena.allocate(OBJECT_BYTES, GuestMemory.PAGE_SIZE);
        }
        return zeros;
    }

    /** Makes a context of bytes, followed by zeros. */
    public long raw(byte[] bytes) {
        if (bytes.length > MAX_CONTEXT) {
            throw new IllegalArgumentException("context of " + bytes.length + " bytes, at most " + MAX_CONTEXT);
        }
        GuestMemory.fill(context, MAX_CONTEXT, (byte) 0);
        GuestMemory.copyIn(bytes, 0, context, bytes.length);
        GuestMemory.putLong(context - 8, bytes.length / 8);
        return context;
    }
}
