package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.map.LocalStorageMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.programs.btf.Btf;
import org.jspecify.annotations.Nullable;

/** The emulated task that each CPU runs. After its structure lies the storage in which maps keep a value for it. */
public final class Tasks {
    /** Bytes that an emulated {@code struct task_struct} has; they read as zero but for what {@link #layOut} writes. */
    private static final int TASK_SIZE = 16 << 10;

    private static final int FIRST_PID = 1000;
    private static final int INIT_PID = 1;

    private final GuestArena arena;
    private final Cpus cpus;
    private final long[] addresses;
    private Btf laidOut = Btf.EMPTY;
    private long init;

    Tasks(GuestArena arena, Cpus cpus) {
        this.arena = arena;
        this.cpus = cpus;
        this.addresses = new long[cpus.count()];
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
            addresses[cpu.id()] = arena.allocate(TASK_SIZE + LocalStorageMap.STORAGE_SIZE, 64);
        }
        return addresses[cpu.id()];
    }

    /**
     * Writes into the structures what programs read of a task, where its types say: ids, name, priority, CPU, parent.
     * The tasks are processes of one thread each; the parent of all is that of CPU 0.
     *
     * @param types the kernel's types, or an object's own; nothing happens where they have no {@code task_struct}
     */
    public synchronized void layOut(Btf types) {
        if (types == laidOut) {
            return;
        }
        laidOut = types;
        TaskLayout layout = TaskLayout.of(types);
        if (layout != null) {
            for (Cpu cpu : cpus.all()) {
                layout.write(this, cpu, TASK_SIZE);
            }
        }
    }

    /** The guest address of the structure of the first CPU's task, which is the parent of all. */
    long first() {
        return address(cpus.get(0));
    }

    /** The guest address of the structure of the task with a process id, or 0. Task 1 runs nowhere. */
    synchronized long ofPid(int pid) {
        if (pid == INIT_PID) {
            init = init == 0 ? arena.allocate(TASK_SIZE + LocalStorageMap.STORAGE_SIZE, 64) : init;
            return init;
        }
        int cpu = pid - FIRST_PID;
        return cpu < 0 || cpu >= addresses.length ? 0 : address(cpus.get(cpu));
    }

    /** Returns the CPU that runs the task whose structure is at an address; null if it is not a task that runs here. */
    synchronized @Nullable Cpu cpuOf(long task) {
        for (int i = 0; i < addresses.length; i++) {
            if (addresses[i] == task && task != 0) {
                return cpus.get(i);
            }
        }
        return null;
    }

    /** The storage of the task whose structure is at an address; 0 if it is not a task that runs here. */
    synchronized long storageOf(long task) {
        if (task != 0 && task == init) {
            return init + TASK_SIZE;
        }
        for (long address : addresses) {
            if (address == task && address != 0) {
                return address + TASK_SIZE;
            }
        }
        return 0;
    }

    /** The storage of a task by its process id, 0 if there is no such task. */
    public long storageOfPid(int pid) {
        long task = ofPid(pid);
        return task == 0 ? 0 : task + TASK_SIZE;
    }
}
