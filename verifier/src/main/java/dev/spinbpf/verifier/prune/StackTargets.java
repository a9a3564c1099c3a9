package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.Arrays;

/**
 * The stack targets of all registers and of all spilled registers of one frame before an instruction, and what the
 * instruction makes of them.
 *
 * <p>What must hold: if some execution has a pointer into a stack in a register or in an aligned slot of this frame,
 * its target here covers it. Arithmetic by a constant moves a target, other 64-bit arithmetic keeps its frame, and what
 * is computed in 32 bits is no pointer. Only a spill and a fill of 8 aligned bytes carry a pointer. A store with one
 * possible place replaces what was spilled there; a store with several adds to each.
 */
final class StackTargets {
    /** Slots of a frame. */
    static final int SLOTS = 64;

    private static final int REGISTERS = 11;
    private static final int SLOT_BYTES = 8;
    private static final int NO_SLOT = -1;
    private static final int CLASS_MASK = 7;
    private static final int CLASS_ALU64 = 7;
    private static final StackTargets NOWHERE = filled(0, StackTarget.Unreached.INSTANCE);

    private final int depth;
    private StackTarget[] regs;
    /** Shared by the targets before and after an instruction that stores nothing. What is joined into has its own. */
    private StackTarget[] slots;

    /** Spills in outer frames where they called the function. */
    @FunctionalInterface
    interface OuterSlots {
        /** Returns the targets of the slots of an outer frame, the one next to its top first. */
        StackTarget[] atCall(int frame);
    }

    private StackTargets(int depth, StackTarget[] regs, StackTarget[] slots) {
        this.depth = depth;
        this.regs = regs;
        this.slots = slots;
    }

    /** Nothing came to the instruction yet. */
    static StackTargets unreached(int depth) {
        return new StackTargets(depth, NOWHERE.regs, NOWHERE.slots);
    }

    private static StackTargets filled(int depth, StackTarget target) {
        StackTarget[] regs = new StackTarget[REGISTERS];
        StackTarget[] slots = new StackTarget[SLOTS];
        Arrays.fill(regs, target);
        Arrays.fill(slots, target);
        return new StackTargets(depth, regs, slots);
    }

    /**
     * Before a function's first instruction.
     *
     * @param depth its frame
     * @param args r0 to r5 as the caller passes them
     */
    static StackTargets entry(int depth, StackTarget[] args) {
        StackTargets targets = filled(depth, StackTarget.Elsewhere.INSTANCE);
        System.arraycopy(args, 1, targets.regs, 1, 5);
        targets.regs[Insn.FRAME_POINTER] = StackTarget.at(depth, 0);
        return targets;
    }

    boolean isReached() {
        return !(regs[0] instanceof StackTarget.Unreached);
    }

    StackTarget reg(int number) {
        return regs[number];
    }

    /** Returns r0 to r5. */
    StackTarget[] arguments() {
        return Arrays.copyOf(regs, 6);
    }

    /** Returns the targets of the frame's slots, the one next to its top first; not a copy. */
    StackTarget[] slots() {
        return slots;
    }

    /** Adds what comes from another path; returns whether that added anything. */
    boolean join(StackTargets other) {
        if (!isReached()) {
            regs = other.regs.clone();
            slots = other.slots.clone();
            return isReached();
        }
        boolean inRegs = join(regs, other.regs);
        boolean inSlots = join(slots, other.slots);
        return inRegs || inSlots;
    }

    private static boolean join(StackTarget[] into, StackTarget[] from) {
        boolean changed = false;
        for (int i = 0; i < into.length; i++) {
            StackTarget mine = into[i];
            StackTarget joined = mine.isSame(from[i]) ? mine : mine.join(from[i]);
            if (!joined.isSame(mine)) {
                into[i] = joined;
                changed = true;
            }
        }
        return changed;
    }

    /** Returns the targets after an instruction. */
    StackTargets after(Insn insn, OuterSlots outer) {
        StackTargets after = new StackTargets(depth, regs.clone(), mayStore(insn) ? slots.clone() : slots);
        after.apply(insn, outer);
        return after;
    }

    private static boolean mayStore(Insn insn) {
        return switch (insn.op().kind()) {
            case ST, STX, STORE_RELEASE, ATOMIC -> true;
            default -> false;
        };
    }

    private void apply(Insn insn, OuterSlots outer) {
        switch (insn.op().kind()) {
            case ALU, NEG, BYTE_SWAP -> regs[insn.dst()] = computed(insn);
            case LDX -> regs[insn.dst()] = loaded(insn, outer);
            case STX -> spill(insn);
            case ST, STORE_RELEASE -> overwrite(insn);
            case ATOMIC -> {
                overwrite(insn);
                forget(insn.definedRegs());
            }
            case LD_ABS, LD_IND -> {
                // Linux lets r1 to r5 keep their targets here; the main pass forbids to read them.
            }
            default -> forget(insn.definedRegs());
        }
    }

