package dev.spinbpf.vm.context;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.ContextArgument;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.exec.Landing;
import dev.spinbpf.vm.exec.PollPoint;
import dev.spinbpf.vm.helper.ArenaKfuncs;
import dev.spinbpf.vm.helper.EmulatedKernel;
import dev.spinbpf.vm.helper.LaterWork;
import dev.spinbpf.vm.helper.PacketHelpers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The program runs of one CPU, nested on each other: a stack and a context area for each depth, and the guards.
 * Confined to the CPU's thread, but for {@link #running}.
 */
public final class CpuContext {
    /** Deepest nesting of program runs on a CPU; a run beyond it is a miss. */
    public static final int MAX_DEPTH = 16;

    /** The result of {@link #run} where no result came: the run was missed, faulted or was stopped. */
    public static final long NO_RESULT = Long.MIN_VALUE;

    private static final long NO_FUNCTION = 0;
    private static final int REGISTER_ARGUMENTS = 6;
    private static final byte[] NOTHING = {};
    private static final List<ContextArgument> REGISTERS =
            List.of(new ContextArgument("regs", true, "pt_regs", Long.BYTES));
    private static final VarHandle DEPTH;

    static {
        try {
            DEPTH = MethodHandles.lookup().findVarHandle(CpuContext.class, "depth", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Cpu cpu;
    private final EmulatedKernel kernel;
    private final GuestArena arena;
    private final Consumer<Fault> faultListener;
    private final List<Execution> executions = new CopyOnWriteArrayList<>();
    private final Execution first;
    private final EventArguments eventArguments;
    private final List<ContextArea> areas = new ArrayList<>();
    private final LaterWork laterWork;
    private final @Nullable Nest[] nests = new @Nullable Nest[MAX_DEPTH];
    private PollPoint pollPoint = run -> {};
    private long budget = Long.MAX_VALUE;
    private int depth;
    private boolean timed;

    /** The runs at one depth. What runs is written before the depth is, and stays when the run has ended. */
    private static final class Nest {
        private final Execution execution;
        private LoadedProgram.@Nullable Running running;

        Nest(Execution execution) {
            this.execution = execution;
        }
    }

    /**
     * @param arena where stacks and contexts are allocated, below 4 GiB
     * @param faultListener called for each fault, on the CPU's thread
     */
    @SuppressWarnings("exports") // only a machine makes one
    public CpuContext(Cpu cpu, EmulatedKernel kernel, GuestArena arena, Consumer<Fault> faultListener) {
        this.cpu = cpu;
        this.kernel = kernel;
        this.arena = arena;
        this.faultListener = faultListener;
        laterWork = kernel.laterWork(cpu);
        first = nest().execution;
        eventArguments = new EventArguments(kernel, cpu);
        cpu.setSpinLockHolder(this::holdsSpinLock);
    }

    public Cpu cpu() {
        return cpu;
    }

    /** The work of runs between instructions, besides taking interrupts. */
    public void pollPoint(PollPoint value) {
        pollPoint = value;
        executions.forEach(execution -> execution.pollPoint(value));
    }

    /** Most instructions of one run. */
    public void budget(long instructions) {
        budget = instructions;
    }

    /** Counts the time of runs too, which costs two readings of the clock each: {@code kernel.bpf_stats_enabled}. */
    public void timeRuns() {
        timed = true;
    }

    /**
     * Returns the programs that run now, each nested on the one before. Any thread may ask; entries are read one by one
     * while the CPU goes on, so each ran at a moment during the call, not all at one.
     */
    public List<LoadedProgram.Running> running() {
        List<LoadedProgram.Running> nested = new ArrayList<>();
        int count = (int) DEPTH.getAcquire(this);
        for (int i = 0; i < count; i++) {
            nested.add(Objects.requireNonNull(Objects.requireNonNull(nests[i]).running));
        }
        return nested;
    }

    /** Returns how many runs are nested now. */
    public int depth() {
        return depth;
    }

    /** The area for the context of the next run on top of what runs now. */
    public ContextArea area() {
        if (depth >= areas.size()) {
            areas.add(new ContextArea(arena));
        }
        return areas.get(depth);
    }

    /**
     * Makes, in {@link #area()}, the context of a program for an event that nothing here causes: a call, a tracepoint, a
     * socket's doings.
     *
     * @param known the arguments of the place, for programs whose own types do not say them
     * @param place the place's name
     * @param returned whether a function has returned
     * @return its address
     */
    @SuppressWarnings("exports") // only hooks ask
    public long event(LoadedProgram program, List<ContextArgument> known, String place, boolean returned) {
        ContextArea here = area();
        ProgType type = program.program().type();
        List<ContextArgument> arguments = program.arguments().isEmpty() ? known : program.arguments();
        boolean changesResult = program.program().attachType() == AttachType.MODIFY_RETURN;
        eventArguments.next();
        long result = returned && !changesResult ? eventArguments.result(place, here.zeros()) : 0;
        return switch (type) {
            case TRACEPOINT -> {
                long record = here.raw(NOTHING);
                TracepointRecords.write(place, record, here.zeros(), eventArguments);
                yield record;
            }
            case KPROBE -> here.registers(probed(program, arguments, place, here), result);
            default ->
                arguments.isEmpty()
                        ? here.event(type, eventArguments::random)
                        : here.arguments(typed(program, arguments, here), result);
        };
    }

    /**
     * Makes, in {@link #area()}, the context of a program whose arguments are known by their types: pointers lead to a
     * task, the cgroup, a map or an object of zeros, numbers are 0.
     *
     * @param given values of arguments, by position from 0
     * @return its address
     */
    public long call(LoadedProgram program, Map<Integer, Long> given) {
        return area().arguments(eventArguments.plain(program.arguments(), given, area().zeros()), 0);
    }

    /**
     * Makes, in {@link #area()}, the context of a program for a packet. Filters of sockets see it from the network layer on, or,
     * where events are made up, as often the frame, as sockets of packets do.
     *
     * @return its address
     */
    public long packet(LoadedProgram program, byte[] frame) {
        ProgType type = program.program().type();
        boolean asFrame = type == ProgType.SOCKET_FILTER && eventArguments.isFrame();
        return area().packet(asFrame ? ProgType.SCHED_CLS : type, frame);
    }

    private long[] typed(LoadedProgram program, List<ContextArgument> arguments, ContextArea here) {
        boolean isIterator = program.program().attachType() == AttachType.TRACE_ITER;
        return isIterator
                ? eventArguments.ofIteration(program, arguments, here.zeros())
                : eventArguments.of(arguments, here.zeros());
    }

    /** The arguments of a probed function; a system call has one, its caller's registers. */
    private long[] probed(LoadedProgram program, List<ContextArgument> known, String place, ContextArea here) {
        boolean isSystemCall = program.program().section().contains("syscall/");
        List<ContextArgument> arguments =
                isSystemCall ? REGISTERS : known.isEmpty() ? eventArguments.ofFunction(place) : known;
        return arguments.isEmpty()
                ? eventArguments.unknown(REGISTER_ARGUMENTS, here.zeros())
                : eventArguments.of(arguments, here.zeros());
    }

    /** Returns true where one more run may be nested; counts a miss of the program where not. */
    public boolean hasRoom(LoadedProgram program) {
        if (depth < MAX_DEPTH) {
            return true;
        }
        miss(program);
        return false;
    }

    /** Counts that a program did not run which was to. */
    public void miss(LoadedProgram program) {
        program.stats().countMiss(cpu);
    }

    /**
     * Runs a program on top of what runs now, at the CPU's present level, if its guard lets it.
     *
     * @param contextAddress in {@link #area()}
     * @return r0, zero-extended from 32 bits where the kind of program returns an int; or {@link #NO_RESULT}
     */
    public long run(LoadedProgram program, long contextAddress) {
        if (!hasRoom(program)) {
            return NO_RESULT;
        }
        boolean entered = program.enter(cpu);
        try {
            if (entered) {
                return runGuarded(program, contextAddress);
            }
            program.stats().countMiss(cpu);
            return NO_RESULT;
        } finally {
            program.leave(cpu);
        }
    }

    /**
     * Runs a program with arguments, on top of what runs now, at the CPU's present level: a function that programs
     * implement for the kernel.
     *
     * @return as {@link #run}
     */
    public long call(LoadedProgram program, long... arguments) {
        return hasRoom(program) ? run(program, area().arguments(arguments, 0)) : NO_RESULT;
    }

    /** Returns the address of an object of zeros, for a call on top of what runs now. */
    public long emptyObject() {
        return area().zeros();
    }

    private long runGuarded(LoadedProgram program, long contextAddress) {
        Nest here = nest();
        Execution execution = here.execution;
        long startNanos = timed ? cpu.nanoTime() : 0;
        long result = nested(here, program, NO_FUNCTION, contextAddress, 0, 0);
        if (timed) {
            program.stats().countTime(cpu, cpu.nanoTime() - startNanos);
        }
        if (execution.fault() != null) {
            program.stats().countFault(cpu);
        }
        if (execution.fault() == null && !execution.stopped()) {
            program.stats().countRun(cpu, result & 0xffff_ffffL, execution.executed());
        }
        return result;
    }

    /**
     * Runs a function of a program on top of what runs now, at the CPU's present level: a callback that the program put
     * off. Linux does not count it as a run of the program, and guards do not keep it from running.
     *
     * @param function its address, as the program passed it
     */
    public void runCallback(LoadedProgram program, long function, long arg1, long arg2, long arg3) {
        if (!hasRoom(program)) {
            return;
        }
        Nest here = nest();
        nested(here, program, function, arg1, arg2, arg3);
        if (here.execution.fault() != null) {
            program.stats().countFault(cpu);
        }
    }

    private long nested(Nest here, LoadedProgram program, long function, long arg1, long arg2, long arg3) {
        Execution execution = here.execution;
        int heldBefore = cpu.heldLocks().count();
        int preemptBefore = cpu.preemptCount();
        boolean irqsBefore = cpu.irqsEnabled();
        execution.begins(heldBefore, cpu.lockWaits().depth(), cpu.innerLocks().count());
        here.running = program.runningAt(cpu.level());
        DEPTH.setRelease(this, depth + 1);
        execution.budget(budget);
        long result;
        try {
            result = function == NO_FUNCTION
                    ? surrounded(execution, program, arg1)
                    : execution.runFunction(program.code(), function, arg1, arg2, arg3);
        } finally {
            DEPTH.setRelease(this, depth - 1);
        }
        if (depth == 0) {
            laterWork.workOff();
        }
        Fault fault = execution.fault();
        if (fault == null && !execution.stopped()) {
            return result;
        }
        kernel.releaseLocks(execution);
        while (cpu.preemptCount() > preemptBefore) {
            cpu.preemptEnable();
        }
        if (irqsBefore && !cpu.irqsEnabled()) {
            cpu.irqRestore(Cpu.IRQS_ENABLED);
        }
        if (fault != null) {
            faultListener.accept(fault);
        }
        return NO_RESULT;
    }

    private long surrounded(Execution execution, LoadedProgram program, long context) {
        if (!program.isSurrounded()) {
            return execution.run(program.code(), context);
        }
        program.passSurround(cpu, true);
        long result = execution.run(program.code(), context);
        if (execution.fault() == null && !execution.stopped()) {
            program.passSurround(cpu, false);
        }
        return result;
    }

    /** Returns the innermost run of a program, or null where none runs; for the CPU's own thread. */
    public @Nullable Execution current() {
        return depth == 0 ? null : below().execution;
    }

    private Nest below() {
        return Objects.requireNonNull(nests[depth - 1]);
    }

    private boolean holdsSpinLock(long lock) {
        for (Execution run : nested()) {
            if (run.spinLock() == lock) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the runs, each nested on the one before. Any thread may ask; unless the CPU stands still, it goes on
     * meanwhile.
     */
    public List<Execution> nested() {
        List<Execution> all = List.copyOf(executions);
        return all.subList(0, Math.min(depth, all.size()));
    }

    /** Returns true where an address is in memory that only this CPU's runs use: stacks, contexts and packets. */
    public boolean isPrivate(long address) {
        for (int i = 0; i < executions.size(); i++) {
            if (executions.get(i).isOnStack(address)) {
                return true;
            }
        }
        for (int i = 0; i < areas.size(); i++) {
            if (areas.get(i).contains(address)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Makes an interrupt land after a number of instructions that the CPU's programs execute, wherever that is in one of
     * them; any thread may.
     *
     * @param instructions 1 to {@link Landing#MOST_INSTRUCTIONS}
     * @return false where another one is about to land, so that this one was left out
     */
    public boolean landInterrupt(ContextLevel level, int instructions) {
        return first.landInterrupt(level, instructions);
    }

    /** Lets an interrupt that was to land come now, since the CPU executes nothing. */
    public void landNow() {
        first.landNow();
    }

    private Nest nest() {
        Nest known = nests[depth];
        return known != null ? known : makeNest();
    }

    private Nest makeNest() {
        Execution execution = new Execution(cpu, arena.allocate(Execution.STACK_SIZE));
        execution.pollPoint(pollPoint);
        execution.packetLoader(PacketHelpers.LEGACY_LOADS);
        execution.arenaFaults((run, writes, address) -> ArenaKfuncs.report(kernel, run, writes, address));
        if (depth > 0) {
            execution.shareLanding(first);
            execution.below(below().execution);
        }
        Nest made = new Nest(execution);
        nests[depth] = made;
        executions.add(execution);
        return made;
    }

    /** Instructions that the last run at the present depth executed. */
    public long lastExecuted() {
        return depth < executions.size() ? executions.get(depth).executed() : 0;
    }
}
