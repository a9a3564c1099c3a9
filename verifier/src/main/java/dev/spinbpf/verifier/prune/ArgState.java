package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.Arrays;

/** What registers and spilled registers may point to before one instruction, and what the instruction makes of it. */
final class ArgState {
    static final int REGISTERS = 11;
    static final int SLOTS = 64;
    private static final int SLOT_BYTES = 8;

    final ArgTrack[] regs = new ArgTrack[REGISTERS];
    final ArgTrack[] slots = new ArgTrack[SLOTS];

    private ArgState() {}

    /** Nothing reached the instruction yet. */
    static ArgState unvisited() {
        return filled(ArgTrack.UNVISITED);
    }

    private static ArgState filled(ArgTrack value) {
        ArgState state = new ArgState();
        Arrays.fill(state.regs, value);
        Arrays.fill(state.slots, value);
        return state;
    }

    /**
     * Before a function's first instruction.
     *
     * @param depth its frame
     * @param args r0 to r5 as the caller gives them
     */
    static ArgState entry(int depth, ArgTrack[] args) {
        ArgState state = filled(ArgTrack.NONE);
        System.arraycopy(args, 1, state.regs, 1, 5);
        state.regs[Insn.FRAME_POINTER] = ArgTrack.at(depth, 0);
        return state;
    }

    boolean isVisited() {
        return regs[0].isVisited() || regs[1].isVisited();
    }

    ArgState copy() {
        ArgState copy = new ArgState();
        System.arraycopy(regs, 0, copy.regs, 0, REGISTERS);
        System.arraycopy(slots, 0, copy.slots, 0, SLOTS);
        return copy;
    }

    /** Adds what comes from another path; returns whether it added anything. */
    boolean join(ArgState other) {
        boolean inRegs = join(regs, other.regs);
        boolean inSlots = join(slots, other.slots);
        return inRegs || inSlots;
    }

    private static boolean join(ArgTrack[] into, ArgTrack[] from) {
        boolean changed = false;
        for (int i = 0; i < into.length; i++) {
            ArgTrack joined = into[i].join(from[i]);
            if (!joined.same(into[i])) {
                into[i] = joined;
                changed = true;
            }
        }
        return changed;
    }

    /**
     * Applies an instruction to this state.
     *
     * @param depth the function's frame
     * @param outer what is spilled in the frames below it
     */
    void apply(Insn insn, int depth, OuterSlots outer) {
        Op op = insn.op();
        switch (op.kind()) {
            case ALU -> arithmetic(insn);
            case MOVSX, ADDR_SPACE_CAST -> regs[insn.dst()] = ArgTrack.NONE;
            case NEG -> regs[insn.dst()] = op.is64() ? regs[insn.dst()].blurred() : ArgTrack.NONE;
            case BYTE_SWAP ->
                regs[insn.dst()] = op.name().startsWith("BSWAP") ? regs[insn.dst()].blurred() : ArgTrack.NONE;
            case CALL_HELPER, CALL_KFUNC, CALL_SUBPROG -> Arrays.fill(regs, 0, 6, ArgTrack.NONE);
            case LDX -> regs[insn.dst()] = load(insn, depth, outer);
            case LDXSX, LDDW -> regs[insn.dst()] = ArgTrack.NONE;
            case LOAD_ACQUIRE -> regs[insn.dst()] = ArgTrack.NONE;
            case STX -> {
                if (isLocal(insn.dst(), depth)) {
                    spill(insn, op.widthBytes() == SLOT_BYTES ? regs[insn.src()] : ArgTrack.NONE);
                }
            }
            case ST, STORE_RELEASE -> clearIfLocal(insn, depth);
            case ATOMIC -> {
                clearIfLocal(insn, depth);
                if (op.atomic().fetches()) {
                    regs[op.atomic() == Op.Atomic.CMPXCHG ? 0 : insn.src()] = ArgTrack.NONE;
                }
            }
            case JA, JCC, MAY_GOTO, GOTO_REG, EXIT, LD_ABS, LD_IND, LDDW_HI -> {
                // Pointers stay as they are.
            }
        }
    }

