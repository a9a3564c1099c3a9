package dev.spinbpf.programs.linux;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tracepoint or function of the kernel that can be traced without the kernel's types at hand: its prototype in Linux
 * 7.2. {@code bpf_multi_func} stands for the functions of a program that attaches to several. BTF describes the helpers
 * among them by the five registers that they take.
 *
 * @param kind what it is
 * @param name its name; of a tracepoint without its group
 * @param returnType what the function returns; {@code void} for tracepoints
 * @param arguments what it is called with
 */
public record KernelHook(Kind kind, String name, String returnType, List<Argument> arguments) {
    private static final String UPDATE = "struct bpf_map *map, void *key, void *value, u64 flags";
    private static final String DELETE = "struct bpf_map *map, void *key";
    private static final String REGS = "const struct pt_regs *regs";

    private static final String TASK = "struct task_struct *p";
    private static final String CGROUP = "struct cgroup *cgrp, const char *path";

    private static final List<KernelHook> ALL = List.of(
            tracepoint("contention_begin", "void *lock, unsigned int flags"),
            tracepoint("contention_end", "void *lock, int ret"),
            tracepoint("sys_enter", "struct pt_regs *regs, long id"),
            tracepoint("sys_exit", "struct pt_regs *regs, long ret"),
            tracepoint(
                    "sched_switch",
                    "bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state"),
            tracepoint("softirq_entry", "unsigned int vec_nr"),
            tracepoint("softirq_exit", "unsigned int vec_nr"),
            tracepoint("timer_expire_entry", "struct timer_list *timer, unsigned long baseclk"),
            tracepoint("irq_handler_entry", "int irq, struct irqaction *action"),
            tracepoint("irq_handler_exit", "int irq, struct irqaction *action, int ret"),
            tracepoint("hrtimer_expire_entry", "struct hrtimer *hrtimer, ktime_t *now"),
            tracepoint("hrtimer_expire_exit", "struct hrtimer *hrtimer"),
            tracepoint("task_newtask", "struct task_struct *task, u64 clone_flags"),
            tracepoint("task_rename", "struct task_struct *task, const char *comm"),
            tracepoint("sched_waking", TASK),
            tracepoint("sched_wakeup", TASK),
            tracepoint("sched_wakeup_new", TASK),
            tracepoint("sched_process_exit", "struct task_struct *p, bool group_dead"),
            tracepoint("sched_process_fork", "struct task_struct *parent, struct task_struct *child"),
            tracepoint("sched_process_exec", "struct task_struct *p, int old_pid, struct linux_binprm *bprm"),
            tracepoint("cgroup_mkdir", CGROUP),
            tracepoint("cgroup_rmdir", CGROUP),
            tracepoint(
                    "cgroup_attach_task",
                    "struct cgroup *dst_cgrp, const char *path, struct task_struct *task, bool threadgroup"),
            tracepoint("netif_receive_skb", "struct sk_buff *skb"),
            tracepoint("consume_skb", "struct sk_buff *skb, void *location"),
            tracepoint(
                    "kfree_skb",
                    "struct sk_buff *skb, void *location, enum skb_drop_reason reason, const struct sock *rx_sk"),
            function("long", "__x64_sys_getpgid", REGS),
            function("long", "__x64_sys_nanosleep", REGS),
            function("int", "bpf_fentry_test1", "int a"),
            function("int", "bpf_fentry_test2", "int a, u64 b"),
            function("int", "bpf_fentry_test3", "char a, int b, u64 c"),
            function("int", "bpf_fentry_test4", "void *a, char b, int c, u64 d"),
            function("int", "bpf_fentry_test5", "u64 a, void *b, short c, int d, u64 e"),
            function("int", "bpf_fentry_test6", "u64 a, void *b, short c, int d, void *e, u64 f"),
            function("int", "bpf_fentry_test7", "struct bpf_fentry_test_t *arg"),
            function("int", "bpf_fentry_test8", "struct bpf_fentry_test_t *arg"),
            function("u32", "bpf_fentry_test9", "u32 *a"),
            function("int", "bpf_fentry_test10", "const void *a"),
            function("int", "bpf_modify_return_test", "int a, int *b"),
            function("int", "bpf_modify_return_test2", "int a, int *b, short c, int d, void *e, char f, int g"),
            function("int", "bpf_modify_return_test_tp", "int nonce"),
            function(
                    "int",
                    "inet_stream_connect",
                    "struct socket *sock, struct sockaddr *uaddr, int addr_len, int flags"),
            function("void", "exit_creds", "struct task_struct *tsk"),
            function("void", "tcp_init_sock", "struct sock *sk"),
            function("int", "udp_init_sock", "struct sock *sk"),
            function("int", "update_socket_protocol", "int family, int type, int protocol"),
            function("int", "security_inode_getattr", "const struct path *path"),
            function("int", "bpf_lsm_file_open", "struct file *file"),
            function("int", "bpf_lsm_bpf", "int cmd, union bpf_attr *attr, unsigned int size, bool kernel"),
            function(
                    "int",
                    "bpf_lsm_file_mprotect",
                    "struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot"),
            function("void", "bpf_lsm_bprm_committed_creds", "const struct linux_binprm *bprm"),
            function("int", "bpf_lsm_task_alloc", "struct task_struct *task, u64 clone_flags"),
            function(
                    "int",
                    "bpf_lsm_socket_post_create",
                    "struct socket *sock, int family, int type, int protocol, int kern"),
            function("int", "bpf_lsm_socket_bind", "struct socket *sock, struct sockaddr *address, int addrlen"),
            function("int", "bpf_multi_func", ""),
            function("void", "handle_softirqs", "bool ksirqd"),
            function("void", "net_rx_action", ""),
            function("void", "hrtimer_interrupt", "struct clock_event_device *dev"),
            function("u64", "bpf_map_update_elem", "u64 map, u64 key, u64 value, u64 flags, u64 unused"),
            function("u64", "bpf_map_delete_elem", "u64 map, u64 key, u64 unused1, u64 unused2, u64 unused3"),
            iterator("bpf_link", "struct bpf_link *link"),
            iterator("bpf_map", "struct bpf_map *map"),
            iterator("bpf_map_elem", "struct bpf_map *map, void *key, void *value"),
            iterator("bpf_prog", "struct bpf_prog *prog"),
            iterator("bpf_sk_storage_map", "struct bpf_map *map, struct sock *sk, void *value"),
            iterator("cgroup", "struct cgroup *cgroup"),
            iterator("dmabuf", "struct dma_buf *dmabuf"),
            iterator("ipv6_route", "struct fib6_info *rt"),
            iterator("kmem_cache", "struct kmem_cache *s"),
            iterator("ksym", "struct kallsym_iter *ksym"),
            iterator("netlink", "struct netlink_sock *sk"),
            iterator("sockmap", "struct bpf_map *map, void *key, struct sock *sk"),
            iterator("task", "struct task_struct *task"),
            iterator("task_file", "struct task_struct *task, u32 fd, struct file *file"),
            iterator("task_vma", "struct task_struct *task, struct vm_area_struct *vma"),
            iterator("tcp", "struct sock_common *sk_common, unsigned int uid"),
            iterator("udp", "struct udp_sock *udp_sk, unsigned int uid, int bucket"),
            iterator("unix", "struct unix_sock *unix_sk, unsigned int uid"),
            function("long", "htab_map_update_elem", UPDATE),
            function("long", "htab_percpu_map_update_elem", UPDATE),
            function("long", "htab_lru_map_update_elem", UPDATE),
            function("long", "htab_map_delete_elem", DELETE),
            function("long", "htab_lru_map_delete_elem", DELETE),
            function(
                    "struct htab_elem *",
                    "alloc_htab_elem",
                    "struct bpf_htab *htab, void *key, void *value, u32 key_size, u32 hash, bool percpu,"
                            + " bool onallcpus, struct htab_elem *old_elem, u64 map_flags"),
            function(
                    "struct htab_elem *",
                    "lookup_elem_raw",
                    "struct hlist_nulls_head *head, u32 hash, void *key, u32 key_size"),
            function("void", "free_htab_elem", "struct bpf_htab *htab, struct htab_elem *l"),
            function("long", "trie_update_elem", UPDATE),
            function("long", "trie_delete_elem", DELETE),
            function("long", "array_map_update_elem", UPDATE),
            function("long", "queue_stack_map_push_elem", "struct bpf_map *map, void *value, u64 flags"),
            function("struct pcpu_freelist_node *", "__pcpu_freelist_pop", "struct pcpu_freelist *s"),
            function("struct pcpu_freelist_node *", "pcpu_freelist_pop", "struct pcpu_freelist *s"),
            function("void", "__pcpu_freelist_push", "struct pcpu_freelist *s, struct pcpu_freelist_node *node"),
            function("void", "pcpu_freelist_push", "struct pcpu_freelist *s, struct pcpu_freelist_node *node"));

