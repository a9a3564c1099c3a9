package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.map.CgroupStorageMap;

/**
 * Sockets, of which the machine has none, and the cgroups that packets belong to, of which it has one: look-ups find
 * nothing, and what takes a socket that was found gets null.
 */
final class SocketHelpers {
    private static final long FIRST_COOKIE = 1;

    private SocketHelpers() {}

    static void register(FunctionTable table) {
        for (String lookup : new String[] {"bpf_sk_lookup_tcp", "bpf_sk_lookup_udp", "bpf_skc_lookup_tcp"}) {
            table.helper(lookup, (_, _, _, _, _, _) -> 0);
        }
        for (String cast : new String[] {
            "bpf_sk_fullsock",
            "bpf_tcp_sock",
            "bpf_get_listener_sock",
            "bpf_skc_to_tcp6_sock",
            "bpf_skc_to_tcp_sock",
            "bpf_skc_to_tcp_timewait_sock",
            "bpf_skc_to_tcp_request_sock",
            "bpf_skc_to_udp6_sock",
            "bpf_skc_to_unix_sock",
            "bpf_skc_to_mptcp_sock",
            "bpf_sock_from_file"
        }) {
            table.helper(cast, (_, _, _, _, _, _) -> 0);
        }
        table.helper("bpf_sk_release", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_sk_assign", (_, _, socket, flags, _, _) -> {
            boolean replaces = (flags & ~3L) == 0 && socket == 0;
            return replaces ? 0 : -EINVAL;
        });
        table.helper("bpf_get_socket_cookie", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_get_netns_cookie", (_, _, _, _, _, _) -> FIRST_COOKIE);
        table.helper("bpf_skb_cgroup_id", (_, _, _, _, _, _) -> CgroupStorageMap.ROOT_CGROUP_ID);
        table.helper("bpf_sk_cgroup_id", (_, _, _, _, _, _) -> CgroupStorageMap.ROOT_CGROUP_ID);
        for (String name : new String[] {"bpf_skb_ancestor_cgroup_id", "bpf_sk_ancestor_cgroup_id"}) {
            table.helper(name, (_, _, level, _, _, _) -> (int) level == 0 ? CgroupStorageMap.ROOT_CGROUP_ID : 0);
        }
        table.helper("bpf_skb_ecn_set_ce", (_, context, _, _, _, _) -> EthernetFrames.setCongestion(context));
        table.helper("bpf_tcp_check_syncookie", (_, socket, _, _, _, _) -> socket == 0 ? -EINVAL : -ENOENT);
        table.helper("bpf_tcp_gen_syncookie", (_, socket, _, _, _, _) -> socket == 0 ? -EINVAL : -ENOENT);
    }
}
