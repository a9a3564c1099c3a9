package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.DeadlockException;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.KernelLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state of one program run: registers, call frames, stack, budget. Reused for one run after another at the same
 * nesting depth of the same CPU, so that a run allocates nothing. Confined to the CPU's thread.
 */
public final class Execution {

    /**
     * Most frames that verified programs reach: eight each, and a tail call leaves the frames of the function's callers
     * behind.
     */
    public static final int MAX_FRAMES = 8 * (KernelLimits.MAX_TAIL_CALL_CNT + 1);

    /** Bytes of guest memory that the stack of an execution takes. */
    public static final int STACK_SIZE = KernelLimits.MAX_BPF_STACK * MAX_FRAMES;

    /** A slot of the register file that stays zero. */
    static final int ZERO = 15;

    static final int EXITED = -1;
    /** The run goes on at {@link #resumeAt}, which may be in another program. */
    public static final int SWITCHED = -2;

    /** A piece of the program begins, whose ticket {@link #resumeAt} holds. */
    static final int PIECE = -3;

    static final int SAVED = 6;
    static final int CALLBACK = -1;

    /** Short callbacks end before they poll by themselves; a helper may call millions of them. A power of two. */
    private static final int CALLBACKS_BETWEEN_POLLS = 64;

    private final Cpu cpu;

    /** The host's address of the sandbox. Compiled code reads it here: HotSpot would load a constant at each access. */
    final long sandbox = GuestMemory.sandboxAddress().orElse(0);

    final long stackTop;
    final int[] returnIndex = new int[MAX_FRAMES];
    final Code[] returnCode = new Code[MAX_FRAMES];
    final long[] saved = new long[MAX_FRAMES * SAVED];
    long[] registers = new long[Code.CONSTANTS + 64];

    @Nullable
    Code code;

    private PollPoint pollPoint = run -> {};
    private Landing landing = new Landing();
    private ArenaFaults arenaFaults = (run, writes, address) -> {};
    PacketLoader packetLoader = (context, offset, size) -> PacketLoader.OUT_OF_PACKET;

    /** Most instructions between two polls; 1 lets a poll point see each instruction. */
    int slice = Interpreter.SLICE;

    /** Index of the instruction that runs, where somebody may ask: at calls and faults. */
    int at;

    /** Instructions that compiled code may execute until it polls; its functions keep this in a variable meanwhile. */
    int left;

    /** The place to go on after {@link #SWITCHED}. */
    int resumeAt;

    long mayGotoLeft;
    long budget = Long.MAX_VALUE;
    private long executed;
    private int callbacks;
    int depth;

    /** The value that {@link #left} had after the last poll; 0 where no compiled code runs, -1 where it may not go on. */
    private int grant;

    /** Set once the registers and the place of a fault are recorded, so that callers leave them alone. */
    boolean trapRecorded;

    private int tailCalls;
    long context;

    @Nullable
    Code tailTarget;

    private @Nullable Fault fault;
    private boolean stopped;
    private @Nullable Execution below;
    private long spinLock;
    private long spinLockFlags;
    private int spinLockAt;
    private int heldBefore;
    private int waitsBefore;
    private int innerBefore;

    /**
     * @param cpu where runs take place
     * @param stackAddress guest address of {@link #STACK_SIZE} bytes
     */
    public Execution(Cpu cpu, long stackAddress) {
        this.cpu = cpu;
        this.stackTop = stackAddress + STACK_SIZE;
    }

    /** Returns true where an address is in the stack of these runs. */
    public boolean isOnStack(long address) {
        return Long.compareUnsigned(stackTop - 1 - address, STACK_SIZE) < 0;
    }

    /** The CPU that runs this. */
    public Cpu cpu() {
        return cpu;
    }

    /** The run that this one interrupted or was nested into, on the same CPU; null at the bottom. */
    public @Nullable Execution below() {
        return below;
    }

    /** Says what all runs here are nested into. */
    public void below(@Nullable Execution value) {
        below = value;
    }

    /** Says how many locks the CPU holds, and how many waits it is in, when the next run begins. */
    public void begins(int locksHeld, int waits, int innerLocks) {
        heldBefore = locksHeld;
        waitsBefore = waits;
        innerBefore = innerLocks;
    }

    /** Returns how many locks the CPU held when the run began: those from there on are its own. */
    public int heldBefore() {
        return heldBefore;
    }

    /** Returns how many ordinary locks inside maps the CPU held when the run began. */
    public int innerBefore() {
        return innerBefore;
    }

