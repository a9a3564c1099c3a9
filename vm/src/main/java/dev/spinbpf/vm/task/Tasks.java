package dev.spinbpf.vm.task;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.map.LocalStorageMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.programs.btf.Btf;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a machine: task 1, one for each CPU that has nothing else to run, and those that are declared. Of the
 * declared ones each CPU has its share, which take turns on it.
 */
public final class Tasks {
    /** Most tasks that can be declared. */
    public static final int MOST_DECLARED = 1024;

    /** Bytes that an emulated {@code struct task_struct} has; they read as zero but for what {@link #layOut} writes. */
    private static final int TASK_SIZE = 16 << 10;

    private static final int FIRST_PID = 1000;
    private static final int INIT_PID = 1;

    private final GuestArena arena;
    private final Cpus cpus;
    private final Cgroups cgroups;
    private final Task init;
    private final AtomicReferenceArray<Task> current;
    private final List<Turns> turnsByCpu;
    private final List<Task> all = new CopyOnWriteArrayList<>();
    private final Map<Integer, Task> byPid = new ConcurrentHashMap<>();
    private final Map<Long, Task> byAddress = new ConcurrentHashMap<>();
    private volatile Btf laidOut = Btf.EMPTY;
    private TaskLayout layout = TaskLayout.of(Btf.EMPTY, TASK_SIZE);

    /** The declared tasks of a CPU. */
    private static final class Turns {
        private final List<Task> tasks = new ArrayList<>();
        private int next;
    }

    /** Makes the tasks of a machine. */
    public Tasks(GuestArena arena, Cpus cpus, Cgroups cgroups, List<TaskSpec> declared) {
        this.arena = arena;
        this.cpus = cpus;
        this.cgroups = cgroups;
        current = new AtomicReferenceArray<>(cpus.count());
        turnsByCpu =
                IntStream.range(0, cpus.count()).mapToObj(cpu -> new Turns()).toList();
        init = make(TaskSpec.of(INIT_PID, "init"), -1);
        for (int cpu = 0; cpu < cpus.count(); cpu++) {
            current.setPlain(cpu, add(TaskSpec.of(FIRST_PID + cpu, "spinbpf/" + cpu), cpu));
        }
        for (TaskSpec spec : declared) {
            declare(spec);
        }
    }

    private void declare(TaskSpec spec) {
        int cpu = (all.size() - cpus.count()) % cpus.count();
        turnsByCpu.get(cpu).tasks.add(add(spec, cpu));
    }

    private Task add(TaskSpec spec, int cpu) {
        Task task = make(spec, cpu);
        all.add(task);
        return task;
    }

    private Task make(TaskSpec spec, int cpu) {
        Task task = new Task(spec, cgroups.of(spec.cgroup()), cpu);
        if (byPid.putIfAbsent(spec.pid(), task) != null) {
            throw new IllegalArgumentException("there is a task " + spec.pid() + " already");
        }
        return task;
    }

    /** Adds a task that some scheduler lets run; it takes no turns. */
    public synchronized Task add(TaskSpec spec) {
        Task task = add(spec, 0);
        if (!layout.isEmpty()) {
            write(task);
        }
        return task;
    }

    /** Returns the reason why tasks cannot be declared for a machine, or an empty string. */
    public static String mistake(List<TaskSpec> declared, int cpuCount) {
        if (declared.size() > MOST_DECLARED) {
            return declared.size() + " tasks, at most " + MOST_DECLARED;
        }
        Set<Integer> pids = new HashSet<>();
        for (TaskSpec task : declared) {
            String mistake = mistake(task, pids, cpuCount);
            if (!mistake.isEmpty()) {
                return mistake;
            }
            pids.add(task.pid());
        }
        return "";
    }

    /**
     * Returns the reason why a task cannot be declared for a machine besides others, or an empty string.
     *
     * @param others the process ids of the others
     */
    public static String mistake(TaskSpec task, Set<Integer> others, int cpuCount) {
        int pid = task.pid();
        if (!task.mistake().isEmpty()) {
            return task.mistake();
        }
        if (pid >= FIRST_PID && pid < FIRST_PID + cpuCount) {
            return "pid " + pid + " is that of the task of CPU " + (pid - FIRST_PID);
        }
        return others.contains(pid) ? "pid " + pid + " is declared twice" : "";
    }

    /** Returns the tasks that were declared, those of the first CPU first. */
    public List<Task> declared() {
        return turnsByCpu.stream().flatMap(turns -> turns.tasks.stream()).toList();
    }