    /** The kinds of hooks. */
    public enum Kind {
        TRACEPOINT,
        FUNCTION
    }

    /**
     * An argument.
     *
     * @param type its type in C, a pointer's with the stars at the end
     */
    public record Argument(String type, String name) {
        @Override
        public String toString() {
            return type.endsWith("*") ? type + name : type + " " + name;
        }
    }

    /** All hooks. */
    public static List<KernelHook> all() {
        return ALL;
    }

    /** The hook of that name, or null. */
    public static @Nullable KernelHook find(Kind kind, String name) {
        for (KernelHook hook : ALL) {
            if (hook.kind == kind && hook.name.equals(name)) {
                return hook;
            }
        }
        return null;
    }

    private static KernelHook tracepoint(String name, String arguments) {
        return new KernelHook(Kind.TRACEPOINT, name, "void", parse(arguments));
    }

    /** Returns the function that an iterator's programs attach to. */
    private static KernelHook iterator(String name, String arguments) {
        return function("int", "bpf_iter_" + name, "struct bpf_iter_meta *meta, " + arguments);
    }

    private static KernelHook function(String returnType, String name, String arguments) {
        return new KernelHook(Kind.FUNCTION, name, returnType, parse(arguments));
    }

    private static List<Argument> parse(String arguments) {
        List<Argument> parsed = new ArrayList<>();
        for (String argument : arguments.isEmpty() ? new String[0] : arguments.split(",", -1)) {
            String text = argument.strip();
            int nameStart = Math.max(text.lastIndexOf(' '), text.lastIndexOf('*')) + 1;
            parsed.add(new Argument(text.substring(0, nameStart).strip(), text.substring(nameStart)));
        }
        return List.copyOf(parsed);
    }
}