    /** Returns how many waits for locks the run interrupted: those from there on are its own. */
    public int waitsBefore() {
        return waitsBefore;
    }

    /** Notes the only ordinary spin lock that a run can hold, taken by the call that runs, and the flags that it saved. */
    public void spinLockTaken(long lock, long flags) {
        spinLock = lock;
        spinLockFlags = flags;
        spinLockAt = at;
    }

    /** Forgets the ordinary spin lock and returns the flags that it saved. */
    public long spinLockReleased() {
        spinLock = 0;
        return spinLockFlags;
    }

    /** Returns the ordinary spin lock that the run holds, or 0. */
    public long spinLock() {
        return spinLock;
    }

    /** Returns the slot of the call that took the ordinary spin lock. */
    public int spinLockSlot() {
        return code().slot(spinLockAt);
    }

    /** Sets the work between instructions. */
    public void pollPoint(PollPoint value) {
        pollPoint = value;
    }

    /** Shares the interrupt that is to land on the CPU between all its executions. */
    public void shareLanding(Execution other) {
        landing = other.landing;
    }

    /**
     * Makes an interrupt land after a number of instructions that this CPU executes; any thread may.
     *
     * @param instructions 1 to {@link Landing#MOST_INSTRUCTIONS}
     * @return false where another one is about to land, so that this one was left out
     */
    public boolean landInterrupt(ContextLevel level, int instructions) {
        return landing.arm(level, instructions);
    }

    /** Lets an interrupt that was to land come now, since the CPU executes nothing. */
    public void landNow() {
        if (landing.isArmed()) {
            landing.raiseNow(cpu);
        }
    }

    /** Returns how many instructions may be interpreted until the next poll. */
    int sliceLength() {
        int most = (int) Math.min(slice, budget);
        return landing.isArmed() ? landing.shorten(most) : most;
    }

    /** Sets the source of legacy packet loads. */
    public void packetLoader(PacketLoader value) {
        packetLoader = value;
    }

    /** Sets the listener for accesses to arena pages that are not allocated. */
    public void arenaFaults(ArenaFaults value) {
        arenaFaults = value;
    }

    void arenaFault(boolean writes, long address) {
        arenaFaults.report(this, writes, address);
    }

    /** Most instructions that the next runs may execute together; when they are used up a run is stopped. */
    public void budget(long instructions) {
        budget = instructions;
    }

    /** Instructions executed by this run so far, exact when it has ended without a fault. */
    public long executed() {
        return executed;
    }

    /** Takes interrupts, and stops the run where somebody wants that. */
    void poll() {
        landing.raiseIfDue(cpu);
        pollPoint.poll(this);
        cpu.poll();
    }

    void addExecuted(long instructions) {
        executed += instructions;
        budget -= instructions;
        landing.executed(instructions);
    }

    /** Instructions executed by this run until now, compiled ones as far as they have told. */
    long executedUntilNow() {
        return executed + grant - left;
    }

    /** The guest address of the context that the run was started with. */
    public long context() {
        return context;
    }

    /** The code that runs now: that of the program, or of the one it tail-called. */
    public Code code() {
        Code current = code;
        if (current == null) {
            throw new IllegalStateException("nothing runs here");
        }
        return current;
    }

    /** Returns the name of the program that runs, or that ran last; any thread may ask. */
    public String programName() {
        Code current = code;
        return current == null ? "" : current.program().name();
    }

    /** The fault that ended the last run, or null. */
    public @Nullable Fault fault() {
        return fault;
    }

    /** Returns true where the last run was ended by {@link TrapException#stop}, or broken off in a deadlock. */
    public boolean stopped() {
        return stopped;
    }

    /**
     * Runs a program from its start.
     *
     * @param contextAddress what r1 holds
     * @return r0; zero where the run was stopped, which {@link #fault()} then tells
     */
    public long run(Code program, long contextAddress) {
        prepare(program, contextAddress);
        return run(program, 0, contextAddress, 0, 0);
    }

    /**
     * Runs a function of a program by itself: the callback of a timer and the like.
     *
     * @param function its address, as the program passed it
     * @return r0; zero where the run was stopped, which {@link #fault()} then tells
     */
    public long runFunction(Code program, long function, long arg1, long arg2, long arg3) {
        prepare(program, 0);
        return run(program, program.functionIndex(function), arg1, arg2, arg3);
    }