    /** Returns the tasks that run, those of the CPUs first. */
    public List<Task> all() {
        return all;
    }

    /** Returns the task that a CPU runs. */
    public Task current(Cpu cpu) {
        return Objects.requireNonNull(current.getOpaque(cpu.id()));
    }

    /** Lets a CPU run the next one of the tasks that were declared for it; called by the CPU itself. */
    public void turn(Cpu cpu) {
        Turns turns = turnsByCpu.get(cpu.id());
        if (!turns.tasks.isEmpty()) {
            current.setOpaque(cpu.id(), turns.tasks.get(turns.next));
            turns.next = (turns.next + 1) % turns.tasks.size();
        }
    }

    /** Lets a CPU run a task. */
    public void run(Cpu cpu, Task task) {
        current.setOpaque(cpu.id(), task);
    }

    /** Lets a CPU run the task that it has for times when it has nothing else to do. */
    public void idle(Cpu cpu) {
        current.setOpaque(cpu.id(), all.get(cpu.id()));
    }

    /** Moves a task to a CPU. */
    public void move(Task task, int cpu) {
        task.cpu(cpu);
        if (task.madeAddress() != 0) {
            layout.place(task, task.madeAddress(), false);
        }
    }

    /** Writes the slice that a scheduler gave a task, in nanoseconds. */
    public void slice(Task task, long nanos) {
        layout.slice(address(task), nanos);
    }

    /** Writes the virtual time by which a scheduler orders a task. */
    public void virtualTime(Task task, long value) {
        layout.virtualTime(address(task), value);
    }

    /** The process and thread id of the task that a CPU runs. */
    public int pid(Cpu cpu) {
        return current(cpu).pid();
    }

    /** The name of the task that a CPU runs, at most 15 characters. */
    public String comm(Cpu cpu) {
        return current(cpu).comm();
    }

    /** The guest address of the structure of the task that a CPU runs. */
    public long address(Cpu cpu) {
        return address(current(cpu));
    }

    /** The guest address of a task's structure. */
    public long address(Task task) {
        long made = task.madeAddress();
        return made != 0 ? made : allocate(task);
    }

    private synchronized long allocate(Task task) {
        if (task.madeAddress() == 0) {
            long address = arena.allocate(TASK_SIZE + LocalStorageMap.STORAGE_SIZE, 64);
            task.address(address);
            byAddress.put(address, task);
        }
        return task.madeAddress();
    }

    /**
     * Writes into the structures what programs read of a task, where its types say: ids, name, priority, CPU, cgroup,
     * parent. The tasks are processes of one thread each; the parent of all is that of CPU 0.
     *
     * @param types the kernel's types, or an object's own; nothing happens where they have no {@code task_struct}
     */
    public synchronized void layOut(Btf types) {
        if (types == laidOut) {
            return;
        }
        laidOut = types;
        cgroups.layOut(types);
        TaskLayout found = TaskLayout.of(types, TASK_SIZE);
        if (!found.isEmpty()) {
            layout = found;
            all.forEach(this::write);
            write(init);
        }
    }

    /** Returns the types by which structures are laid out. */
    public Btf types() {
        return laidOut;
    }

    /** Bytes that a task's structure has here. */
    public int taskBytes() {
        return TASK_SIZE;
    }

    private void write(Task task) {
        layout.write(task, address(task), address(all.getFirst()), task.cgroup().setAddress(), cpus);
    }

    /** Returns the task with a process id, or null. Task 1 runs nowhere. */
    public @Nullable Task ofPid(int pid) {
        return byPid.get(pid);
    }

    /** Returns the task whose structure is at an address, or null. */
    public @Nullable Task at(long address) {
        return address == 0 ? null : byAddress.get(address);
    }

    /** Returns the CPU of the task whose structure is at an address; null if it is not a task that runs here. */
    public @Nullable Cpu cpuOf(long address) {
        Task task = at(address);
        return task == null || task.cpu() < 0 ? null : cpus.get(task.cpu());
    }

    /** The storage of the task whose structure is at an address; 0 if it is none. */
    public long storageOf(long address) {
        return at(address) == null ? 0 : address + TASK_SIZE;
    }

    /** The storage of a task by its process id, 0 if there is no such task. */
    public long storageOfPid(int pid) {
        Task task = ofPid(pid);
        return task == null ? 0 : address(task) + TASK_SIZE;
    }
}
