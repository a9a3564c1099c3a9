package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.PlainSpinLock;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapTable;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.deferred.DeferredCalls;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.TraceLog;
import dev.spinbpf.vm.exec.TrapException;
import dev.spinbpf.vm.task.Cgroups;
import dev.spinbpf.vm.task.DispatchQueues;
import dev.spinbpf.vm.task.Task;
import dev.spinbpf.vm.task.TaskSpec;
import dev.spinbpf.vm.task.Tasks;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The machine as helpers and kfuncs see it. */
public final class EmulatedKernel {
    private final Cpus cpus;
    private final MapTable maps;
    private final LockAlgorithm locks;
    private final GuestArena arena;
    private final TraceLog traceLog = new TraceLog();
    private final ProgramTable programs = new ProgramTable();
    private final CallChains callChains = new CallChains(programs);
    private final CpuLocal[] locals;
    private final Tasks tasks;
    private final ObjectHeap objects;
    private final Cgroups cgroups;
    private final DispatchQueues dispatchQueues;
    private final HeldSites heldSites;
    private final DeferredCalls deferred;
    private Consumer<Execution> throwListener = run -> {};
    private volatile boolean inventsObjects;

    /**
     * @param cpus the machine's CPUs
     * @param maps its maps
     * @param locks the lock that programs take
     * @param arena where everything but maps and objects of programs is allocated
     * @param seed of random numbers
     * @param declared the tasks besides those of the CPUs
     */
    public EmulatedKernel(
            Cpus cpus, MapTable maps, LockAlgorithm locks, GuestArena arena, long seed, List<TaskSpec> declared) {
        this.cpus = cpus;
        this.maps = maps;
        this.locks = locks;
        this.arena = arena;
        locals = new CpuLocal[cpus.count()];
        for (int i = 0; i < locals.length; i++) {
            locals[i] = new CpuLocal(arena, seedOf(seed, i));
        }
        cgroups = new Cgroups(arena);
        tasks = new Tasks(arena, cpus, cgroups, declared);
        dispatchQueues = new DispatchQueues(tasks, cpus.count());
        objects = new ObjectHeap(cpus.count());
        heldSites = new HeldSites(cpus);
        deferred = new DeferredCalls(cpus, arena);
    }

    private static long seedOf(long seed, int cpu) {
        return seed + cpu * 0x632BE59BD9B4E019L;
    }

    /**
     * Makes random numbers begin again and forgets what CPUs hold and programs allocated, while none runs.
     *
     * @param same whether each CPU draws one number again and again, all the same one
     */
    public void rewind(long seed, boolean same) {
        for (int i = 0; i < locals.length; i++) {
            locals[i].rewind(same ? seed : seedOf(seed, i), same);
        }
        objects.rewind();
    }

    /** Frees the memory of objects that programs allocated. */
    public void close() {
        objects.close();
    }

    /** Sets what is called when a program calls {@code bpf_throw}, on the thread of its CPU, before the run ends. */
    public void setThrowListener(Consumer<Execution> listener) {
        throwListener = listener;
    }

    void thrown(Execution run) {
        throwListener.accept(run);
    }

    /** Fills the objects that events are about with made-up numbers, texts and pointers, rather than with zeros. */
    public void inventObjects() {
        inventsObjects = true;
    }

    /** Returns true where events are about made-up objects. */
    public boolean inventsObjects() {
        return inventsObjects;
    }

    /** The stacks of CPUs and tasks. */
    public CallChains callChains() {
        return callChains;
    }

    /** Returns what helpers put off until no program runs on a CPU. */
    public LaterWork laterWork(Cpu cpu) {
        return local(cpu).later();
    }

    public Cpus cpus() {
        return cpus;
    }

    public MapTable maps() {
        return maps;
    }

    public LockAlgorithm locks() {
        return locks;
    }

    public GuestArena arena() {
        return arena;
    }

    /** Returns the log that {@code bpf_trace_printk} writes to. */
    public TraceLog traceLog() {
        return traceLog;
    }

