package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Numbers that a program puts together from loads of neighbouring bytes, and which one load can give.
 *
 * <p>Compilers for BPF load what may not be aligned byte by byte, so that most fields of packet headers are read with two or four loads, shifts and
 * additions. Within a block, each register whose value consists of bytes from memory at known distances from one base is followed
 * ({@link LoadedBytes}). Where an instruction completes 2, 4 or 8 bytes that lie side by side in memory, in either order, one load takes its place. It stands
 * where the last of the small ones was, at which the base still has its value, and nothing was stored since the first of them. HotSpot
 * drops the small loads and shifts that nothing needs any more.
 */
final class LoadMerges {
    /** Most of them in a function: each has a variable. */
    private static final int MOST = 64;

    /** The number of times that each register was written in the block. */
    private final int[] versions = new int[Insn.FRAME_POINTER + 1];

    private final @Nullable LoadedBytes[] values = new LoadedBytes[Insn.FRAME_POINTER + 1];
    private final Map<Integer, Merge> byResult = new HashMap<>();
    private final Map<Integer, List<Merge>> byLoad = new HashMap<>();
    private int stores;

    /**
     * One load in place of several.
     *
     * @param number from 0 in the function
     * @param widthBytes 2, 4 or 8
     * @param base register with the address
     * @param off distance of the first byte from it
     * @param isBigEndian true where the first byte is the most significant one
     * @param shiftBits distance of the number's lowest bit from that of the register
     */
    record Merge(int number, int widthBytes, int base, int off, boolean isBigEndian, int shiftBits) {}

    private LoadMerges() {}

    /** Finds none. */
    static LoadMerges none() {
        return new LoadMerges();
    }

    /** Finds those of a function; cells of the stack that are variables are not in memory. */
    static LoadMerges of(Code code, FunctionBlocks function, StackSlots slots) {
        LoadMerges merges = new LoadMerges();
        for (int leader = function.leaders().nextSetBit(0);
                leader >= 0 && leader < code.end();
                leader = function.leaders().nextSetBit(leader + 1)) {
            merges.forget();
            for (int index = leader; index < function.end(leader); index++) {
                Insn insn = code.insn(index);
                boolean loads = insn.op().kind() == Op.Kind.LDX
                        && !code.isProbe(index)
                        && !code.isArenaAccess(index)
                        && slots.indexOf(insn) < 0;
                merges.step(insn, index, loads, code);
            }
        }
        return merges;
    }

    /** Returns the load whose value an instruction's result is, or null. */
    @Nullable
    Merge resultOf(int index) {
        return byResult.get(index);
    }

    /** Returns the loads that stand before a load. */
    List<Merge> before(int index) {
        return byLoad.getOrDefault(index, List.of());
    }

    private void forget() {
        Arrays.fill(values, null);
    }

    private void step(Insn insn, int index, boolean loads, Code code) {
        boolean hasConstant = insn.op().kind() == Op.Kind.ALU && !insn.op().usesSrcRegister();
        LoadedBytes result = loads ? loaded(insn, index) : computed(insn, hasConstant ? code.constant(index) : 0);
        int defined = insn.definedRegs();
        for (int register = 0; register < values.length; register++) {
            if ((defined & 1 << register) != 0) {
                versions[register]++;
                values[register] = null;
            }
        }
        switch (insn.op().kind()) {
            case ST, STX, ATOMIC, LOAD_ACQUIRE, STORE_RELEASE -> stores++;
            default -> {}
        }
        if (result != null) {
            values[insn.dst()] = result;
            if (adds(insn)) {
                note(result, index);
            }
        }
    }

    private LoadedBytes loaded(Insn insn, int index) {
        var origin = new LoadedBytes.Origin(insn.src(), versions[insn.src()], stores);
        return LoadedBytes.of(origin, insn.op().widthBytes(), insn.off(), index);
    }

    private @Nullable LoadedBytes computed(Insn insn, long constant) {
        LoadedBytes value = values[insn.dst()];
        int widthBytes = insn.op().is64() ? Long.BYTES : Integer.BYTES;
        if (insn.op().kind() != Op.Kind.ALU) {
            return null;
        }
        boolean isRegister = insn.op().usesSrcRegister();
        LoadedBytes operand = isRegister ? values[insn.src()] : null;
        LoadedBytes full =
                switch (insn.op().alu()) {
                    case MOV -> operand;
                    case OR, ADD, XOR -> value == null || operand == null ? null : value.with(operand);
                    case LSH -> value == null || isRegister ? null : value.shifted(constant);
                    case RSH ->
                        value == null || isRegister
                                ? null
                                : value.low(widthBytes).shifted(-constant);
                    case AND -> value == null || isRegister ? null : value.masked(constant);
                    default -> null;
                };
        return full == null ? null : full.low(widthBytes);
    }

    private static boolean adds(Insn insn) {
        return insn.op().kind() == Op.Kind.ALU
                && switch (insn.op().alu()) {
                    case OR, ADD, XOR -> true;
                    default -> false;
                };
    }

    private void note(LoadedBytes value, int index) {
        Merge merge = value.merge(byResult.size());
        if (merge != null && byResult.size() < MOST) {
            byResult.put(index, merge);
            byLoad.computeIfAbsent(value.last(), _ -> new ArrayList<>()).add(merge);
        }
    }
}