    private void forget(int registers) {
        for (int rest = registers; rest != 0; rest &= rest - 1) {
            regs[Integer.numberOfTrailingZeros(rest)] = StackTarget.Elsewhere.INSTANCE;
        }
    }

    private StackTarget computed(Insn insn) {
        Op op = insn.op();
        StackTarget dst = regs[insn.dst()];
        if ((op.opcode() & CLASS_MASK) != CLASS_ALU64) {
            return StackTarget.Elsewhere.INSTANCE;
        }
        if (op.kind() != Op.Kind.ALU) {
            return dst.blurred();
        }
        if (op.usesSrcRegister()) {
            return op.alu() == Op.Alu.MOV ? regs[insn.src()] : dst.combined(regs[insn.src()]);
        }
        return switch (op.alu()) {
            case MOV -> StackTarget.Elsewhere.INSTANCE;
            case ADD -> dst.plus(insn.imm());
            case SUB -> dst.plus(-insn.imm());
            default -> dst.blurred();
        };
    }

    /** The target of a register as the base of an access; the frame pointer is the frame's top whatever happens. */
    private StackTarget base(int reg) {
        return reg == Insn.FRAME_POINTER ? StackTarget.at(depth, 0) : regs[reg];
    }

    private StackTarget loaded(Insn insn, OuterSlots outer) {
        if (insn.op().widthBytes() != SLOT_BYTES) {
            return StackTarget.Elsewhere.INSTANCE;
        }
        StackTarget base = base(insn.src());
        if (base.mayBeIn(depth)) {
            return fill(insn, base, slots, depth);
        }
        return switch (base) {
            case StackTarget.Places places -> fill(insn, base, outer.atCall(places.frame()), places.frame());
            case StackTarget.Anywhere any -> fill(insn, base, outer.atCall(any.frame()), any.frame());
            case StackTarget.SomeFrame some -> some;
            case StackTarget.Elsewhere none -> none;
            case StackTarget.Unreached none -> StackTarget.Elsewhere.INSTANCE;
        };
    }

    /**
     * Returns the targets spilled where the base leads to; anything of this frame and outer ones if that is no slot.
     */
    private static StackTarget fill(Insn insn, StackTarget base, StackTarget[] from, int frame) {
        StackTarget any = new StackTarget.SomeFrame((1 << (frame + 1)) - 1);
        if (!(base instanceof StackTarget.Places places)) {
            return any;
        }
        StackTarget result =
                insn.src() == Insn.FRAME_POINTER ? StackTarget.Unreached.INSTANCE : StackTarget.Elsewhere.INSTANCE;
        for (int i = 0; i < places.count(); i++) {
            int slot = slotAt(places.offset(i) + insn.off());
            if (slot == NO_SLOT) {
                return any;
            }
            result = result.join(from[slot]);
        }
        return result;
    }

    /** The slot that begins at an offset from the frame's top, or {@link #NO_SLOT}. */
    private static int slotAt(int offset) {
        boolean isSlot = offset < 0 && offset >= -SLOTS * SLOT_BYTES && offset % SLOT_BYTES == 0;
        return isSlot ? -offset / SLOT_BYTES - 1 : NO_SLOT;
    }

    private void spill(Insn insn) {
        StackTarget base = base(insn.dst());
        if (!base.mayBeIn(depth)) {
            return;
        }
        StackTarget value = insn.op().widthBytes() == SLOT_BYTES ? regs[insn.src()] : StackTarget.Elsewhere.INSTANCE;
        if (!(base instanceof StackTarget.Places places)) {
            addEverywhere(value);
            return;
        }
        for (int i = 0; i < places.count(); i++) {
            int offset = places.offset(i) + insn.off();
            int slot = offset == (short) offset ? slotAt(offset) : NO_SLOT;
            if (slot != NO_SLOT) {
                put(slot, value, places.count() == 1);
            }
        }
    }

    private void put(int slot, StackTarget value, boolean surely) {
        slots[slot] = surely ? value : slots[slot].join(value);
    }

    private void addEverywhere(StackTarget value) {
        for (int slot = 0; slot < SLOTS; slot++) {
            put(slot, value, false);
        }
    }

    /** Something that is no pointer is written. */
    private void overwrite(Insn insn) {
        StackTarget base = base(insn.dst());
        if (!base.mayBeIn(depth)) {
            return;
        }
        if (!(base.plus(insn.off()) instanceof StackTarget.Places places)) {
            addEverywhere(StackTarget.Elsewhere.INSTANCE);
            return;
        }
        for (int i = 0; i < places.count(); i++) {
            overwrite(ByteInterval.of(places.offset(i), insn.op().widthBytes()), places.count() == 1);
        }
    }

    private void overwrite(ByteInterval bytes, boolean surely) {
        for (int slot = 0; slot < SLOTS; slot++) {
            long first = -(slot + 1L) * SLOT_BYTES;
            if (first < bytes.end() && first + SLOT_BYTES > bytes.first()) {
                put(slot, StackTarget.Elsewhere.INSTANCE, surely);
            }
        }
    }
}
