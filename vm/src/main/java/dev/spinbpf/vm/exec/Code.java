package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A program made ready to run: linked, and pre-decoded to one {@code long} an instruction.
 *
 * <p>Bits 0-7 hold the {@link MicroOp}, 8-11 the destination register, 12-31 the index of the second operand in the
 * register file (a register, or a constant from {@link #CONSTANTS} on), 32-63 the memory offset or the index to jump
 * to. The second slots of wide instructions are left out, so that an index here is not a slot.
 */
public final class Code {
    /** Index of the first constant in a register file. */
    static final int CONSTANTS = 16;

    /** Most constants that a program may have. */
    static final int MAX_CONSTANTS = (1 << 20) - CONSTANTS;

    /** Interpreted instructions after which a program is taken to be worth compiling. */
    public static final long HOT_INSNS = Long.getLong("spinbpf.jit.hot", 200_000);

    /** Instructions that the start and the end of a run count as. */
    private static final int RUN_COST = 20;

    private static final String EXCEPTION_CALLBACK_TAG = "exception_callback:";
    private static final long FUNCTION_TAG = 0x4246_0000_0000_0000L;
    private static final long FUNCTION_MASK = 0xffff_ffff_0000_0000L;

    /** Most instructions between two polls of {@link #machineCode}, if there is any. */
    int mostBetweenPolls;

    final long[] insns;
    final long[] constants;
    final Helper[] helpers;

    private final ProgramObject object;
    private final Program program;
    private final int[] slots;
    private final int exceptionCallback;
    private final InsnKinds kinds;
    private final @Nullable ArenaMap arena;
    private final List<Insn> source;
    private final ProgramStream out = new ProgramStream();
    private final ProgramStream err = new ProgramStream();
    private List<String> missing = List.of();
    private long @Nullable [] unseen;
    private volatile @Nullable MachineCode machineCode;
    private volatile @Nullable String interpretedBecause;
    private volatile @Nullable Consumer<Code> whenHot;
    private long interpretedInsns;

    Code(
            ProgramObject object,
            Program program,
            long[] insns,
            int[] slots,
            long[] constants,
            Helper[] helpers,
            InsnKinds kinds,
            List<Insn> source,
            @Nullable ArenaMap arena) {
        this.object = object;
        this.program = program;
        this.insns = insns;
        this.slots = slots;
        this.exceptionCallback = exceptionCallback(object.btf(), program, slots);
        this.constants = constants;
        this.helpers = helpers;
        this.kinds = kinds;
        this.source = source;
        this.arena = arena;
    }

    /** Programs name their exception callback by a declaration tag of the main function. */
    private static int exceptionCallback(Btf btf, Program program, int[] slots) {
        int main =
                program.subprogs().isEmpty() ? 0 : program.subprogs().getFirst().btfFuncId();
        if (main == 0) {
            return -1;
        }
        for (BtfType type : btf.types()) {
            boolean names = type instanceof BtfType.DeclTag tag
                    && tag.typeId() == main
                    && tag.componentIndex() == -1
                    && tag.name().startsWith(EXCEPTION_CALLBACK_TAG);
            if (names) {
                return indexOf(program, type.name().substring(EXCEPTION_CALLBACK_TAG.length()), slots);
            }
        }
        return -1;
    }

    private static int indexOf(Program program, String function, int[] slots) {
        for (Subprog subprog : program.subprogs()) {
            if (subprog.name().equals(function)) {
                return Arrays.binarySearch(slots, subprog.start());
            }
        }
        return -1;
    }

    /**
     * Links and pre-decodes a program. What it uses and is not there is in {@link #missing()}, and a run that comes to it
     * ends with a fault; raises {@link UnsupportedProgramException} where the program cannot be encoded at all.
     *
     * @param kinds the instructions that run otherwise than they read
     */
    public static Code of(ProgramObject object, Program program, Linkage linkage, InsnKinds kinds) {
        return new Predecoder(object, program, linkage, kinds, false).decode();
    }

    /**
     * As {@link #of}, for a simulation: accesses to memory other than the stack pass a schedule point first, and the
     * program is always interpreted.
     */
    public static Code observed(ProgramObject object, Program program, Linkage linkage, InsnKinds kinds) {
        Code code = new Predecoder(object, program, linkage, kinds, true).decode();
        code.interpretedBecause("its accesses are observed");
        return code;
    }

    public ProgramObject object() {
        return object;
    }

    public Program program() {
        return program;
    }

    /** Returns the stream that the program prints to: {@code BPF_STDOUT}. */
    public ProgramStream out() {
        return out;
    }

    /** Returns the stream of complaints by the program and the runtime: {@code BPF_STDERR}. */
    public ProgramStream err() {
        return err;
    }

    /**
     * The index of the function that makes a result of what the program throws, or -1 where the cookie is the result.
     */
    int exceptionCallback() {
        return exceptionCallback;
    }

    /** Returns true where the pre-decoded instruction is a load that yields 0 where there is no memory. */
    public boolean isProbe(int index) {
        return kinds.probes().get(slots[index]);
    }

    /** Returns true where the instruction accesses the program's arena. */
    public boolean isArenaAccess(int index) {
        return kinds.arenaAccesses().get(slots[index]);
    }

    /** The number by which {@link ArenaAccess} knows the operation of an instruction. */
    public static int arenaOperation(Insn insn) {
        return MicroOp.of(insn.op());
    }

    /** The program's arena; traps where it refers to none. */
    public ArenaMap arena() {
        if (arena == null) {
            throw new TrapException("the program has no arena");
        }
        return arena;
    }

    /** The slot of a pre-decoded instruction, for messages. */
    public int slot(int index) {
        return slots[Math.clamp(index, 0, slots.length - 1)];
    }

    /** The instruction in that slot; the last one beyond the end. */
    public Insn insnAt(int slot) {
        return program.insns().get(Math.min(slot, program.insns().size() - 1));
    }

    /** The name of the kfunc that an instruction calls, or null. */
    public @Nullable String kfuncName(Insn insn) {
        int index = insn.immLow();
        boolean known = insn.op() == Op.CALL_KFUNC
                && index >= 0
                && index < object.kfuncs().size();
        return known ? object.kfuncs().get(index).name() : null;
    }

    /** The name of the helper or kfunc that an instruction calls; empty where it calls none that has a name. */
    public String functionName(Insn insn) {
        String name = insn.op() == Op.CALL_HELPER ? HelperIds.name(insn.immLow()) : kfuncName(insn);
        return name == null ? "" : name;
    }

    /** Returns the name of the function at an address, as a program knows it. */
    public String functionNameOf(long address) {
        return program.subprogAt(slot(functionIndex(address))).name();
    }

    /** Returns true where the program calls the helper or kfunc of a name. */
    public boolean calls(String function) {
        return program.insns().stream().anyMatch(insn -> functionName(insn).equals(function));
    }

    /**
     * Watches from now on which instructions are executed, while the program is interpreted. In place of each stands an
     * operation that puts the instruction back and has it executed, so that what was reached once costs nothing more. CPUs
     * may do that at the same time: they write the same. Call it before the first run.
     */
    public void watchReached() {
        if (unseen == null) {
            unseen = insns.clone();
            Arrays.fill(insns, 0, insns.length - 1, MicroOp.UNSEEN);
        }
    }

    /** Puts back an instruction that is reached for the first time; returns its index. */
    int reached(int index) {
        long[] originals = unseen;
        if (originals == null) {
            throw new IllegalStateException("nobody watches");
        }
        insns[index] = originals[index];
        return index;
    }

    /** Returns how many instructions a run may come to, without second slots. */
    public int instructions() {
        return (int) IntStream.range(0, insns.length - 1).filter(this::isLive).count();
    }

    private boolean isLive(int index) {
        return !kinds.dead().get(slots[index]);
    }

    /**
     * Returns the slots of the instructions that a run may come to and none has reached since {@link #watchReached}; none
     * if nobody watches.
     */
    public List<Integer> unreached() {
        return IntStream.range(0, insns.length - 1)
                .filter(index -> insns[index] == MicroOp.UNSEEN && isLive(index))
                .mapToObj(index -> slots[index])
                .toList();
    }

    /** Returns what the program uses that is not built here, each in words: {@code helper bpf_xyz#1 is not supported}. */
    public List<String> missing() {
        return missing;
    }

    void missing(Collection<String> value) {
        missing = List.copyOf(value);
    }

    /** Returns what the program was compiled to, or null while it is interpreted. */
    public @Nullable MachineCode machineCode() {
        return machineCode;
    }

    /** Makes runs that begin from now on use compiled code; null makes them use the interpreter. */
    public void machineCode(@Nullable MachineCode value) {
        if (value != null) {
            mostBetweenPolls = value.mostBetweenPolls(insns.length);
        }
        machineCode = value;
    }

    /** Returns the reason why the program cannot be compiled; null where it can, or nobody tried. */
    public @Nullable String interpretedBecause() {
        return interpretedBecause;
    }

    /** Sets the reason why the program cannot be compiled. */
    public void interpretedBecause(String reason) {
        interpretedBecause = reason;
    }

    /**
     * Sets an action for the moment when the interpreter has executed {@link #HOT_INSNS} instructions of the program;
     * it is called once, at the end of a run, by the thread of that run.
     */
    public void whenHot(Consumer<Code> action) {
        whenHot = action;
    }

    /** Counts a run that the interpreter did. CPUs may lose each other's counts: it is an estimate. */
    void countInterpreted(long insns) {
        Consumer<Code> action = whenHot;
        if (action == null) {
            return;
        }
        interpretedInsns += insns + RUN_COST;
        if (interpretedInsns >= HOT_INSNS) {
            whenHot = null;
            action.accept(this);
        }
    }

    /** The pieces of a large program that is compiled in pieces; else null. */
    @Nullable
    PiecedCode pieces() {
        return machineCode instanceof PiecedCode pieces ? pieces : null;
    }

    /** Returns true while it is watched which instructions are executed. */
    public boolean isWatched() {
        return unseen != null;
    }

    /** Returns the index after the last instruction; jumps to what is no instruction lead there. */
    public int end() {
        return insns.length - 1;
    }

    /** Returns the instruction at an index below {@link #end()}, as it runs. */
    public Insn insn(int index) {
        return source.get(slots[index]);
    }

    /** Returns the index to which the jump or call of a function at an index leads. */
    public int target(int index) {
        return (int) (insns[index] >> 32);
    }

    /** Returns the second operand of an instruction that has a constant; for {@link Op.Kind#LDDW} the linked value. */
    public long constant(int index) {
        return constants[((int) (insns[index] >>> 12) & 0xfffff) - CONSTANTS];
    }

    /** Returns the function that a call at an index calls: a helper or a kfunc. */
    public Helper helper(int index) {
        return helpers[(int) (insns[index] >>> 12) & 0xfffff];
    }

    /** Returns the indices at which functions start, callbacks among them, in order. */
    public int[] functionStarts() {
        BitSet starts = new BitSet();
        starts.set(0);
        for (int index = 0; index < end(); index++) {
            Op op = insn(index).op();
            if (op == Op.CALL_SUBPROG) {
                starts.set(target(index));
            } else if (op == Op.LDDW_FUNC) {
                starts.set((int) constant(index));
            }
        }
        if (exceptionCallback >= 0) {
            starts.set(exceptionCallback);
        }
        starts.clear(end(), insns.length);
        return starts.stream().toArray();
    }

    /** Returns the address by which a program knows the function that starts at this index. */
    static long functionAddress(int index) {
        return FUNCTION_TAG | index;
    }

    /** The index that a word of a table of instructions stands for; traps on any other value. */
    int jumpTarget(long word) {
        int index = (word & FUNCTION_MASK) == BpfMap.TARGET ? Arrays.binarySearch(slots, (int) word) : -1;
        if (index < 0 || index >= end()) {
            throw new TrapException("0x" + Long.toHexString(word) + " is not the address of an instruction");
        }
        return index;
    }

    /**
     * Returns the indices to which the tables of the object say that an indirect jump may lead, in order. It may lead
     * elsewhere where a table was changed.
     */
    public int[] jumpTargets(int index) {
        Subprog function = program.subprogAt(slots[index]);
        BitSet targets = new BitSet();
        for (MapDef table : object.maps()) {
            byte[] values = table.type() == MapType.INSN_ARRAY ? table.initialData() : null;
            ByteBuffer slotsOfTable =
                    ByteBuffer.wrap(values == null ? new byte[0] : values).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 0; at + table.valueSize() <= slotsOfTable.limit(); at += table.valueSize()) {
                int target = Arrays.binarySearch(slots, slotsOfTable.getInt(at));
                if (target >= 0
                        && target < end()
                        && program.subprogAt(slots[target]).equals(function)) {
                    targets.set(target);
                }
            }
        }
        return targets.stream().toArray();
    }

    /** Returns the word of a table of instructions that stands for the instruction at an index. */
    public long jumpWord(int index) {
        return BpfMap.TARGET | slots[index];
    }

    /** The index that a function address stands for; traps on any other value. */
    int functionIndex(long address) {
        int index = (int) address;
        if ((address & FUNCTION_MASK) != FUNCTION_TAG || index < 0 || index >= insns.length) {
            throw new TrapException("0x" + Long.toHexString(address) + " is not the address of a function");
        }
        return index;
    }
}