    /** Programs by the handles that program arrays hold. */
    public ProgramTable programs() {
        return programs;
    }

    /** Returns the calls that programs put off: timers, work queues, task work. */
    public DeferredCalls deferred() {
        return deferred;
    }

    /** The emulated tasks. */
    public Tasks tasks() {
        return tasks;
    }

    /** The queues of a scheduler that programs make up. */
    public DispatchQueues dispatchQueues() {
        return dispatchQueues;
    }

    /**
     * Lets go of what a run held that was stopped in the middle.
     *
     * @param run the run, whose CPU held {@link Execution#heldBefore} locks when it began
     */
    public void releaseLocks(Execution run) {
        Cpu cpu = run.cpu();
        HeldLocks held = cpu.heldLocks();
        while (held.count() > run.heldBefore()) {
            long lock = held.count() <= HeldLocks.SLOTS ? held.lock(held.count() - 1) : 0;
            if (lock == 0) {
                held.lowerCount();
            } else {
                heldSites.released(cpu);
                locks.unlock(cpu, lock);
            }
        }
        long spinLock = run.spinLock();
        if (spinLock != 0) {
            PlainSpinLock.unlock(cpu, spinLock, run.spinLockReleased());
        }
    }

    /**
     * Returns an object of a kernel struct that the machine has: a task, the cgroup, a map.
     *
     * @param cpu the CPU that asks
     * @param number which one; of tasks, 0 is the one that the CPU runs
     * @return its address, 0 where the machine has none
     */
    public long object(String struct, Cpu cpu, int number) {
        return switch (struct) {
            case "task_struct" -> tasks.address(task(cpu, number));
            case "cgroup" -> tasks.current(cpu).cgroup().address();
            case "bpf_map" -> {
                List<BpfMap> all = maps.all();
                yield all.isEmpty() ? 0 : all.get(number % all.size()).address();
            }
            default -> 0;
        };
    }

    /**
     * Returns a task of the machine.
     *
     * @param number which one; 0 is the one that the CPU runs
     */
    public Task task(Cpu cpu, int number) {
        List<Task> all = tasks.all();
        return number == 0 ? tasks.current(cpu) : all.get((cpu.id() + number) % all.size());
    }

    /** Returns the next of a CPU's random numbers. */
    public int random(Cpu cpu) {
        return local(cpu).random();
    }

    /** The cgroups, which own storage. */
    public Cgroups cgroups() {
        return cgroups;
    }

    /** Returns how many objects of programs could not be allocated. */
    public long failedAllocations() {
        return objects.failures();
    }

    /** The objects that programs allocated. */
    ObjectHeap objects() {
        return objects;
    }

    /** Returns the places at which programs took the locks that they hold. */
    HeldSites heldSites() {
        return heldSites;
    }

    /**
     * Returns the place in a program, on one line, at which a CPU took a resilient lock that it holds; empty where the
     * runtime took it. For a CPU that stands still.
     *
     * @param index its number among the held locks
     */
    public String placeOfHeld(Cpu cpu, int index) {
        HeldSites.Site site = heldSites.at(cpu.id(), index);
        return site == null ? "" : StackText.place(site.code().program(), site.slot());
    }

    /** Returns an instruction's place on one line: {@code worker+0x18 (bpf_spin_lock(&lock); @ file.c:18)}. */
    public static String place(Program program, int slot) {
        return StackText.place(program, slot);
    }

    CpuLocal local(Cpu cpu) {
        return locals[cpu.id()];
    }

    /** The map at an address that a program passed; anything else is a trap. */
    BpfMap map(long address) {
        BpfMap map = findMap(address);
        if (map == null) {
            throw new TrapException("0x" + Long.toHexString(address) + " is not a map");
        }
        return map;
    }

    /** Returns the map at an address, or null if there is none. */
    @Nullable
    BpfMap findMap(long address) {
        return maps.byAddress(address);
    }

    @Nullable
    Code program(long handle) {
        return programs.get(handle);
    }
}
