package dev.spinbpf.vm.task;

import java.util.List;

/** A task of the machine. After its structure lies the storage in which maps keep a value for it. */
public final class Task {
    private final TaskSpec spec;
    private final Cgroups.Cgroup cgroup;
    private volatile int cpu;
    private volatile long address;

    /** Its place among those that wait for CPUs; under the lock of {@link DispatchQueues}. */
    final TaskState waiting = new TaskState();

    /**
     * @param cpu the CPU that it runs or ran on; -1 where it never runs
     */
    Task(TaskSpec spec, Cgroups.Cgroup cgroup, int cpu) {
        this.spec = spec;
        this.cgroup = cgroup;
        this.cpu = cpu;
    }

    /** Returns the process and thread id. */
    public int pid() {
        return spec.pid();
    }

    /** Returns the name. */
    public String comm() {
        return spec.comm();
    }

    /** Returns the user, who is its group too. */
    public int uid() {
        return spec.uid();
    }

    /** Returns its cgroup. */
    public Cgroups.Cgroup cgroup() {
        return cgroup;
    }

    /** Returns the functions of its stack in user space, outermost first. */
    public List<String> stack() {
        return spec.stack();
    }

    /** Returns the CPU that it runs or ran on; -1 where it never runs. */
    public int cpu() {
        return cpu;
    }

    void cpu(int value) {
        cpu = value;
    }

    /** Returns the address of its structure, or 0 if nobody asked for it yet. */
    long madeAddress() {
        return address;
    }

    void address(long value) {
        address = value;
    }

    @Override
    public String toString() {
        return comm() + "[" + pid() + "]";
    }
}
