package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.ObjectTypeRules;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.StructRecords;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Everything about one verification of one program: Linux's {@code struct bpf_verifier_env}, for a privileged user. */
public final class VerifierEnv {
    /** Most bytes of stack in a call chain, and of one frame. */
    public static final int MAX_BPF_STACK = KernelLimits.MAX_BPF_STACK;

    private final ProgramObject object;
    private final Btf btf;
    private final Program program;
    private final Kernel kernel;
    private final Btf kernelTypes;
    private final int insnLimit;
    private final Services services;
    private final LogBuffer log;
    private final Insn[] insns;
    private final InsnAux[] aux;
    private final List<MapInfo> maps;
    private final List<SubprogInfo> subprogs = new ArrayList<>();
    private final Map<RegPayload.BtfRef, BtfRecord> structRecords = new HashMap<>();
    private final ArrayDeque<Pending> branchStack = new ArrayDeque<>();

    private VerifierState state = new VerifierState();
    private int insnIndex;
    private int prevInsnIndex;
    private int idGen;
    private int passCount;

    /** Instructions processed so far. */
    public int insnProcessed;
    /** {@link #insnProcessed} when the last state was kept. */
    public int prevInsnProcessed;
    /** Jumps, calls and exits processed so far. */
    public int jmpsProcessed;
    /** {@link #jmpsProcessed} when the last state was kept. */
    public int prevJmpsProcessed;
    /** States kept so far. */
    public int totalStates;
    /** Most states kept at one time. */
    public int peakStates;
    /** Most states that were looked at for one slot. */
    public int maxStatesPerInsn;
    /** Number of strongly connected components; see {@link InsnAux#scc}. */
    public int sccCount;
    /** The subprogram that handles exceptions, or 0. */
    public int exceptionCallbackSubprog;
    /** What the program attaches to; null where its context does not depend on it, or that is not known. */
    public @Nullable AttachTarget attachTarget;
    /** Whether the program throws. */
    public boolean seenException;
    /** Whether the program writes to packets directly. */
    public boolean seenDirectWrite;
    /** The jump history's entry of the current instruction, as an index into it; -1 if it has none yet. */
    public int currentHistoryEntry = -1;
    /** Where a helper call goes on: behind it, unless it made the frame return. */
    public int redirect;
    /** Sees what is explored; null outside of tests. */
    public @Nullable ExplorationObserver observer;
    /** Whether pruning compares all scalars, whether they matter to safety or not: for tests. */
    public boolean comparesAllScalars;
    /** Registers touched since the state was last printed, a bit each. */
    public int scratchedRegs;
    /** Stack slots touched since the state was last printed, a bit each. */
    public long scratchedSlots;
    /** The functions, callees first; filled before the main pass. */
    public int[] subprogTopoOrder = new int[0];
    /** Instructions in post-order, function by function; filled before the main pass. */
    public int[] postorder = new int[0];
    /** For each function where it starts in {@link #postorder}, and the end. */
    public int[] postorderStart = new int[0];

    private record Pending(VerifierState state, int insnIndex, int prevInsnIndex, int logPosition) {}

    /**
     * Prepares a verification.
     *
     * @param kernel the kernel whose rules hold
     * @param wantsLog whether states and instructions are written to the log
     * @param kernelTypes the kernel's types; {@link Btf#EMPTY} if there are none
     * @param insnLimit most instructions to process
     */
    public VerifierEnv(
            ProgramObject object,
            Program program,
            Kernel kernel,
            boolean wantsLog,
            Btf kernelTypes,
            int insnLimit,
            Services services) {
        this.object = object;
        this.program = program;
        this.kernel = kernel;
        this.kernelTypes = kernelTypes;
        this.insnLimit = insnLimit;
        this.services = services;
        log = new LogBuffer(wantsLog);
        insns = program.insns().toArray(new Insn[0]);
        aux = new InsnAux[insns.length];
        for (int i = 0; i < aux.length; i++) {
            aux[i] = new InsnAux();
        }
        var infos = new ArrayList<MapInfo>();
        boolean loadable = ObjectTypeRules.areTaken(object.btf(), kernelTypes);
        btf = loadable ? object.btf() : Btf.EMPTY;
        for (int i = 0; i < object.maps().size(); i++) {
            infos.add(new MapInfo(object.maps().get(i), i, object.btf(), loadable));
        }
        maps = List.copyOf(infos);
    }

