package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.HoldDelay;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.lock.RqSpinLock;
import dev.spinbpf.maps.lock.TasLock;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.maps.map.MapEnvironment;
import dev.spinbpf.maps.map.MapTable;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.ContextArgument;
import dev.spinbpf.verifier.VerifiedProgram;
import dev.spinbpf.vm.context.ContextArea;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.exec.InsnKinds;
import dev.spinbpf.vm.exec.TraceLog;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.helper.EmulatedKernel;
import dev.spinbpf.vm.helper.FunctionTable;
import dev.spinbpf.vm.helper.PacketFields;
import dev.spinbpf.vm.hook.HookRegistry;
import dev.spinbpf.vm.hook.HookTarget;
import dev.spinbpf.vm.jit.AccessMode;
import dev.spinbpf.vm.jit.CompileQueue;
import dev.spinbpf.vm.jit.Listing;
import dev.spinbpf.vm.jit.NotCompilableException;
import dev.spinbpf.vm.task.DispatchQueues;
import dev.spinbpf.vm.task.Tasks;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An emulated machine: CPUs, memory, clock, locks, and the objects that are loaded. Only programs that the verifier
 * accepted are loaded, but for {@link #loadUnverified}.
 *
 * <p>Loading, attaching and {@link #run} are for one thread at a time. A CPU must not be run by two threads at once, so
 * that {@link #run} may not be called while a stress driver is at work.
 */
public final class Machine implements AutoCloseable {
    private final MachineOptions options;
    private final GuestArena arena = new GuestArena("machine");
    private final Cpus cpus;
    private final LockStats lockStats;
    private final MapEnvironment mapEnvironment;
    private final EmulatedKernel kernel;
    private final FunctionTable functions;
    private final HookRegistry hooks;
    private final DeferredRuns deferredRuns;
    private final RunInterrupts runInterrupts;
    private final LockNames lockNames;
    private final CompileQueue compileQueue = new CompileQueue();
    private final CpuContext[] contexts;
    private final IdentityHashMap<ProgramObject, ObjectInstance> objects = new IdentityHashMap<>();
    private final LockWatcher lockWatcher;
    private volatile @Nullable Deadlock deadlock;
    private volatile Runnable deadlockListener = () -> {};
    private final List<LoadedProgram> programs = new CopyOnWriteArrayList<>();
    private final List<Consumer<Fault>> faultListeners = new CopyOnWriteArrayList<>();

    /** A machine without programs. */
    public Machine(MachineOptions options) {
        this.options = options;
        cpus = new Cpus(options.cpus(), options.clock());
        lockStats = new LockStats(options.cpus(), options.heldTimesInterval());
        LockAlgorithm locks = options.testAndSet() ? new TasLock(lockStats) : new RqSpinLock(lockStats);
        MapTable maps = new MapTable();
        SplittableRandom random = new SplittableRandom(options.seed());
        kernel = new EmulatedKernel(cpus, maps, locks, arena, options.seed(), options.tasks());
        mapEnvironment = new MapEnvironment(
                cpus,
                locks,
                maps,
                random::nextInt,
                MapEnvironment.DEFAULT_LIMIT_BYTES,
                kernel.deferred(),
                kernel.tasks()::storageOfPid);
        functions = new FunctionTable(kernel);
        hooks = new HookRegistry(cpus, maps, () -> programs, RunContexts.udpPacket(0));
        lockNames = new LockNames(maps);
        lockStats.setNamer(address -> SchedulePoint.quietly(() -> lockNames.of(cpus.get(0), address)));
        deferredRuns = new DeferredRuns(kernel.deferred(), cpus, programs);
        runInterrupts = new RunInterrupts(deferredRuns, RunContexts.udpPacket(0), options.seed());
        contexts = new CpuContext[options.cpus()];
        for (Cpu cpu : cpus.all()) {
            CpuContext context = new CpuContext(cpu, kernel, arena, this::faulted);
            context.budget(options.insnBudget());
            context.area();
            contexts[cpu.id()] = context;
            cpu.setExtension(context);
            deferredRuns.idle(context);
        }
        lockWatcher = new LockWatcher(cpus, lockStats, kernel, contexts);
        cpus.setDeadlockListener(found -> {
            deadlock = lockWatcher.describe(found);
            deadlockListener.run();
        });
    }

    /** Returns the deadlock that CPUs came into, or null; after it, waits without limit are broken off. */
    public @Nullable Deadlock deadlock() {
        return deadlock;
    }

    /** Sets what is called when a deadlock is found, on the thread of a CPU, before any of its waits is broken off. */
    public void setDeadlockListener(Runnable listener) {
        deadlockListener = listener;
    }

    /** Returns how many objects of programs could not be allocated, so that {@code bpf_obj_new} and its kin gave NULL. */
    public long failedAllocations() {
        return kernel.failedAllocations();
    }

    /** Returns the waits for locks that have gone on for a time until now; any thread may ask. */
    public List<WaitRow> waits(long atLeastNanos) {
        return lockWatcher.waits(atLeastNanos);
    }

    private void faulted(Fault fault) {
        faultListeners.forEach(listener -> listener.accept(fault));
    }

    /** Adds a listener that is called for each fault, on the thread of the CPU where it happened. */
    public void addFaultListener(Consumer<Fault> listener) {
        faultListeners.add(listener);
    }

    /** Sets what is called when a program calls {@code bpf_throw}, on the thread of its CPU, before the run ends. */
    public void setThrowListener(Consumer<Execution> listener) {
        kernel.setThrowListener(listener);
    }

    public MachineOptions options() {
        return options;
    }

    public Cpus cpus() {
        return cpus;
    }

    /** Returns what is counted about locks, of programs and inside maps. */
    public LockStats lockStats() {
        return lockStats;
    }

    /** Sets the work of CPUs in critical sections; before any CPU runs. */
    public void setHoldDelay(HoldDelay delay) {
        kernel.locks().setHoldDelay(delay);
    }

    /** Returns the state that helpers share. */
    EmulatedKernel kernel() {
        return kernel;
    }

    /** Says what is at an address of a stack that programs collected: a function, for programs with the source line. */
    public String describeAddress(long address) {
        return kernel.callChains().describe(address);
    }

    /** Returns the tasks. */
    public Tasks tasks() {
        return kernel.tasks();
    }

    /** Returns the queues of a scheduler that programs make up. */
    public DispatchQueues dispatchQueues() {
        return kernel.dispatchQueues();
    }

    /** Returns the log that {@code bpf_trace_printk} writes to. */
    public TraceLog traceLog() {
        return kernel.traceLog();
    }

    /** Returns the timers, work queues and task work of programs, and how their callbacks run. */
    public DeferredRuns deferred() {
        return deferredRuns;
    }

    /** Returns the places where programs attach, and by which they run. */
    public HookRegistry hooks() {
        return hooks;
    }

    /** The loaded programs, in order. */
    public List<LoadedProgram> programs() {
        return List.copyOf(programs);
    }

    public CpuContext context(int cpu) {
        return contexts[cpu];
    }

    /**
     * Loads a program; its object's maps are made with the first program of the object. What it uses and is not built
     * here is in {@link LoadedProgram#missing()}.
     *
     * @throws MapCreationException where Linux would not make a map of the object
     */
    public LoadedProgram load(VerifiedProgram verified) throws MapCreationException {
        kernel.tasks().layOut(verified.kernelTypes());
        return load(verified.object(), verified.program(), kinds(verified), verified.arguments(), AccessMode.MASKED);
    }

    /** Has events be about made-up objects rather than zeros. */
    public void inventObjects() {
        kernel.inventObjects();
    }

    private static InsnKinds kinds(VerifiedProgram verified) {
        return new InsnKinds(verified.probes(), verified.arenaAccesses(), verified.arenaArithmetic(), verified.dead());
    }

    /**
     * Loads a program that nobody verified, for conformance tests and benchmarks. It cannot harm more than the emulated
     * machine: each access is checked.
     */
    public LoadedProgram loadUnverified(ProgramObject object, Program program) throws MapCreationException {
        return loadUnverified(object, program, true);
    }

    /**
     * Loads a program that nobody verified.
     *
     * @param exactFaults whether a wrong address is a fault where the program is compiled too, rather than some other
     *     address of the emulated machine
     */
    public LoadedProgram loadUnverified(ProgramObject object, Program program, boolean exactFaults)
            throws MapCreationException {
        AccessMode access = exactFaults ? AccessMode.CHECKED : AccessMode.MASKED;
        return load(object, program, InsnKinds.plain(), List.of(), access);
    }

    /** Returns the JVM bytecode that a loaded program is compiled to, as text; or why it stays interpreted. */
    public static String jitListing(LoadedProgram program) {
        try {
            return Listing.of(program.code(), AccessMode.MASKED);
        } catch (NotCompilableException e) {
            return program.name() + " is interpreted: " + e.getMessage() + '\n';
        }
    }

    private synchronized LoadedProgram load(
            ProgramObject object, Program program, InsnKinds kinds, List<ContextArgument> arguments, AccessMode access)
            throws MapCreationException {
        ObjectInstance instance = instance(object);
        Code code = options.observed()
                ? Code.observed(object, program, instance, kinds)
                : Code.of(object, program, instance, kinds);
        switch (code.interpretedBecause() == null ? options.jit() : JitMode.NEVER) {
            case AUTO -> compileQueue.addWhenHot(code, access);
            case ALWAYS -> CompileQueue.compile(code, access);
            case CHECKED -> CompileQueue.compile(code, AccessMode.CHECKED);
            case NEVER -> {}
        }
        int handle = kernel.programs().add(code);
        LoadedProgram loaded = new LoadedProgram(code, handle, cpus.count(), arguments);
        instance.fillProgramArrays(program.name(), handle, cpus.get(0));
        instance.add(loaded);
        programs.add(loaded);
        return loaded;
    }

    /**
     * Unloads all programs of an object and frees its maps. No CPU may be in one of the programs, and none may be
     * attached.
     */
    public synchronized void unload(ProgramObject object) {
        ObjectInstance instance = objects.remove(object);
        if (instance != null) {
            programs.removeAll(instance.programs());
            instance.programs().forEach(program -> kernel.programs().remove(program.handle()));
            for (BpfMap map : instance.maps()) {
                kernel.deferred().forget(map);
                lockNames.forget(map);
                lockStats.forgetMap(map.id());
                map.close();
            }
        }
    }

    private ObjectInstance instance(ProgramObject object) throws MapCreationException {
        ObjectInstance instance = objects.get(object);
        if (instance == null) {
            instance = new ObjectInstance(object, mapEnvironment, functions, cpus.get(0));
            objects.put(object, instance);
            for (BpfMap map : instance.maps()) {
                lockNames.typesOf(map, object.btf());
            }
        }
        return instance;
    }

    /**
     * Attaches a program to the place that its section names.
     *
     * @throws UnsupportedProgramException where there is no such place; the message lists those that there are
     */
    public HookTarget attach(LoadedProgram program) {
        return hooks.attach(program);
    }

    /** Returns true where a program is attached anywhere. */
    public boolean isAttached(LoadedProgram program) {
        return hooks.isAttached(program);
    }

    /** Returns all maps of all objects, with global data and the inner maps that programs made. */
    public List<BpfMap> maps() {
        return kernel.maps().all();
    }

    /** Returns the file name of the object that a map belongs to; empty for one that belongs to none. */
    public synchronized String objectOfMap(int mapId) {
        for (var entry : objects.entrySet()) {
            for (BpfMap map : entry.getValue().maps()) {
                if (map.id() == mapId) {
                    return entry.getKey().fileName();
                }
            }
        }
        return "";
    }

    /** The maps of an object, in the order of its definitions; they are made if no program was loaded yet. */
    public synchronized List<BpfMap> maps(ProgramObject object) throws MapCreationException {
        return instance(object).maps();
    }

    /**
     * Runs a program on a CPU, as {@code bpf(BPF_PROG_TEST_RUN)} does: at the level of its kind of program, without
     * hooks or guards other than its own.
     *
     * @param input packet, context or arguments, by kind of program; null for a short UDP packet or zeros
     * @param cpu the CPU's number
     * @param repeat how many times, at least 1; the input is made for each of them
     */
    public RunResult run(LoadedProgram program, byte @Nullable [] input, int cpu, int repeat) {
        return runWith(program, new RunInput(input, Map.of(), null), cpu, repeat);
    }

    /**
     * Runs a program on a CPU, as {@code bpf(BPF_PROG_TEST_RUN)} does. Where the arguments of what it attaches to are
     * known and no bytes are given, pointers among them lead to a task, the cgroup, a map or an object of zeros.
     *
     * @param input context, arguments and level
     * @param cpu the CPU's number
     * @param repeat how many times, at least 1; the input is made for each of them
     */
    public RunResult runWith(LoadedProgram program, RunInput input, int cpu, int repeat) {
        ProgType type = program.program().type();
        ContextArea area = contexts[cpu].area();
        boolean isCall = input.bytes() == null && !program.arguments().isEmpty();
        LongSupplier makeInput = isCall
                ? () -> contexts[cpu].call(program, input.arguments())
                : () -> RunContexts.write(type, area, input.bytes());
        ContextLevel level = input.level();
        RunResult result = repeat(program, makeInput, cpu, repeat, level == null ? levelOf(type) : level);
        byte[] packet = RunContexts.isPacket(type) ? area.packet(PacketFields.of(type)) : null;
        boolean returnsInt = type == ProgType.SYSCALL || packet != null;
        long r0 = returnsInt ? result.r0() & 0xffff_ffffL : result.r0();
        return new RunResult(r0, result.runs(), result.totalNanos(), result.insns(), result.fault(), packet);
    }

    /**
     * Makes a program interrupt single runs ({@link #run}): where there are several, one in each run, in turn.
     *
     * @param target the place that its section names
     * @param level the level at which it runs
     * @param on the CPUs whose runs it interrupts
     */
    public void interruptRuns(LoadedProgram program, HookTarget target, ContextLevel level, CpuSet on) {
        runInterrupts.add(program, target, level, on);
    }

    /**
     * Lets timers, work queues and task work run that programs put off, until none waits or the time is over. Not while
     * a stress driver is at work.
     *
     * @param mostNanos how long on the machine's clock
     * @return the time until the first timer that still waits, in nanoseconds; -1 where nothing waits
     */
    public long settle(long mostNanos) {
        return deferredRuns.settle(List.of(contexts), mostNanos);
    }

    /**
     * Runs a program whose r1 points to plain memory instead of a context, which no verified program has.
     *
     * @param memory what that memory holds at the start of each run
     * @param cpu the CPU's number
     * @param repeat how many times, at least 1
     */
    public RunResult runOnMemory(LoadedProgram program, byte[] memory, int cpu, int repeat) {
        int size = Math.max(memory.length, Long.BYTES);
        long address = arena.allocate(size);
        try {
            return repeat(
                    program,
                    () -> copied(memory, address),
                    cpu,
                    repeat,
                    levelOf(program.program().type()));
        } finally {
            arena.free(address, size);
        }
    }

    private static long copied(byte[] memory, long address) {
        GuestMemory.copyIn(memory, 0, address, memory.length);
        return address;
    }

    private RunResult repeat(LoadedProgram program, LongSupplier makeInput, int cpu, int repeat, ContextLevel level) {
        CpuContext context = contexts[cpu];
        Cpu on = cpus.get(cpu);
        List<Fault> faults = new ArrayList<>(1);
        Consumer<Fault> listener = faults::add;
        faultListeners.add(listener);
        long result = 0;
        long totalNanos = 0;
        int runs = 0;
        ContextLevel previous = on.enter(level);
        try {
            while (runs < repeat && faults.isEmpty() && deadlock == null) {
                kernel.tasks().turn(on);
                runInterrupts.arm(context);
                long address = makeInput.getAsLong();
                long startNanos = System.nanoTime();
                result = context.run(program, address);
                totalNanos += System.nanoTime() - startNanos;
                runs++;
                runInterrupts.land(context);
                deferredRuns.runDue(context);
            }
        } finally {
            on.leave(previous);
            faultListeners.remove(listener);
        }
        Fault fault = faults.isEmpty() ? null : faults.getFirst();
        return new RunResult(
                fault != null || deadlock != null ? 0 : result, runs, totalNanos, context.lastExecuted(), fault, null);
    }

    /** Most bytes of packet or context that {@link #run} takes for a program of this type. */
    public static int maxInputBytes(ProgType type) {
        return RunContexts.isPacket(type) ? ContextArea.MAX_PACKET : ContextArea.MAX_CONTEXT;
    }

    private static ContextLevel levelOf(ProgType type) {
        return switch (type) {
            case PERF_EVENT -> ContextLevel.NMI;
            case XDP, SCHED_CLS, SCHED_ACT, SOCKET_FILTER, CGROUP_SKB -> ContextLevel.SOFTIRQ;
            default -> ContextLevel.TASK;
        };
    }

    /**
     * Makes all CPUs idle, their random numbers begin again and counts of runs 0, as before anything ran. Maps stay as they
     * are.
     *
     * @param seed of the random numbers
     * @param same whether each CPU draws one and the same number again and again
     */
    public void rewind(long seed, boolean same) {
        cpus.all().forEach(Cpu::reset);
        deferredRuns.reset();
        programs.forEach(program -> program.stats().reset());
        kernel.rewind(seed, same);
    }

    /** Frees all memory. */
    @Override
    public synchronized void close() {
        hooks.detachAll();
        compileQueue.close();
        for (ObjectInstance instance : objects.values()) {
            instance.maps().forEach(BpfMap::close);
        }
        objects.clear();
        kernel.close();
        arena.close();
    }
}
