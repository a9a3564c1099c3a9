package dev.spinbpf.vm.exec;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import java.util.Arrays;
import java.util.BitSet;
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

    private static final String EXCEPTION_CALLBACK_TAG = "exception_callback:";
    private static final long FUNCTION_TAG = 0x4246_0000_0000_0000L;
    private static final long FUNCTION_MASK = 0xffff_ffff_0000_0000L;

    final long[] insns;
    final long[] constants;
    final Helper[] helpers;

    private final ProgramObject object;
    private final Program program;
    private final int[] slots;
    private final int exceptionCallback;
    private final BitSet probes;
    private final ProgramStream out = new ProgramStream();
    private final ProgramStream err = new ProgramStream();

    Code(
            ProgramObject object,
            Program program,
            long[] insns,
            int[] slots,
            long[] constants,
            Helper[] helpers,
            BitSet probes) {
        this.object = object;
        this.program = program;
        this.insns = insns;
        this.slots = slots;
        this.exceptionCallback = exceptionCallback(object.btf(), program, slots);
        this.constants = constants;
        this.helpers = helpers;
        this.probes = probes;
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
     * Links and pre-decodes a program; raises {@link UnsupportedProgramException} where it uses what is not there.
     *
     * @param probes slots of loads that yield 0 where there is no memory
     */
    public static Code of(ProgramObject object, Program program, Linkage linkage, BitSet probes) {
        return new Predecoder(object, program, linkage).decode(probes);
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
    boolean isProbe(int index) {
        return probes.get(slots[index]);
    }

    /** The slot of a pre-decoded instruction, for messages. */
    int slot(int index) {
        return slots[Math.clamp(index, 0, slots.length - 1)];
    }

    /** The instruction in that slot; the last one beyond the end. */
    Insn insnAt(int slot) {
        return program.insns().get(Math.min(slot, program.insns().size() - 1));
    }

    /** The name of the kfunc that an instruction calls, or null. */
    @Nullable
    String kfuncName(Insn insn) {
        int index = insn.immLow();
        boolean known = insn.op() == Op.CALL_KFUNC
                && index >= 0
                && index < object.kfuncs().size();
        return known ? object.kfuncs().get(index).name() : null;
    }

    /** Returns the address by which a program knows the function that starts at this index. */
    static long functionAddress(int index) {
        return FUNCTION_TAG | index;
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