    public ProgramObject object() {
        return object;
    }

    public Program program() {
        return program;
    }

    /** The kernel whose rules hold. */
    public Kernel kernel() {
        return kernel;
    }

    /** The object's types; {@link Btf#EMPTY} if Linux does not take them. */
    public Btf btf() {
        return btf;
    }

    /** The kernel's types; {@link Btf#EMPTY} if there are none. */
    public Btf kernelTypes() {
        return kernelTypes;
    }

    /** Most instructions to process. */
    public int insnLimit() {
        return insnLimit;
    }

    public Services services() {
        return services;
    }

    public LogBuffer log() {
        return log;
    }

    /** Number of slots. */
    public int length() {
        return insns.length;
    }

    public Insn insn(int index) {
        return insns[index];
    }

    /** Replaces an instruction by a simpler one of the same effect. */
    public void setInsn(int index, Insn insn) {
        insns[index] = insn;
    }

    public InsnAux aux(int index) {
        return aux[index];
    }

    /** The object's maps, by index. */
    public List<MapInfo> maps() {
        return maps;
    }

    public List<SubprogInfo> subprogs() {
        return subprogs;
    }

    public SubprogInfo subprog(int number) {
        return subprogs.get(number);
    }

    /** Adds a function; in the order of their starts. */
    public void addSubprog(SubprogInfo subprog) {
        subprogs.add(subprog);
    }

    /** Number of the function that starts at the slot, or -1. */
    public int findSubprog(int start) {
        for (int i = 0; i < subprogs.size(); i++) {
            if (subprogs.get(i).start == start) {
                return i;
            }
        }
        return -1;
    }

    /** The function that holds the slot. */
    public SubprogInfo subprogAt(int index) {
        for (SubprogInfo subprog : subprogs) {
            if (index >= subprog.start && index < subprog.end) {
                return subprog;
            }
        }
        throw new IndexOutOfBoundsException(index);
    }

    /** The state of the path that is being walked. */
    public VerifierState state() {
        return state;
    }

    public void setState(VerifierState newState) {
        state = newState;
    }

    /** The current frame. */
    public FuncState func() {
        return state.func();
    }

    /** The frame that a PTR_TO_STACK register points into. */
    public FuncState func(RegState pointer) {
        return state.frame(pointer.frameno());
    }

    /** A register of the current frame. */
    public RegState reg(int number) {
        return state.func().reg(number);
    }

    /** Sets a register of the current frame. */
    public void setReg(int number, RegState reg) {
        state.func().setReg(number, reg);
    }

    /** The slot that is being processed. */
    public int insnIndex() {
        return insnIndex;
    }

    public void setInsnIndex(int index) {
        insnIndex = index;
    }

    /** The slot that was processed before on this path; -1 at its start. */
    public int prevInsnIndex() {
        return prevInsnIndex;
    }

    public void setPrevInsnIndex(int index) {
        prevInsnIndex = index;
    }

    /** A new id for registers, references or dynptrs. */
    public int newId() {
        return ++idGen;
    }

    /** The last id that was given. */
    public int lastId() {
        return idGen;
    }

    /** The special fields of a struct that programs allocate; empty if it has none or breaks their rules. */
    public BtfRecord structRecord(Btf btf, int typeId) {
        return structRecords.computeIfAbsent(new RegPayload.BtfRef(btf, typeId), key -> StructRecords.of(btf, typeId));
    }

