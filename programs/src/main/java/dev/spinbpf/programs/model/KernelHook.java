package dev.spinbpf.programs.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tracepoint or function of the kernel that can be traced without the kernel's types at hand: its prototype in Linux
 * 7.2. {@code bpf_multi_func} stands for the functions of a program that attaches to several. BTF describes the helpers among them by the five registers that they take.
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
            function("long", "__x64_sys_getpgid", REGS),
            function("long", "__x64_sys_nanosleep", REGS),
            function("int", "bpf_fentry_test1", "int a"),
            function("int", "bpf_multi_func", ""),
            function("void", "handle_softirqs", "bool ksirqd"),
            function("void", "net_rx_action", ""),
            function("void", "hrtimer_interrupt", "struct clock_event_device *dev"),
            function("u64", "bpf_map_update_elem", "u64 map, u64 key, u64 value, u64 flags, u64 unused"),
            function("u64", "bpf_map_delete_elem", "u64 map, u64 key, u64 unused1, u64 unused2, u64 unused3"),
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

    /** What a hook is. */
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
