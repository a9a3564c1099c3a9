package dev.spinbpf.vm.task;

import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import java.util.Set;

/** The places of what programs read of a {@code struct task_struct}, in one version of it. */
final class TaskLayout {
    /** Priority of a process of nice value 0. */
    private static final int DEFAULT_PRIO = 120;

    /** Weight of such a process for a scheduler of programs. */
    private static final int DEFAULT_WEIGHT = 100;

    /** {@code SCX_SLICE_DFL}. */
    private static final long DEFAULT_SLICE_NANOS = 20_000_000;

    private final StructFields fields;

    private TaskLayout(StructFields fields) {
        this.fields = fields;
    }

    /** Returns the layout by types. */
    static TaskLayout of(Btf types, int taskSize) {
        return new TaskLayout(StructFields.of(types, "task_struct", taskSize, Set.of("scx")));
    }

    boolean isEmpty() {
        return fields.isEmpty();
    }

    /**
     * Writes a task.
     *
     * @param parent the address of its parent's structure
     * @param group the address of the {@code struct css_set} of its cgroup
     */
    void write(Task task, long address, long parent, long group, Cpus cpus) {
        fields.number(address, "pid", task.pid());
        fields.number(address, "tgid", task.pid());
        for (String priority : new String[] {"prio", "static_prio", "normal_prio"}) {
            fields.number(address, priority, DEFAULT_PRIO);
        }
        fields.number(address, "group_leader", address);
        fields.number(address, "real_parent", parent);
        fields.number(address, "parent", parent);
        fields.number(address, "cgroups", group);
        fields.text(address, "comm", task.comm());
        fields.number(address, "nr_cpus_allowed", cpus.count());
        long mask = fields.addressOf(address, "cpus_mask");
        if (mask != 0) {
            GuestMemory.putLong(mask, cpus.mask());
            fields.number(address, "cpus_ptr", mask);
        }
        fields.number(address, "scx.weight", DEFAULT_WEIGHT);
        fields.number(address, "scx.slice", DEFAULT_SLICE_NANOS);
        fields.number(address, "scx.tid", task.pid());
        place(task, address, task.cpu() >= 0);
    }

    /** Writes the CPU of a task. */
    void place(Task task, long address, boolean runs) {
        for (String place : new String[] {"cpu", "wake_cpu", "recent_used_cpu"}) {
            fields.number(address, place, Math.max(0, task.cpu()));
        }
        fields.number(address, "on_cpu", runs ? 1 : 0);
    }

    /** Writes the slice that a scheduler gave a task, in nanoseconds. */
    void slice(long address, long nanos) {
        fields.number(address, "scx.slice", nanos);
    }

    /** Writes the virtual time by which a scheduler orders a task. */
    void virtualTime(long address, long value) {
        fields.number(address, "scx.dsq_vtime", value);
    }
}
