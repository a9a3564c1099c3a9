package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.ProgramRules;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The program that is verified: its instructions, functions, maps and types, and what the analyses before the main pass
 * found out about them. The analyses fill it in; the exploration of paths only reads it.
 */
public final class ProgramUnit {
    private final ObjectUnit objectUnit;
    private final Program program;
    private final Program declared;
    private final @Nullable TargetProgram targetProgram;
    private final Kernel kernel;
    private final Insn[] insns;
    private final InsnAux[] aux;
    private final List<MapInfo> maps;
    private final List<MapInfo> usedMaps;
    private final boolean usesArena;
    private final List<SubprogInfo> subprogs = new ArrayList<>();

    private @Nullable Cfg cfg;

    /** CPUs of the machine: each CPU's number is below it. */
    public int cpus = KernelLimits.NR_CPUS;
    /** Accesses have to be aligned wherever they go. */
    public boolean strictAlignment;
    /** A state is kept wherever one may be. */
    public boolean keepsStatesOften;
    /** The subprogram that handles exceptions, or 0. */
    public int exceptionCallbackSubprog;
    /** The program's target; null where its context does not depend on it, or that is not known. */
    public @Nullable AttachTarget attachTarget;
    /** The functions, callees first. */
    public int[] subprogTopoOrder = new int[0];
    /** Instructions in post-order, function by function. */
    public int[] postorder = new int[0];
    /** For each function where it starts in {@link #postorder}, and the end. */
    public int[] postorderStart = new int[0];

    /**
     * A program of which nothing is analysed yet.
     *
     * @param objectUnit the object that the program belongs to
     * @param targetProgram the program that it attaches to if it attaches to one; null if there is none
     */
    public ProgramUnit(ObjectUnit objectUnit, Program program, @Nullable TargetProgram targetProgram) {
        this.objectUnit = objectUnit;
        this.targetProgram = targetProgram;
        declared = program;
        this.program =
                targetProgram != null && program.type() == ProgType.EXT ? targetProgram.inherited(program) : program;
        kernel = objectUnit.kernel();
        maps = objectUnit.maps();
        insns = program.insns().toArray(new Insn[0]);
        aux = new InsnAux[insns.length];
        for (int i = 0; i < aux.length; i++) {
            aux[i] = new InsnAux();
        }
        usedMaps = findUsedMaps();
        usesArena = usedMaps.stream().anyMatch(map -> map.type() == MapType.ARENA);
    }

    public ProgramObject object() {
        return objectUnit.object();
    }

    /** The program; one that replaces a function of another program has that program's kind. */
    public Program program() {
        return program;
    }

    /** True if the program replaces a function of {@link #targetProgram()}. */
    public boolean isExtension() {
        return targetProgram != null && declared.type() == ProgType.EXT;
    }

    /** The program as its object declares it. */
    public Program declared() {
        return declared;
    }

    /** The program that this one attaches to if it attaches to one; null if there is none. */
    public @Nullable TargetProgram targetProgram() {
        return targetProgram;
    }

    /** True if the kernel's rules give the program's kind this property. */
    public boolean has(ProgramRules.Property property) {
        return kernel.programRules().has(program, property);
    }

    /** The object's types; {@link Btf#EMPTY} if Linux does not take them. */
    public Btf btf() {
        return objectUnit.types();
    }

    /** The kernel whose rules hold. */
    public Kernel kernel() {
        return kernel;
    }

    /** The kernel's types; {@link Btf#EMPTY} if there are none. */
    public Btf kernelTypes() {
        return objectUnit.kernelTypes();
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
        cfg = null;
        insns[index] = insn;
    }

    /** The graph within functions, {@link Cfg#ofFunctions}, of the instructions as they are now. */
    public Cfg cfg() {
        Cfg known = cfg;
        if (known == null) {
            known = Cfg.ofFunctions(this);
            cfg = known;
        }
        return known;
    }

    public InsnAux aux(int index) {
        return aux[index];
    }

    /** The object's maps, by index. */
    public List<MapInfo> maps() {
        return maps;
    }

    /** Frames of functions that call each other, the program's included. */
    public int maxCallFrames() {
        boolean isDeep = kernel.has(KernelRule.CALLS_ARE_16_DEEP);
        return isDeep ? VerifierState.MAX_CALL_FRAMES : VerifierState.MAX_CALL_FRAMES / 2;
    }

    /** The maps that this program refers to, whether it gets there or not. */
    public List<MapInfo> usedMaps() {
        return usedMaps;
    }

    /** True if the program refers to an arena. */
    public boolean usesArena() {
        return usesArena;
    }

    private List<MapInfo> findUsedMaps() {
        var used = new LinkedHashSet<MapInfo>();
        for (Insn insn : program.insns()) {
            if (insn.op().loadsMap() && insn.immLow() >= 0 && insn.immLow() < maps.size()) {
                used.add(maps.get(insn.immLow()));
            }
        }
        return List.copyOf(used);
    }

    public List<SubprogInfo> subprogs() {
        return subprogs;
    }

    public SubprogInfo subprog(int number) {
        return subprogs.get(number);
    }

    /** Adds a function; in the order of their starts. */
    void addSubprog(SubprogInfo subprog) {
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

    /** The special fields of a struct that programs allocate; empty if it has none or breaks their rules. */
    public BtfRecord structRecord(Btf types, int typeId) {
        return objectUnit.structRecord(types, typeId);
    }

    /** As {@link #structRecord(Btf, int)}. */
    public BtfRecord structRecord(RegPayload.BtfRef type) {
        return structRecord(type.btf(), type.typeId());
    }

    /** The special fields of the memory that the register points to: a map value or an allocated object. */
    public BtfRecord recordOf(RegState reg) {
        if (reg.is(RegType.PTR_TO_MAP_VALUE, 0)) {
            return reg.map().record();
        }
        return reg.isAllocatedObject() ? structRecord(reg.btfRef()) : BtfRecord.EMPTY;
    }
}
