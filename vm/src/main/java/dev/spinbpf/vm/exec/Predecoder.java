package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link Code} of a program. An instruction that uses something that is not built here, be it a function, a map,
 * a symbol or the operation itself, becomes a call that traps with its name: the program runs until it comes there.
 */
final class Predecoder {
    /** The immediate of a cast whose result is a pointer into the arena. */
    private static final int TO_ARENA = 1;

    private final ProgramObject object;
    private final Program program;
    private final Linkage linkage;
    private final List<Insn> source;
    private final int[] indexBySlot;
    private final boolean observed;
    private final InsnKinds kinds;
    private final Map<Long, Integer> constantIndices = new HashMap<>();
    private final Map<Object, Integer> helperIndices = new HashMap<>();
    private final List<Helper> helpers = new ArrayList<>();
    private final Set<String> missing = new LinkedHashSet<>();
    private boolean inDeadCode;
    private long[] constants = new long[16];
    private @Nullable String interpretedBecause;
    private final @Nullable ArenaMap arena;

    /** @param observed whether accesses to memory pass schedule points */
    Predecoder(ProgramObject object, Program program, Linkage linkage, InsnKinds kinds, boolean observed) {
        this.kinds = kinds;
        this.observed = observed;
        this.object = object;
        this.program = program;
        this.linkage = linkage;
        this.arena = arena(program, linkage);
        this.source = rewritten(program.insns());
        this.indexBySlot = new int[source.size()];
    }

    private static @Nullable ArenaMap arena(Program program, Linkage linkage) {
        for (Insn insn : program.insns()) {
            ArenaMap arena =
                    switch (insn.op()) {
                        case LDDW_MAP_FD, LDDW_MAP_IDX, LDDW_MAP_VALUE, LDDW_MAP_IDX_VALUE ->
                            linkage.arena(insn.immLow());
                        default -> null;
                    };
            if (arena != null) {
                return arena;
            }
        }
        return null;
    }

    /** Calculates with the lower halves of pointers into the arena, and takes these out of addresses of user space. */
    private List<Insn> rewritten(List<Insn> insns) {
        if (arena == null) {
            return insns;
        }
        boolean hasUserAddresses = (arena.def().flags() & MapFlags.BPF_F_NO_USER_CONV) == 0;
        List<Insn> result = new ArrayList<>(insns);
        for (int slot = 0; slot < insns.size(); slot++) {
            Insn insn = insns.get(slot);
            if (insn.op() == Op.ADDR_SPACE_CAST && (insn.imm() == TO_ARENA || !hasUserAddresses)) {
                result.set(slot, new Insn(Op.MOV32_REG, insn.dst(), insn.src(), 0, 0));
            } else if (kinds.arenaArithmetic().get(slot)) {
                result.set(slot, new Insn(of32Bits(insn.op()), insn.dst(), insn.src(), insn.off(), insn.imm()));
            }
        }
        return result;
    }

    private static Op of32Bits(Op op) {
        for (Op other : Op.values()) {
            if (other.kind() == Op.Kind.ALU
                    && !other.is64()
                    && other.alu() == op.alu()
                    && other.operand() == op.operand()) {
                return other;
            }
        }
        throw new IllegalArgumentException(op + " is no arithmetic");
    }

    Code decode() {
        int[] slots = number();
        int end = slots.length - 1;
        long[] insns = new long[slots.length];
        for (int index = 0; index < end; index++) {
            inDeadCode = kinds.dead().get(slots[index]);
            insns[index] = encode(source.get(slots[index]), slots[index], index, end);
        }
        insns[end] = MicroOp.OFF_THE_END;
        long[] used = Arrays.copyOf(constants, constantIndices.size());
        Code code = new Code(object, program, insns, slots, used, helpers.toArray(Helper[]::new), kinds, source, arena);
        code.missing(missing);
        if (interpretedBecause != null) {
            code.interpretedBecause(interpretedBecause);
        }
        return code;
    }

    /** Numbers the instructions without second slots; the last index stands for the end of the code. */
    private int[] number() {
        int[] slots = new int[source.size() + 1];
        int count = 0;
        for (int slot = 0; slot < source.size(); slot++) {
            boolean secondSlot = source.get(slot).op() == Op.LDDW_HI;
            indexBySlot[slot] = secondSlot ? -1 : count;
            if (!secondSlot) {
                slots[count++] = slot;
            }
        }
        slots[count] = source.size();
        return Arrays.copyOf(slots, count + 1);
    }

