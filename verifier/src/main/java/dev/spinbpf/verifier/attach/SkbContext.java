package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.kernel.NarrowAccess;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/** {@code struct __sk_buff}: which fields programs that see socket buffers may access. */
final class SkbContext {
    private static final int SIZE = 192;

    /** Fields, by their offset and size in bytes. */
    private enum Field {
        MARK(8, 4),
        QUEUE_MAPPING(12, 4),
        PRIORITY(32, 4),
        TC_INDEX(44, 4),
        CB(48, 20),
        TC_CLASSID(72, 4),
        DATA(76, 4),
        DATA_END(80, 4),
        FAMILY(88, 4),
        REMOTE_IP4(92, 4),
        LOCAL_IP4(96, 4),
        REMOTE_IP6(100, 16),
        LOCAL_IP6(116, 16),
        REMOTE_PORT(132, 4),
        LOCAL_PORT(136, 4),
        DATA_META(140, 4),
        FLOW_KEYS(144, 8),
        TSTAMP(152, 8),
        WIRE_LEN(160, 4),
        SK(168, 8),
        TSTAMP_TYPE(180, 1),
        PADDING(181, 3),
        HWTSTAMP(184, 8),
        OTHER(0, 0);

        private final int offset;
        private final int size;

        Field(int offset, int size) {
            this.offset = offset;
            this.size = size;
        }

        static Field at(int off) {
            for (Field field : values()) {
                if (off >= field.offset && off < field.offset + field.size) {
                    return field;
                }
            }
            return OTHER;
        }

        boolean isSocket() {
            return switch (this) {
                case FAMILY, REMOTE_IP4, LOCAL_IP4, REMOTE_IP6, LOCAL_IP6, REMOTE_PORT, LOCAL_PORT -> true;
                default -> false;
            };
        }
    }

    private SkbContext() {}

    /** What the access gives, or null if it is not allowed. */
    static @Nullable RegState check(ProgType type, int off, int size, boolean write, boolean signExtend) {
        Field field = Field.at(off);
        boolean allowed =
                switch (type) {
                    case SOCKET_FILTER -> socketFilter(field, write);
                    case CGROUP_SKB -> cgroup(field, write);
                    case LWT_IN, LWT_OUT, LWT_XMIT, LWT_SEG6LOCAL -> lightweightTunnel(field, write);
                    case SCHED_CLS, SCHED_ACT -> trafficControl(field, write);
                    case SK_SKB -> streamParser(field, write);
                    case FLOW_DISSECTOR -> flowDissector(field, size, write, signExtend);
                    default -> false;
                };
        if (!allowed) {
            return null;
        }
        if (type == ProgType.FLOW_DISSECTOR) {
            return off % size == 0 ? loaded(field) : null;
        }
        if (field == Field.TSTAMP_TYPE) {
            boolean control = type == ProgType.SCHED_CLS || type == ProgType.SCHED_ACT;
            return control && size == 1 ? RegState.UNKNOWN : null;
        }
        return common(field, off, size, write, signExtend) ? loaded(field) : null;
    }

    private static boolean common(Field field, int off, int size, boolean write, boolean signExtend) {
        if (off < 0 || off >= SIZE || off % size != 0) {
            return false;
        }
        if (field.isSocket() && field != Field.FAMILY && field != Field.REMOTE_PORT && field != Field.LOCAL_PORT) {
            return size == Integer.BYTES;
        }
        return switch (field) {
            case CB -> off + size <= Field.CB.offset + Field.CB.size;
            case DATA, DATA_META, DATA_END -> !signExtend && size == Integer.BYTES;
            case FLOW_KEYS, TSTAMP_TYPE, PADDING -> false;
            case HWTSTAMP, SK -> !write && size == Long.BYTES;
            case TSTAMP -> size == Long.BYTES;
            default -> write ? size == Integer.BYTES : NarrowAccess.isAllowed(off, size, Integer.BYTES);
        };
    }

    private static RegState loaded(Field field) {
        return switch (field) {
            case DATA -> RegState.pointer(RegType.PTR_TO_PACKET, 0, new RegPayload.PacketRange(0));
            case DATA_META -> RegState.pointer(RegType.PTR_TO_PACKET_META, 0, new RegPayload.PacketRange(0));
            case DATA_END -> RegState.pointer(RegType.PTR_TO_PACKET_END, 0, RegPayload.NONE);
            case FLOW_KEYS -> RegState.pointer(RegType.PTR_TO_FLOW_KEYS, 0, RegPayload.NONE);
            case SK -> RegState.pointer(RegType.PTR_TO_SOCK_COMMON, TypeFlags.PTR_MAYBE_NULL, RegPayload.NONE);
            default -> RegState.UNKNOWN;
        };
    }

    private static boolean socketFilter(Field field, boolean write) {
        return switch (field) {
            case CB -> true;
            case TC_CLASSID, DATA, DATA_META, DATA_END, TSTAMP, WIRE_LEN, HWTSTAMP -> false;
            default -> !field.isSocket() && !write;
        };
    }

    private static boolean cgroup(Field field, boolean write) {
        return switch (field) {
            case MARK, PRIORITY, CB, TSTAMP -> true;
            case TC_CLASSID, DATA_META, WIRE_LEN -> false;
            default -> !write;
        };
    }

    private static boolean lightweightTunnel(Field field, boolean write) {
        return switch (field) {
            case MARK, PRIORITY, CB -> true;
            case TC_CLASSID, DATA_META, TSTAMP, WIRE_LEN, HWTSTAMP -> false;
            default -> !field.isSocket() && !write;
        };
    }

    private static boolean trafficControl(Field field, boolean write) {
        return switch (field) {
            case MARK, TC_INDEX, PRIORITY, TC_CLASSID, CB, TSTAMP, QUEUE_MAPPING -> true;
            default -> !field.isSocket() && !write;
        };
    }

    private static boolean streamParser(Field field, boolean write) {
        return switch (field) {
            case TC_INDEX, PRIORITY -> true;
            case MARK, TC_CLASSID, DATA_META, TSTAMP, WIRE_LEN, HWTSTAMP -> false;
            default -> !write;
        };
    }

    private static boolean flowDissector(Field field, int size, boolean write, boolean signExtend) {
        return switch (field) {
            case DATA, DATA_END -> !write && !signExtend && size == Integer.BYTES;
            case FLOW_KEYS -> !write && size == Long.BYTES;
            default -> false;
        };
    }
}
