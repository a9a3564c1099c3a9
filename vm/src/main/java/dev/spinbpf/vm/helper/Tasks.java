package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestArena;

/** The emulated task that each CPU runs. */
public final class Tasks {
    /** Bytes that an emulated {@code struct task_struct} has; all of them read as zero. */
    private static final int TASK_SIZE = 16 << 10;

    private static final int FIRST_PID = 1000;

    private final GuestArena arena;
    private final long[] addresses;

    Tasks(GuestArena arena, int cpus) {
        this.arena = arena;
        this.addresses = new long[cpus];
    }

    /** The process and thread id of the task that a CPU runs. */
    public int pid(Cpu cpu) {
        return FIRST_PID + cpu.id();
    }

    /** The name of the task that a CPU runs, at most 15 characters. */
    public String comm(Cpu cpu) {
        return "spinbpf/" + cpu.id();
    }

    /** The guest address of the task's structure. */
    public synchronized long address(Cpu cpu) {
        if (addresses[cpu.id()] == 0) {
            addresses[cpu.id()] = arena.allocate(TASK_SIZE);
        }
        return addresses[cpu.id()];
    }
}
