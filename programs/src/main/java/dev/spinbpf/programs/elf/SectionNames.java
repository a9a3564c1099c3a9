package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The kinds of programs by the names of their sections: libbpf's table.
 *
 * <p>A leading {@code ?} says that the program is loaded only on request. A name that the table ends with {@code +} may
 * be followed by a slash and what to attach to; others must match exactly. The first row that matches counts.
 *
 * @see <a href="https://docs.kernel.org/bpf/libbpf/program_types.html">Program Types and ELF Sections</a>
 */
public final class SectionNames {
    /** Name, program type, expected attach type, properties. */
    private static final String TABLE = """
        socket SOCKET_FILTER - -
        sk_reuseport/migrate SK_REUSEPORT SK_REUSEPORT_SELECT_OR_MIGRATE -
        sk_reuseport SK_REUSEPORT SK_REUSEPORT_SELECT -
        kprobe+ KPROBE - -
        uprobe+ KPROBE - -
        uprobe.s+ KPROBE - sleepable
        kretprobe+ KPROBE - -
        uretprobe+ KPROBE - -
        uretprobe.s+ KPROBE - sleepable
        kprobe.multi+ KPROBE TRACE_KPROBE_MULTI -
        kretprobe.multi+ KPROBE TRACE_KPROBE_MULTI -
        kprobe.session+ KPROBE TRACE_KPROBE_SESSION -
        uprobe.multi+ KPROBE TRACE_UPROBE_MULTI -
        uretprobe.multi+ KPROBE TRACE_UPROBE_MULTI -
        uprobe.session+ KPROBE TRACE_UPROBE_SESSION -
        uprobe.multi.s+ KPROBE TRACE_UPROBE_MULTI sleepable
        uretprobe.multi.s+ KPROBE TRACE_UPROBE_MULTI sleepable
        uprobe.session.s+ KPROBE TRACE_UPROBE_SESSION sleepable
        ksyscall+ KPROBE - -
        kretsyscall+ KPROBE - -
        usdt+ KPROBE - usdt
        usdt.s+ KPROBE - sleepable,usdt
        tc/ingress SCHED_CLS TCX_INGRESS -
        tc/egress SCHED_CLS TCX_EGRESS -
        tcx/ingress SCHED_CLS TCX_INGRESS -
        tcx/egress SCHED_CLS TCX_EGRESS -
        tc SCHED_CLS - -
        classifier SCHED_CLS - -
        action SCHED_ACT - -
        netkit/primary SCHED_CLS NETKIT_PRIMARY -
        netkit/peer SCHED_CLS NETKIT_PEER -
        tracepoint+ TRACEPOINT - -
        tp+ TRACEPOINT - -
        tracepoint.s+ TRACEPOINT - sleepable
        tp.s+ TRACEPOINT - sleepable
        raw_tracepoint+ RAW_TRACEPOINT - -
        raw_tp+ RAW_TRACEPOINT - -
        raw_tracepoint.s+ RAW_TRACEPOINT - sleepable
        raw_tp.s+ RAW_TRACEPOINT - sleepable
        raw_tracepoint.w+ RAW_TRACEPOINT_WRITABLE - -
        raw_tp.w+ RAW_TRACEPOINT_WRITABLE - -
        tp_btf+ TRACING TRACE_RAW_TP btf
        tp_btf.s+ TRACING TRACE_RAW_TP sleepable,btf
        fentry+ TRACING TRACE_FENTRY btf
        fmod_ret+ TRACING MODIFY_RETURN btf
        fexit+ TRACING TRACE_FEXIT btf
        fentry.s+ TRACING TRACE_FENTRY sleepable,btf
        fmod_ret.s+ TRACING MODIFY_RETURN sleepable,btf
        fexit.s+ TRACING TRACE_FEXIT sleepable,btf
        fsession+ TRACING TRACE_FSESSION btf
        fsession.s+ TRACING TRACE_FSESSION sleepable,btf
        fsession.multi+ TRACING TRACE_FSESSION_MULTI -
        fsession.multi.s+ TRACING TRACE_FSESSION_MULTI sleepable
        fentry.multi+ TRACING TRACE_FENTRY_MULTI -
        fexit.multi+ TRACING TRACE_FEXIT_MULTI -
        fentry.multi.s+ TRACING TRACE_FENTRY_MULTI sleepable
        fexit.multi.s+ TRACING TRACE_FEXIT_MULTI sleepable
        freplace+ EXT - btf
        lsm+ LSM LSM_MAC btf
        lsm.s+ LSM LSM_MAC sleepable,btf
        lsm_cgroup+ LSM LSM_CGROUP btf
        iter+ TRACING TRACE_ITER btf
        iter.s+ TRACING TRACE_ITER sleepable,btf
        syscall SYSCALL - sleepable
        xdp.frags/devmap XDP XDP_DEVMAP frags
        xdp/devmap XDP XDP_DEVMAP -
        xdp.frags/cpumap XDP XDP_CPUMAP frags
        xdp/cpumap XDP XDP_CPUMAP -
        xdp.frags XDP XDP frags
        xdp XDP XDP -
        perf_event PERF_EVENT - -
        lwt_in LWT_IN - -
        lwt_out LWT_OUT - -
        lwt_xmit LWT_XMIT - -
        lwt_seg6local LWT_SEG6LOCAL - -
        sockops SOCK_OPS CGROUP_SOCK_OPS -
        sk_skb/stream_parser SK_SKB SK_SKB_STREAM_PARSER -
        sk_skb/stream_verdict SK_SKB SK_SKB_STREAM_VERDICT -
        sk_skb/verdict SK_SKB SK_SKB_VERDICT -
        sk_skb SK_SKB - -
        sk_msg SK_MSG SK_MSG_VERDICT -
        lirc_mode2 LIRC_MODE2 LIRC_MODE2 -
        flow_dissector FLOW_DISSECTOR FLOW_DISSECTOR -
        cgroup_skb/ingress CGROUP_SKB CGROUP_INET_INGRESS -
        cgroup_skb/egress CGROUP_SKB CGROUP_INET_EGRESS -
        cgroup/skb CGROUP_SKB - -
        cgroup/sock_create CGROUP_SOCK CGROUP_INET_SOCK_CREATE -
        cgroup/sock_release CGROUP_SOCK CGROUP_INET_SOCK_RELEASE -
        cgroup/sock CGROUP_SOCK CGROUP_INET_SOCK_CREATE -
        cgroup/post_bind4 CGROUP_SOCK CGROUP_INET4_POST_BIND -
        cgroup/post_bind6 CGROUP_SOCK CGROUP_INET6_POST_BIND -
        cgroup/bind4 CGROUP_SOCK_ADDR CGROUP_INET4_BIND -
        cgroup/bind6 CGROUP_SOCK_ADDR CGROUP_INET6_BIND -
        cgroup/connect4 CGROUP_SOCK_ADDR CGROUP_INET4_CONNECT -
        cgroup/connect6 CGROUP_SOCK_ADDR CGROUP_INET6_CONNECT -
        cgroup/connect_unix CGROUP_SOCK_ADDR CGROUP_UNIX_CONNECT -
        cgroup/sendmsg4 CGROUP_SOCK_ADDR CGROUP_UDP4_SENDMSG -
        cgroup/sendmsg6 CGROUP_SOCK_ADDR CGROUP_UDP6_SENDMSG -
        cgroup/sendmsg_unix CGROUP_SOCK_ADDR CGROUP_UNIX_SENDMSG -
        cgroup/recvmsg4 CGROUP_SOCK_ADDR CGROUP_UDP4_RECVMSG -
        cgroup/recvmsg6 CGROUP_SOCK_ADDR CGROUP_UDP6_RECVMSG -
        cgroup/recvmsg_unix CGROUP_SOCK_ADDR CGROUP_UNIX_RECVMSG -
        cgroup/getpeername4 CGROUP_SOCK_ADDR CGROUP_INET4_GETPEERNAME -
        cgroup/getpeername6 CGROUP_SOCK_ADDR CGROUP_INET6_GETPEERNAME -
        cgroup/getpeername_unix CGROUP_SOCK_ADDR CGROUP_UNIX_GETPEERNAME -
        cgroup/getsockname4 CGROUP_SOCK_ADDR CGROUP_INET4_GETSOCKNAME -
        cgroup/getsockname6 CGROUP_SOCK_ADDR CGROUP_INET6_GETSOCKNAME -
        cgroup/getsockname_unix CGROUP_SOCK_ADDR CGROUP_UNIX_GETSOCKNAME -
        cgroup/sysctl CGROUP_SYSCTL CGROUP_SYSCTL -
        cgroup/getsockopt CGROUP_SOCKOPT CGROUP_GETSOCKOPT -
        cgroup/setsockopt CGROUP_SOCKOPT CGROUP_SETSOCKOPT -
        cgroup/dev CGROUP_DEVICE CGROUP_DEVICE -
        struct_ops+ STRUCT_OPS - -
        struct_ops.s+ STRUCT_OPS - sleepable
        sk_lookup SK_LOOKUP SK_LOOKUP -
        netfilter NETFILTER NETFILTER -
        """;

