package dev.spinbpf.programs.elf;

import java.util.Set;

/**
 * Names of data in the kernel that no type mentions, as far as programs are known to ask for their addresses. A kernel's
 * types name its functions and its per-CPU variables; the rest is in its table of symbols alone.
 */
final class KernelSymbols {
    private static final Set<String> NAMES = Set.of(
            "__per_cpu_offset",
            "__per_cpu_start",
            "__start_BTF",
            "__stop_BTF",
            "_etext",
            "_stext",
            "bpf_iter_fops",
            "bpf_link_fops",
            "bpf_link_fops_poll",
            "bpf_map_fops",
            "bpf_prog_fops",
            "btf_fops",
            "def_blk_fops",
            "eventpoll_fops",
            "init_cred",
            "init_net",
            "init_pid_ns",
            "init_task",
            "init_user_ns",
            "jiffies",
            "jiffies_64",
            "linux_banner",
            "perf_fops",
            "pipefifo_fops",
            "saved_command_line",
            "socket_file_ops",
            "sys_call_table",
            "system_state",
            "tcp_prot",
            "tcpv6_prot",
            "udp_prot",
            "udpv6_prot");

    private KernelSymbols() {}

    static boolean isKnown(String name) {
        return NAMES.contains(name);
    }
}