    private void prepare(Code program, long contextAddress) {
        switchTo(program);
        depth = 0;
        tailCalls = 0;
        executed = 0;
        fault = null;
        stopped = false;
        tailTarget = null;
        trapRecorded = false;
        spinLock = 0;
        context = contextAddress;
        mayGotoLeft = KernelLimits.BPF_MAX_LOOPS;
    }

    private long run(Code program, int start, long arg1, long arg2, long arg3) {
        try {
            return catching(start, arg1, arg2, arg3);
        } catch (TrapException e) {
            stopped = e.isStop();
            fault = stopped ? null : Fault.of(e, this);
        } catch (DeadlockException e) {
            stopped = true;
        } finally {
            if (grant != 0) {
                settle();
            }
            if (program.machineCode() == null) {
                program.countInterpreted(executed);
            }
        }
        return 0;
    }

    /** Runs from an index; what is thrown meanwhile goes to the exception callback of the program that runs then. */
    private long catching(int start, long arg1, long arg2, long arg3) {
        try {
            return outermost(start, arg1, arg2, arg3);
        } catch (ThrownException e) {
            int callback = code().exceptionCallback();
            if (callback < 0) {
                return e.cookie();
            }
            depth = 0;
            mayGotoLeft = KernelLimits.BPF_MAX_LOOPS;
            registers[1] = e.cookie();
            registers[10] = stackTop;
            return function(callback);
        }
    }

    /** Runs the function that a run begins with. Compiled code gets its arguments as such, and needs no registers. */
    private long outermost(int start, long arg1, long arg2, long arg3) {
        MachineCode machine = code().machineCode();
        if (machine == null || !machine.mayRun(start) || grant(machine) < 0) {
            long[] r = registers;
            Arrays.fill(r, 0, Code.CONSTANTS, 0);
            r[1] = arg1;
            r[2] = arg2;
            r[3] = arg3;
            r[10] = stackTop;
            return interpret(start);
        }
        long result = machine.call(this, start, arg1, arg2, arg3, 0, 0, stackTop);
        settle();
        return result;
    }

    /** Runs the function that starts at an index to its exit, in the frame that was entered for it, and leaves the frame. */
    long function(int start) {
        MachineCode machine = code().machineCode();
        if (machine == null || !machine.mayRun(start)) {
            return interpret(start);
        }
        boolean outermost = grant == 0;
        if (outermost && grant(machine) < 0) {
            return interpret(start);
        }
        long[] r = registers;
        long result = machine.call(this, start, r[1], r[2], r[3], r[4], r[5], r[10]);
        leave(registers);
        if (outermost) {
            settle();
        }
        return result;
    }

    /** Interprets from an index on to the exit of the function, and leaves its frame. */
    long interpret(int start) {
        boolean compiledCallers = grant != 0;
        settle();
        try {
            return Interpreter.run(this, start);
        } catch (TrapException e) {
            trapRecorded = true;
            throw e;
        } finally {
            if (compiledCallers) {
                grant = -1;
                left = -1;
            }
        }
    }

    /** Makes compiled code ask, when the helper that runs now has returned, where to go on. */
    private void leaveCompiledCode() {
        settle();
        grant = -1;
        left = -1;
    }

    /**
     * Runs a function of the program that runs, on top of it: what helpers do with a callback.
     *
     * @param function a function's address, as the program passed it
     * @return the callback's r0
     */
    public long callback(long function, long arg1, long arg2, long arg3, long arg4) {
        int start = code().functionIndex(function);
        int calledAt = at;
        if ((++callbacks & (CALLBACKS_BETWEEN_POLLS - 1)) == 0) {
            poll();
        }
        if (grant != 0) {
            registers[10] = stackTop - (long) KernelLimits.MAX_BPF_STACK * depth;
        }
        enter(CALLBACK, registers);
        long[] r = registers;
        r[1] = arg1;
        r[2] = arg2;
        r[3] = arg3;
        r[4] = arg4;
        long result = function(start);
        at = calledAt;
        return result;
    }

    /** Makes the run go on in another program when the helper that calls this returns; false past the limit. */
    public boolean tailCall(Code target) {
        if (tailCalls >= KernelLimits.MAX_TAIL_CALL_CNT) {
            return false;
        }
        tailCalls++;
        tailTarget = target;
        if (grant != 0) {
            leaveCompiledCode();
        }
        return true;
    }

    /** Returns the values of r0 to r10, as interpreted code has them; exact where something observes the run. */
    public List<Long> registers() {
        return Arrays.stream(registers, 0, Insn.FRAME_POINTER + 1).boxed().toList();
    }

    /** The slot of the instruction that runs now in {@link #code()}'s program; exact in helpers. */
    public int slot() {
        return code().slot(at);
    }

