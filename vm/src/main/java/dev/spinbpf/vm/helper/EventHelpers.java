package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EAFNOSUPPORT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EPERM;
import static dev.spinbpf.programs.linux.SocketAbi.AF_INET;
import static dev.spinbpf.programs.linux.SocketAbi.AF_INET6;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.Execution;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Helpers of programs for events of sockets, messages and settings, which are made up here: a connection without options
 * in its headers, a message that lies in one piece, and the setting {@code net/ipv4/ip_forward}, which is 0 and is to be
 * 1 where it is written. The connection's socket takes every option, reads them as zeros, and cannot be put into a map.
 */
final class EventHelpers {
    private static final int ENOMSG = 42;

    private static final String SETTING_DIRECTORY = "net/ipv4/";
    private static final String SETTING = "ip_forward";
    private static final String VALUE = "0\n";
    private static final String NEW_VALUE = "1";
    private static final int BPF_F_SYSCTL_BASE_NAME = 1;
    private static final int MOST_VALUE_BYTES = 4095;

    private static final int IS_FULLSOCK_FIELD = 72;
    private static final int CB_FLAGS_FIELD = 84;
    private static final int ALL_CB_FLAGS = 0x7f;
    private static final int HDR_OPT_LEN_CB = 14;
    private static final int WRITE_HDR_OPT_CB = 15;

    private static final int MESSAGE_SIZE_FIELD = 68;
    private static final int SOCKADDR_IN_BYTES = 16;
    private static final int SOCKADDR_IN6_BYTES = 24;

    private EventHelpers() {}

    static void register(FunctionTable table) {
        settings(table);
        connections(table);
        table.helper("bpf_msg_apply_bytes", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_msg_cork_bytes", (_, _, _, _, _, _) -> 0);
        table.helper(
                "bpf_msg_pull_data",
                (_, context, start, end, flags, _) -> pull(context, start & 0xffff_ffffL, end & 0xffff_ffffL, flags));
    }

    private static void settings(FunctionTable table) {
        table.helper("bpf_sysctl_get_name", (_, _, to, size, flags, _) -> {
            if ((flags & ~BPF_F_SYSCTL_BASE_NAME) != 0) {
                return -EINVAL;
            }
            return copy(flags == 0 ? SETTING_DIRECTORY + SETTING : SETTING, to, size);
        });
        table.helper("bpf_sysctl_get_current_value", (_, _, to, size, _, _) -> copy(VALUE, to, size));
        table.helper(
                "bpf_sysctl_get_new_value",
                (_, context, to, size, _, _) -> isWritten(context) ? copy(NEW_VALUE, to, size) : -EINVAL);
        table.helper(
                "bpf_sysctl_set_new_value",
                (_, context, _, size, _, _) ->
                        isWritten(context) && size > 0 && size <= MOST_VALUE_BYTES ? 0 : -EINVAL);
    }

    private static boolean isWritten(long context) {
        return GuestMemory.getInt(context) != 0;
    }

    /** Copies a text with zeros after it. Returns its length; -E2BIG where it does not fit and its begin was copied. */
    private static long copy(String text, long to, long size) {
        if (to == 0 || size <= 0) {
            return -EINVAL;
        }
        byte[] bytes = Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), (int) size);
        bytes[bytes.length - 1] = 0;
        GuestMemory.copyIn(bytes, 0, to, bytes.length);
        return text.length() < size ? text.length() : -E2BIG;
    }

    private static void connections(FunctionTable table) {
        table.helper("bpf_sock_ops_cb_flags_set", (_, context, flags, _, _, _) -> {
            if (GuestMemory.getInt(context + IS_FULLSOCK_FIELD) == 0) {
                return -EINVAL;
            }
            GuestMemory.putInt(context + CB_FLAGS_FIELD, (int) flags & ALL_CB_FLAGS);
            return (int) flags & ~ALL_CB_FLAGS;
        });
        for (String name : new String[] {"bpf_sock_map_update", "bpf_sock_hash_update"}) {
            table.helper(name, (_, _, _, _, _, _) -> -EOPNOTSUPP);
        }
        table.helper("bpf_load_hdr_opt", (_, _, _, _, _, _) -> -ENOMSG);
        table.helper("bpf_store_hdr_opt", (_, context, _, _, _, _) -> onlyAt(WRITE_HDR_OPT_CB, context));
        table.helper("bpf_reserve_hdr_opt", (_, context, _, _, _, _) -> onlyAt(HDR_OPT_LEN_CB, context));
        table.helper("bpf_setsockopt", (_, _, _, _, _, size) -> (int) size < Integer.BYTES ? -EINVAL : 0);
        table.helper("bpf_getsockopt", EventHelpers::option);
        table.helper("bpf_bind", (_, _, address, size, _, _) -> bind(address, (int) size));
    }

    private static long onlyAt(int operation, long context) {
        return GuestMemory.getInt(context) == operation ? 0 : -EPERM;
    }

    private static long option(Execution run, long context, long level, long name, long to, long size) {
        int bytes = (int) size;
        if (bytes < Integer.BYTES) {
            return -EINVAL;
        }
        GuestMemory.fill(to, bytes, (byte) 0);
        return 0;
    }

    private static long bind(long address, int size) {
        if (size < Short.BYTES) {
            return -EINVAL;
        }
        return switch (GuestMemory.getShort(address)) {
            case AF_INET -> size < SOCKADDR_IN_BYTES ? -EINVAL : 0;
            case AF_INET6 -> size < SOCKADDR_IN6_BYTES ? -EINVAL : 0;
            default -> -EAFNOSUPPORT;
        };
    }

    private static long pull(long context, long start, long end, long flags) {
        long size = GuestMemory.getInt(context + MESSAGE_SIZE_FIELD) & 0xffff_ffffL;
        return flags != 0 || end <= start || end > size ? -EINVAL : 0;
    }
}