    private static final List<Row> ROWS = parse();

    private SectionNames() {}

    /**
     * The meaning of a section's name.
     *
     * @param type the kind of program
     * @param attachType expected attach type; CGROUP_INET_INGRESS, which is number 0, where there is none
     * @param target what follows the slash, or empty
     * @param autoload false if the name starts with {@code ?}
     * @param sleepable true if the program may sleep
     * @param needsTarget true if the program cannot be loaded without the name of what it attaches to, as its types
     *     come from there
     * @param xdpFrags true if an XDP program takes packets in several buffers
     */
    public record Match(
            ProgType type,
            AttachType attachType,
            Optional<String> target,
            boolean autoload,
            boolean sleepable,
            boolean needsTarget,
            boolean xdpFrags) {
        Match withAutoload(boolean loaded) {
            return new Match(type, attachType, target, loaded, sleepable, needsTarget, xdpFrags);
        }
    }

    private static final String KERNEL = "vmlinux";

    /** Of a section whose name says nothing. */
    static final Match NONE =
            new Match(ProgType.UNSPEC, AttachType.CGROUP_INET_INGRESS, Optional.empty(), true, false, false, false);

    private record Row(
            String name,
            boolean open,
            ProgType type,
            AttachType attachType,
            boolean sleepable,
            boolean needsTarget,
            boolean xdpFrags) {
        boolean matches(String section) {
            return open
                    ? section.startsWith(name)
                            && (section.length() == name.length() || section.charAt(name.length()) == '/')
                    : section.equals(name);
        }
    }

