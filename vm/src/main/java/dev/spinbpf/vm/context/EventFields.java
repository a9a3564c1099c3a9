package dev.spinbpf.vm.context;

import static dev.spinbpf.programs.linux.SocketAbi.AF_INET;
import static dev.spinbpf.programs.linux.SocketAbi.IPPROTO_TCP;
import static dev.spinbpf.programs.linux.SocketAbi.SOCK_STREAM;
import static dev.spinbpf.programs.linux.SocketAbi.SOL_SOCKET;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.ProgType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * The numbers in the contexts of events that concern a socket, a device or a setting: a TCP connection from 10.0.0.1 to
 * port 53 of 10.0.1.1, as the packets have it. What such an event is about is drawn, so that programs that tell several
 * sorts apart come to all of them.
 */
final class EventFields {

    /** 10.0.0.1 and 10.0.1.1 in network order, as they lie in memory. */
    private static final int REMOTE_IP = 0x0100000a;

    private static final int LOCAL_IP = 0x0101000a;
    private static final int REMOTE_PORT = 1024;
    private static final int LOCAL_PORT = 53;
    private static final int LARGEST_SOCK_OPS = 16;
    private static final int OPTIONS = 64;
    private static final int DEVICE_KINDS = 16;
    private static final int PULSE = 1 << 24;

    private static final Map<ProgType, List<Field>> FIELDS = new EnumMap<>(Map.of(
            ProgType.CGROUP_SOCK_ADDR,
            List.of(
                    is(0, AF_INET),
                    is(4, LOCAL_IP),
                    is(24, networkOrder(LOCAL_PORT)),
                    is(28, AF_INET),
                    is(32, SOCK_STREAM),
                    is(36, IPPROTO_TCP)),
            ProgType.CGROUP_SOCK,
            List.of(is(4, AF_INET), is(8, SOCK_STREAM), is(12, IPPROTO_TCP), is(24, LOCAL_IP), is(44, LOCAL_PORT)),
            ProgType.CGROUP_DEVICE,
            List.of(drawn(0, 1 << 16 | 1, 7 << 16 | 2), below(4, DEVICE_KINDS), below(8, DEVICE_KINDS)),
            ProgType.CGROUP_SYSCTL,
            List.of(below(0, 2)),
            ProgType.CGROUP_SOCKOPT,
            List.of(is(24, SOL_SOCKET), below(28, OPTIONS), is(32, Integer.BYTES)),
            ProgType.SOCK_OPS,
            List.of(
                    below(0, LARGEST_SOCK_OPS),
                    is(20, AF_INET),
                    is(24, REMOTE_IP),
                    is(28, LOCAL_IP),
                    is(64, networkOrder(REMOTE_PORT)),
                    is(68, LOCAL_PORT),
                    is(72, 1)),
            ProgType.SK_MSG,
            List.of(
                    is(16, AF_INET),
                    is(20, REMOTE_IP),
                    is(24, LOCAL_IP),
                    is(60, networkOrder(REMOTE_PORT)),
                    is(64, LOCAL_PORT),
                    is(68, ContextArea.PAYLOAD_BYTES)),
            ProgType.SK_REUSEPORT,
            List.of(
                    is(16, ContextArea.PAYLOAD_BYTES),
                    is(20, networkOrder(0x0800)),
                    is(24, IPPROTO_TCP),
                    below(32, Integer.MAX_VALUE)),
            ProgType.SK_LOOKUP,
            List.of(
                    is(8, AF_INET),
                    is(12, IPPROTO_TCP),
                    is(16, REMOTE_IP),
                    is(36, networkOrder(REMOTE_PORT) & 0xffff),
                    is(40, LOCAL_IP),
                    is(60, LOCAL_PORT),
                    is(64, 1)),
            ProgType.LIRC_MODE2,
            List.of(below(0, PULSE))));

    private EventFields() {}

    /**
     * A field of four bytes.
     *
     * @param values one of them is drawn
     * @param bound where it is not 0, a number below it is drawn
     */
    private record Field(int offset, List<Integer> values, int bound) {
        int value(int random) {
            int positive = random & Integer.MAX_VALUE;
            return bound != 0 ? positive % bound : values.get(positive % values.size());
        }
    }

    private static Field is(int offset, int value) {
        return new Field(offset, List.of(value), 0);
    }

    private static Field below(int offset, int bound) {
        return new Field(offset, List.of(), bound);
    }

    private static Field drawn(int offset, Integer... values) {
        return new Field(offset, List.of(values), 0);
    }

    private static int networkOrder(int port) {
        return Short.reverseBytes((short) port) & 0xffff;
    }

    /** Writes the fields of a context, of which the rest is zero. */
    static void write(ProgType type, long context, IntSupplier random) {
        for (Field field : FIELDS.getOrDefault(type, List.of())) {
            int drawn = field.values.size() == 1 ? 0 : random.getAsInt();
            GuestMemory.putInt(context + field.offset, field.value(drawn));
        }
    }
}