    /** The index of the instruction that runs now, for {@link Code#slot}; exact in helpers. */
    public int at() {
        return at;
    }

    /**
     * Source positions of the calls that led here, innermost first: slots of {@link #code()}'s program or its callers'.
     */
    public List<Position> stack() {
        List<Position> positions = new ArrayList<>();
        positions.add(new Position(code(), code().slot(at)));
        for (int frame = depth - 1; frame >= 0; frame--) {
            int next = returnIndex[frame];
            if (next != CALLBACK) {
                Code caller = returnCode[frame];
                positions.add(new Position(caller, caller.slot((next < 0 ? ~next : next) - 1)));
            }
        }
        return positions;
    }

    /** A place in a program, as {@link #stack()} reports it. */
    public record Position(Code code, int slot) {}

    /**
     * Makes a load that may fail yield 0, and returns the next index; stops the run for what any other access raised.
     */
    int afterFault(int index, RuntimeException cause) {
        if (code().isProbe(index)) {
            registers[(int) (code().insns[index] >>> 8) & 0xf] = 0;
            return index + 1;
        }
        at = index;
        throw TrapException.of(cause);
    }

    void enter(int returnTo, long[] r) {
        if (depth == MAX_FRAMES - 1) {
            throw new TrapException("the call stack is deeper than " + MAX_FRAMES + " frames");
        }
        int base = depth * SAVED;
        saved[base] = r[6];
        saved[base + 1] = r[7];
        saved[base + 2] = r[8];
        saved[base + 3] = r[9];
        saved[base + 4] = r[10];
        saved[base + 5] = mayGotoLeft;
        returnIndex[depth] = returnTo;
        returnCode[depth] = code();
        depth++;
        mayGotoLeft = KernelLimits.BPF_MAX_LOOPS;
        r[10] -= KernelLimits.MAX_BPF_STACK;
    }

    /** Leaves a function: the index to go on at, or {@link #EXITED} or {@link #SWITCHED}. */
    int leave(long[] r) {
        if (depth == 0) {
            return EXITED;
        }
        depth--;
        int base = depth * SAVED;
        r[6] = saved[base];
        r[7] = saved[base + 1];
        r[8] = saved[base + 2];
        r[9] = saved[base + 3];
        r[10] = saved[base + 4];
        mayGotoLeft = saved[base + 5];
        int returnTo = returnIndex[depth];
        Code caller = returnCode[depth];
        if (caller == code) {
            return returnTo < 0 ? EXITED : returnTo;
        }
        switchTo(caller);
        resumeAt = returnTo;
        return returnTo < 0 ? EXITED : SWITCHED;
    }

    /** Goes to the target of a tail call, if one was made: {@link #SWITCHED}, else the index given. */
    @SuppressWarnings("ReferenceEquality") // the array is replaced where it is too small
    int afterCall(int next, long[] r) {
        poll();
        Code target = tailTarget;
        if (target != null) {
            tailTarget = null;
            switchTo(target);
            registers[1] = context;
            mayGotoLeft = KernelLimits.BPF_MAX_LOOPS;
            resumeAt = 0;
            return SWITCHED;
        }
        if (r != registers) {
            resumeAt = next;
            return SWITCHED;
        }
        return next;
    }

    /** Counts the instructions that compiled code executed since it was allowed some. */
    void settle() {
        int used = grant - left;
        grant = 0;
        left = 0;
        if (used != 0) {
            addExecuted(used);
        }
    }

    /**
     * Lets compiled code run until the next poll.
     *
     * @return {@link #left}; -1 where only the interpreter is right: the budget may end before the poll after that, the
     *     code does not reach all addresses, or an interrupt is to land
     */
    int grant(@Nullable MachineCode machine) {
        if (landing.isArmed() || GuestMemory.isWide() && (machine == null || machine.isNarrow())) {
            grant = -1;
            left = -1;
            return -1;
        }
        long room = budget - code().mostBetweenPolls;
        grant = room <= 0 ? -1 : (int) Math.min(MachineCode.SLICE, room);
        left = grant;
        return grant;
    }

    void switchTo(Code target) {
        if (target == code) {
            return;
        }
        int size = Code.CONSTANTS + target.constants.length;
        if (registers.length < size) {
            registers = Arrays.copyOf(registers, Math.max(size, 2 * registers.length));
        }
        System.arraycopy(target.constants, 0, registers, Code.CONSTANTS, target.constants.length);
        code = target;
    }
}