    private void arithmetic(Insn insn) {
        Op op = insn.op();
        ArgTrack dst = regs[insn.dst()];
        if (!op.is64()) {
            regs[insn.dst()] = ArgTrack.NONE;
        } else if (op.usesSrcRegister()) {
            ArgTrack src = regs[insn.src()];
            regs[insn.dst()] = op.alu() == Op.Alu.MOV ? src : dst.combine(src);
        } else {
            regs[insn.dst()] = switch (op.alu()) {
                case MOV -> ArgTrack.NONE;
                case ADD -> dst.plus(insn.imm());
                case SUB -> dst.plus(-insn.imm());
                default -> dst.blurred();
            };
        }
    }

    private boolean isLocal(int reg, int depth) {
        return reg == Insn.FRAME_POINTER || regs[reg].mayBe(depth);
    }

    private ArgTrack load(Insn insn, int depth, OuterSlots outer) {
        if (insn.op().widthBytes() != SLOT_BYTES) {
            return ArgTrack.NONE;
        }
        ArgTrack src = regs[insn.src()];
        if (isLocal(insn.src(), depth)) {
            return fill(insn, slots, depth);
        }
        if (src.frame() >= 0 && src.frame() < depth) {
            return fill(insn, outer.slotsAtCall(src.frame()), src.frame());
        }
        return src.isImprecise() && src.frames() != 0 ? src : ArgTrack.NONE;
    }

    /** What is spilled where the source register points to. */
    private ArgTrack fill(Insn insn, ArgTrack[] from, int depth) {
        ArgTrack any = ArgTrack.imprecise((1 << (depth + 1)) - 1);
        ArgTrack src = insn.src() == Insn.FRAME_POINTER ? ArgTrack.at(depth, 0) : regs[insn.src()];
        if (src.offsetCount() == 0) {
            return any;
        }
        boolean single = insn.src() == Insn.FRAME_POINTER;
        ArgTrack result = single ? ArgTrack.UNVISITED : ArgTrack.NONE;
        for (int i = 0; i < src.offsetCount(); i++) {
            int slot = slotAt(src.offset(i) + insn.off());
            if (slot < 0) {
                return any;
            }
            result = result.join(from[slot]);
        }
        return result;
    }

    /** The slot at an offset from the frame's top; -1 if it is none. */
    private static int slotAt(int offset) {
        boolean isSlot = offset < 0 && offset >= -SLOTS * SLOT_BYTES && offset % SLOT_BYTES == 0;
        return isSlot ? -offset / SLOT_BYTES - 1 : -1;
    }

    private void spill(Insn insn, ArgTrack value) {
        ArgTrack dst = insn.dst() == Insn.FRAME_POINTER ? ArgTrack.at(0, 0) : regs[insn.dst()];
        int count = dst.offsetCount();
        if (count == 0) {
            for (int slot = 0; slot < SLOTS; slot++) {
                slots[slot] = slots[slot].join(value);
            }
        }
        for (int i = 0; i < count; i++) {
            int offset = dst.offset(i) + insn.off();
            int slot = offset == (short) offset ? slotAt(offset) : -1;
            if (slot >= 0) {
                slots[slot] = count == 1 ? value : slots[slot].join(value);
            }
        }
    }

    private void clearIfLocal(Insn insn, int depth) {
        if (!isLocal(insn.dst(), depth)) {
            return;
        }
        ArgTrack dst = insn.dst() == Insn.FRAME_POINTER ? ArgTrack.at(depth, 0) : regs[insn.dst()];
        int count = dst.offsetCount();
        if (count == 0) {
            joinNoneEverywhere();
            return;
        }
        for (int i = 0; i < count; i++) {
            int offset = dst.offset(i) + insn.off();
            if (offset != (short) offset) {
                joinNoneEverywhere();
                return;
            }
            clear(offset, insn.op().widthBytes(), count == 1);
        }
    }

    private void joinNoneEverywhere() {
        for (int slot = 0; slot < SLOTS; slot++) {
            slots[slot] = slots[slot].join(ArgTrack.NONE);
        }
    }

    private void clear(int offset, int sizeBytes, boolean surely) {
        for (int slot = 0; slot < SLOTS; slot++) {
            int first = -(slot + 1) * SLOT_BYTES;
            if (first < offset + sizeBytes && first + SLOT_BYTES > offset) {
                slots[slot] = surely ? ArgTrack.NONE : slots[slot].join(ArgTrack.NONE);
            }
        }
    }

    /** What was spilled in outer frames where they called the function. */
    @FunctionalInterface
    interface OuterSlots {
        ArgTrack[] slotsAtCall(int frame);
    }
}