    private long encode(Insn insn, int slot, int index, int end) {
        Op op = insn.op();
        int micro = observed ? MicroOp.observed(MicroOp.of(op)) : MicroOp.of(op);
        if (micro < 0) {
            return trap("operation " + op + " is not supported");
        }
        if (kinds.arenaAccesses().get(slot)) {
            int operand = op.kind() == Op.Kind.ST ? constant(insn.imm()) : insn.src();
            return pack(MicroOp.ARENA, insn.dst(), operand, ArenaAccess.pack(micro, insn.off()));
        }
        return switch (op.kind()) {
            case ALU, MOVSX, NEG -> pack(micro, insn.dst(), operand(insn), 0);
            case BYTE_SWAP -> pack(micro, insn.dst(), 0, index + 1);
            case JA -> pack(micro, 0, 0, target(slot + 1 + insn.jumpOffset(), end));
            case JCC, MAY_GOTO -> pack(micro, insn.dst(), operand(insn), target(slot + 1 + insn.jumpOffset(), end));
            case CALL_SUBPROG -> pack(micro, 0, 0, target(slot + 1 + insn.immLow(), end));
            case CALL_HELPER -> pack(micro, 0, helper(insn.immLow()), 0);
            case CALL_KFUNC -> pack(micro, 0, kfunc(insn.immLow()), 0);
            case EXIT -> pack(micro, 0, 0, 0);
            case LDX, LDXSX, STX, ATOMIC, LOAD_ACQUIRE, STORE_RELEASE ->
                pack(micro, insn.dst(), insn.src(), insn.off());
            case ST -> pack(micro, insn.dst(), constant(insn.imm()), insn.off());
            case LD_ABS -> pack(micro, Execution.ZERO, constant(insn.imm()), 0);
            case LD_IND -> pack(micro, insn.src(), constant(insn.imm()), 0);
            case LDDW -> wide(micro, insn, slot, end);
            case GOTO_REG -> pack(micro, insn.dst(), 0, 0);
            case ADDR_SPACE_CAST -> pack(micro, insn.dst(), insn.src(), 0);
            case LDDW_HI -> throw new IllegalArgumentException(op + " was refused");
        };
    }

    private long wide(int micro, Insn insn, int slot, int end) {
        long value;
        try {
            value = wideValue(insn, slot, end);
        } catch (UnsupportedProgramException e) {
            return trap(e.what());
        }
        return pack(micro, insn.dst(), constant(value), 0);
    }

    /** An instruction in the place of one that cannot run. The compiler takes instructions as they are in the program. */
    private long trap(String what) {
        interpretedBecause = what;
        return pack(MicroOp.CALL_HELPER, 0, add(trapping(what)), 0);
    }

    private Helper trapping(String what) {
        if (!inDeadCode) {
            missing.add(what);
        }
        return (_, _, _, _, _, _) -> {
            throw new TrapException(what);
        };
    }

    private Helper linked(Supplier<Helper> link) {
        try {
            return link.get();
        } catch (UnsupportedProgramException e) {
            return trapping(e.what());
        }
    }

    private int operand(Insn insn) {
        return switch (insn.op().operand()) {
            case REG -> insn.src();
            case IMM -> constant(insn.imm());
            case NONE -> 0;
        };
    }

    private long wideValue(Insn insn, int slot, int end) {
        return switch (insn.op()) {
            case LDDW_IMM64 -> insn.imm();
            case LDDW_MAP_FD, LDDW_MAP_IDX -> linkage.mapAddress(insn.immLow());
            case LDDW_MAP_VALUE, LDDW_MAP_IDX_VALUE -> linkage.mapValueAddress(insn.immLow(), insn.immHigh());
            case LDDW_BTF_ID -> linkage.symbolAddress(insn.immLow());
            case LDDW_FUNC -> Code.functionAddress(target(slot + 1 + insn.immLow(), end));
            default -> throw new IllegalArgumentException(insn.op() + " is no wide load");
        };
    }

    /** The index to jump to; out of the code and into the middle of an instruction is the end of the code. */
    private int target(int slot, int end) {
        return slot < 0 || slot >= indexBySlot.length || indexBySlot[slot] < 0 ? end : indexBySlot[slot];
    }

    private int helper(int number) {
        return helperIndices.computeIfAbsent(number, key -> add(linked(() -> linkage.helper(number))));
    }

    private int kfunc(int kfuncIndex) {
        return helperIndices.computeIfAbsent(
                "kfunc " + kfuncIndex, key -> add(linked(() -> linkage.kfunc(kfuncIndex))));
    }

    private int add(Helper helper) {
        helpers.add(helper);
        return helpers.size() - 1;
    }

    private int constant(long value) {
        return Code.CONSTANTS + constantIndices.computeIfAbsent(value, this::addConstant);
    }

    private int addConstant(long value) {
        int index = constantIndices.size();
        if (index >= Code.MAX_CONSTANTS) {
            throw new UnsupportedProgramException("more than " + Code.MAX_CONSTANTS + " constants are not supported");
        }
        if (index == constants.length) {
            constants = Arrays.copyOf(constants, 2 * index);
        }
        constants[index] = value;
        return index;
    }

    private static long pack(int micro, int dst, int src, int offset) {
        return micro | (long) dst << 8 | (long) src << 12 | (long) offset << 32;
    }
}