    /** As {@link #structRecord(Btf, int)}. */
    public BtfRecord structRecord(RegPayload.BtfRef type) {
        return structRecord(type.btf(), type.typeId());
    }

    /** The special fields of what the register points to: a map value or an allocated object. */
    public BtfRecord recordOf(RegState reg) {
        if (reg.is(RegType.PTR_TO_MAP_VALUE, 0)) {
            return reg.map().record();
        }
        return reg.isAllocatedObject() ? structRecord(reg.btfRef()) : BtfRecord.EMPTY;
    }

    /** Number of the pass: one for the main function and one for each global function. */
    public int passCount() {
        return passCount;
    }

    public void nextPass() {
        passCount++;
    }

    /** Makes the frame's stack at least so many bytes large. */
    public void growStack(FuncState func, int bytes) {
        func.grow(bytes);
        SubprogInfo info = subprogs.get(func.subprog());
        info.stackDepth = Math.max(info.stackDepth, func.allocatedStack());
    }

    public void markRegScratched(int number) {
        scratchedRegs |= 1 << number;
    }

    public void markSlotScratched(int spi) {
        scratchedSlots |= 1L << spi;
    }

    /** Notes a copy of the current state, to be continued at a slot later. */
    public VerifierState pushStack(int nextInsn, int prevInsn) {
        return pushStack(nextInsn, prevInsn, "");
    }

    /**
     * Notes a copy of the current state, to be continued at a slot later.
     *
     * @param failure what to say last if there are too many already; empty: nothing more than that
     */
    public VerifierState pushStack(int nextInsn, int prevInsn, String failure) {
        VerifierState copy = state.copy();
        branchStack.push(new Pending(copy, nextInsn, prevInsn, log.position()));
        if (branchStack.size() > KernelLimits.BPF_COMPLEXITY_LIMIT_JMP_SEQ) {
            String tooMany = "The sequence of " + branchStack.size() + " jumps is too complex.";
            if (!failure.isEmpty()) {
                verbose("%s\n", tooMany);
            }
            throw reject(Errno.E2BIG, "%s", failure.isEmpty() ? tooMany : failure);
        }
        VerifierState parent = copy.parent();
        if (parent != null) {
            parent.setBranches(parent.branches() + 1);
        }
        return copy;
    }

    /** Takes up the path noted last; false if there is none. */
    public boolean popStack() {
        Pending pending = branchStack.poll();
        if (pending == null) {
            return false;
        }
        state = pending.state();
        insnIndex = pending.insnIndex();
        prevInsnIndex = pending.prevInsnIndex();
        log.reset(pending.logPosition());
        return true;
    }

    /** Notes another state than a copy of the current one, to be continued at a slot later. */
    public void pushState(VerifierState other, int nextInsn, int prevInsn) {
        branchStack.push(new Pending(other, nextInsn, prevInsn, log.position()));
        if (branchStack.size() > KernelLimits.BPF_COMPLEXITY_LIMIT_JMP_SEQ) {
            throw reject(Errno.E2BIG, "The sequence of %d jumps is too complex for async cb.", branchStack.size());
        }
    }

    /** Drops all paths that were noted. */
    public void clearBranchStack() {
        branchStack.clear();
    }

    /** Prints a message to the log; lines end with a newline. Linux's {@code verbose}. */
    public void verbose(String format, @Nullable Object... args) {
        log.append(args.length == 0 ? format : String.format(Locale.ROOT, format, args));
    }

    /** The exception that refuses the program with the last line printed as reason. Throw it. */
    public Rejection reject(int errno) {
        return new Rejection(errno, log.lastLine());
    }

    /** Prints the message (without a newline at its end) and gives the exception that refuses the program. Throw it. */
    public Rejection reject(int errno, String format, @Nullable Object... args) {
        verbose(format, args);
        log.append("\n");
        return reject(errno);
    }
}