    /** Returns libbpf's words for a program in a section that does not say the program's type. */
    public static String unknownSection(String program, String section) {
        return "libbpf: prog '" + program + "': missing BPF prog type, check ELF section name '" + section + "'";
    }

    /** Returns the meaning of the section's name; empty if libbpf does not know it. */
    public static Optional<Match> lookup(String sectionName) {
        boolean autoload = !sectionName.startsWith("?");
        String section = autoload ? sectionName : sectionName.substring(1);
        for (Row row : ROWS) {
            if (row.matches(section)) {
                boolean hasTarget = row.open() && section.length() > row.name().length();
                Optional<String> target =
                        hasTarget ? Optional.of(section.substring(row.name().length() + 1)) : Optional.empty();
                if (row.needsTarget()) {
                    target = target.map(SectionNames::withoutKernelsName);
                }
                return Optional.of(new Match(
                        row.type(),
                        row.attachType(),
                        target,
                        autoload,
                        row.sleepable(),
                        row.needsTarget(),
                        row.xdpFrags()));
            }
        }
        return Optional.empty();
    }

    /** {@code vmlinux:do_exit} is a function of the kernel itself, of no module; libbpf compares as much of the name as there is. */
    private static String withoutKernelsName(String target) {
        int colon = target.indexOf(':');
        return colon >= 0 && KERNEL.startsWith(target.substring(0, colon)) ? target.substring(colon + 1) : target;
    }

    /** Returns all names, in the order of the table; {@code fentry/...} where a target may follow. */
    public static List<String> all() {
        return ROWS.stream().map(SectionNames::shown).toList();
    }

    private static String shown(Row row) {
        return row.name() + (row.open() ? "/..." : "");
    }

    /** Returns the names that begin with the same word as a section's: {@code xdp}, {@code xdp/devmap} for {@code xdp_x}. */
    public static List<String> withSameWord(String section) {
        String word = firstWord(section);
        return ROWS.stream()
                .filter(row -> firstWord(row.name()).equals(word))
                .map(SectionNames::shown)
                .toList();
    }

    private static String firstWord(String section) {
        return section.split("[^A-Za-z0-9]", 2)[0];
    }

    private static List<Row> parse() {
        List<Row> rows = new ArrayList<>();
        for (String line : TABLE.lines().toList()) {
            String[] columns = line.split(" ", -1);
            boolean open = columns[0].endsWith("+");
            List<String> properties = List.of(columns[3].split(",", -1));
            AttachType attachType =
                    columns[2].equals("-") ? AttachType.CGROUP_INET_INGRESS : AttachType.valueOf(columns[2]);
            // libbpf attaches usdt programs through the kernel's uprobe links where it has them
            rows.add(new Row(
                    open ? columns[0].substring(0, columns[0].length() - 1) : columns[0],
                    open,
                    ProgType.valueOf(columns[1]),
                    properties.contains("usdt") ? AttachType.TRACE_UPROBE_MULTI : attachType,
                    properties.contains("sleepable"),
                    properties.contains("btf"),
                    properties.contains("frags")));
        }
        return List.copyOf(rows);
    }
}
