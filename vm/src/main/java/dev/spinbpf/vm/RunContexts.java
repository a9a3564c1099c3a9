package dev.spinbpf.vm;

import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.vm.context.ContextArea;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Contexts of program runs, made of bytes that a user gives. */
public final class RunContexts {
    private static final int SHORT_PACKET = 64;

    private RunContexts() {}

    /** A UDP packet in IPv4 and Ethernet, 64 bytes, whose addresses and ports vary with the flow. */
    public static byte[] udpPacket(int flow) {
        ByteBuffer packet = ByteBuffer.allocate(SHORT_PACKET).order(ByteOrder.BIG_ENDIAN);
        packet.put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2});
        packet.putShort((short) 0x0800);
        packet.put((byte) 0x45).put((byte) 0).putShort((short) (SHORT_PACKET - 14));
        packet.putShort((short) flow).putShort((short) 0x4000);
        packet.put((byte) 64).put((byte) 17).putShort((short) 0);
        packet.putInt(0x0a000001 + (flow & 0xff)).putInt(0x0a000101);
        packet.putShort((short) (1024 + (flow & 0xfff))).putShort((short) 53);
        packet.putShort((short) (SHORT_PACKET - 34)).putShort((short) 0);
        return packet.array();
    }

    static boolean isPacket(ProgType type) {
        return switch (type) {
            case XDP, SCHED_CLS, SCHED_ACT, SOCKET_FILTER, CGROUP_SKB, FLOW_DISSECTOR -> true;
            case LWT_IN, LWT_OUT, LWT_XMIT, LWT_SEG6LOCAL -> true;
            default -> false;
        };
    }

    /** Writes the context of one run; returns its address. */
    static long write(ProgType type, ContextArea area, byte @Nullable [] input) {
        if (isPacket(type)) {
            byte[] packet = input == null ? udpPacket(0) : input;
            return area.packet(type, packet);
        }
        byte[] bytes = input == null ? new byte[0] : input;
        return switch (type) {
            case SYSCALL, KPROBE, PERF_EVENT, TRACEPOINT -> area.raw(bytes);
            default -> area.raw(Arrays.copyOf(bytes, (bytes.length + 7) / 8 * 8));
        };
    }
}
