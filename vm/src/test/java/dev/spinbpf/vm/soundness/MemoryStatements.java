package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Statements that load from and store to the map's value, the packet and the stack. */
abstract class MemoryStatements extends NumberStatements {
    MemoryStatements(long seed) {
        super(seed);
    }

    final void spill() {
        if (!inFunction && random.once(10)) {
            int field = WRITABLE_FIELDS[random.below(WRITABLE_FIELDS.length)];
            emit(Op.STX_W, CONTEXT, number(), field, 0);
            return;
        }
        int slot = random.below(STACK_SLOTS);
        if (random.once(8)) {
            Op store = op(Op.Kind.ST, any -> true);
            emit(store, Insn.FRAME_POINTER, 0, offsetOf(slot), random.once(2) ? 0 : random.immediate());
            slotBytes[slot] = Math.max(slotBytes[slot], store.widthBytes());
            return;
        }
        boolean whole = random.below(3) > 0;
        Op store = whole ? Op.STX_DW : op(Op.Kind.STX, any -> true);
        int within = random.once(4) ? random.below(8 / store.widthBytes()) * store.widthBytes() : 0;
        emit(store, Insn.FRAME_POINTER, number(), offsetOf(slot) + within, 0);
        slotBytes[slot] = within == 0 ? Math.max(slotBytes[slot], store.widthBytes()) : slotBytes[slot];
    }

    final void fill() {
        int start = random.below(STACK_SLOTS);
        for (int i = 0; i < STACK_SLOTS; i++) {
            int slot = (start + i) % STACK_SLOTS;
            int bytes = slotBytes[slot];
            if (bytes > 0) {
                Op load = op(random.once(6) ? Op.Kind.LDXSX : Op.Kind.LDX, any -> any.widthBytes() <= bytes);
                load = load.kind() == Op.Kind.LDX && bytes == 8 && random.once(2) ? Op.LDX_DW : load;
                int within = random.once(4) ? random.below(bytes / load.widthBytes()) * load.widthBytes() : 0;
                emit(load, numbered(target()), Insn.FRAME_POINTER, offsetOf(slot) + within, 0);
                return;
            }
        }
        spill();
    }

    /**
     * Bounds a register, more or less, in one of many ways.
     *
     * @return jumps over what needs the bound
     */
    final List<Integer> bound(int register, int limit) {
        List<Integer> jumps = new ArrayList<>();
        int mask = Integer.highestOneBit(limit) - 1;
        switch (random.below(10)) {
            case 0, 1 -> emit(random.once(2) ? Op.AND64_IMM : Op.AND32_IMM, register, 0, 0, mask);
            case 2 -> emit(random.once(2) ? Op.MOD64_IMM : Op.MOD32_IMM, register, 0, 0, limit);
            case 3 -> {
                int bits = Integer.bitCount(mask);
                boolean is64 = random.once(2);
                emit(is64 ? Op.RSH64_IMM : Op.RSH32_IMM, register, 0, 0, (is64 ? 64 : 32) - bits);
            }
            case 4, 5 -> jumps.add(jump(random.once(2) ? Op.JGT64_IMM : Op.JGE64_IMM, register, 0, limit - 1));
            case 6 -> {
                jumps.add(jump(Op.JSLT64_IMM, register, 0, random.below(2)));
                jumps.add(jump(Op.JSGE64_IMM, register, 0, limit));
            }
            case 7 -> {
                emit(Op.MOV32_REG, register, register, 0, 0);
                jumps.add(jump(random.once(2) ? Op.JGT32_IMM : Op.JGE32_IMM, register, 0, limit - 1));
            }
            case 8 -> {
                int other = other(register);
                emit(Op.MOV64_IMM, numbered(other), 0, 0, 1 + random.below(limit));
                jumps.add(jump(Op.JGE64_REG, register, other, 0));
            }
            default -> boundCopy(register, limit, jumps);
        }
        return jumps;
    }

    /** Bounds a copy at a distance, and so the register. */
    final void boundCopy(int register, int limit, List<Integer> jumps) {
        int copy = other(register);
        boolean is64 = random.once(2);
        if (!is64) {
            emit(Op.MOV32_REG, register, register, 0, 0);
        }
        emit(is64 ? Op.MOV64_REG : Op.MOV32_REG, numbered(copy), register, 0, 0);
        int distance = random.below(9) - 4;
        emit(is64 ? Op.ADD64_IMM : Op.ADD32_IMM, copy, 0, 0, distance);
        if (distance < 0) {
            jumps.add(jump(is64 ? Op.JLT64_IMM : Op.JLT32_IMM, register, 0, -distance));
        }
        jumps.add(jump(is64 ? Op.JGE64_IMM : Op.JGE32_IMM, copy, 0, limit));
        if (distance > 0) {
            jumps.add(jump(Op.JLT64_IMM, copy, 0, distance));
        }
    }

    /** Loads from or stores to the map's value at an offset that is bounded first. */
    final void access() {
        boolean[] numbers = isNumber.clone();
        int index = changeable();
        List<Integer> jumps = new ArrayList<>();
        if (random.below(8) > 0) {
            jumps.addAll(bound(index, 1 + random.below(SOURCE_SIZE - 16)));
        }
        if (random.once(4)) {
            emit(Op.MUL64_IMM, index, 0, 0, 1 + random.below(2));
        }
        int pointer = other(index);
        emit(Op.MOV64_REG, pointer, VALUE, 0, 0);
        emit(Op.ADD64_REG, pointer, index, 0, 0);
        isNumber[pointer] = false;
        loadOrStore(pointer, random.below(8));
        landAll(jumps);
        restrict(numbers);
    }

    /** An access at an offset that must be small. */
    final void accessAt(int index) {
        int pointer = other(index);
        emit(Op.MOV64_REG, pointer, VALUE, 0, 0);
        emit(Op.ADD64_REG, pointer, index, 0, 0);
        isNumber[pointer] = false;
        loadOrStore(pointer, random.below(8));
    }

    final void loadOrStore(int pointer, int offset) {
        switch (random.below(4)) {
            case 0 -> emit(op(Op.Kind.STX, any -> true), pointer, numberBut(pointer), offset, 0);
            case 1 -> emit(op(Op.Kind.ST, any -> true), pointer, 0, offset, random.immediate());
            default -> {
                Op load = op(random.once(5) ? Op.Kind.LDXSX : Op.Kind.LDX, any -> true);
                emit(load, numbered(target()), pointer, offset, 0);
            }
        }
    }

    final void packet() {
        if (inFunction) {
            access();
            return;
        }
        boolean[] numbers = isNumber.clone();
        int index = changeable();
        int pointer = other(index);
        int end = target();
        while (end == index || end == pointer) {
            end = target();
        }
        List<Integer> jumps = bound(index, 64);
        if (pointer == end || !isNumber[index]) {
            landAll(jumps);
            restrict(numbers);
            return;
        }
        emit(Op.LDX_W, pointer, CONTEXT, DATA, 0);
        emit(Op.LDX_W, end, CONTEXT, DATA_END, 0);
        isNumber[pointer] = false;
        isNumber[end] = false;
        emit(Op.ADD64_REG, pointer, index, 0, 0);
        int size = 1 << random.below(4);
        emit(Op.MOV64_REG, index, pointer, 0, 0);
        emit(Op.ADD64_IMM, index, 0, 0, size);
        isNumber[index] = false;
        boolean isOpen = jumpBeyond(index, end, jumps);
        if (random.once(4)) {
            // The outcome is known by now, perhaps.
            jumpBeyond(index, end, jumps);
        }
        Op load = op(Op.Kind.LDX, any -> any.widthBytes() <= size);
        int last = size - load.widthBytes() + (isOpen ? 1 : 0);
        emit(load, numbered(index), pointer, random.once(2) ? last : random.below(last + 1), 0);
        use(index);
        landAll(jumps);
        numbers[index] = false;
        restrict(numbers);
    }

    /**
     * Jumps where the pointer is beyond the packet's end, in one of eight ways.
     *
     * @return true if it jumps at the end, too
     */
    private boolean jumpBeyond(int pointer, int end, List<Integer> jumps) {
        boolean isOpen = random.once(2);
        boolean isFlipped = random.once(2);
        int dst = isFlipped ? end : pointer;
        int src = isFlipped ? pointer : end;
        if (random.once(2)) {
            Op beyond = isFlipped ? Op.JLT64_REG : Op.JGT64_REG;
            Op atOrBeyond = isFlipped ? Op.JLE64_REG : Op.JGE64_REG;
            jumps.add(jump(isOpen ? atOrBeyond : beyond, dst, src, 0));
            return isOpen;
        }
        Op before = isFlipped ? Op.JGT64_REG : Op.JLT64_REG;
        Op beforeOrAt = isFlipped ? Op.JGE64_REG : Op.JLE64_REG;
        int within = jump(isOpen ? before : beforeOrAt, dst, src, 0);
        jumps.add(jump(Op.JA, 0, 0, 0));
        land(within);
        return isOpen;
    }

    final void lookup() {
        int slot = 1 + random.below(STACK_SLOTS - 1);
        emit(Op.ST_W, Insn.FRAME_POINTER, 0, offsetOf(slot), random.below(2));
        slotBytes[slot] = Math.max(4, slotBytes[slot]);
        emit(Op.LDDW_MAP_FD, 1, 0, 0, 1);
        emit(Op.MOV64_REG, 2, Insn.FRAME_POINTER, 0, 0);
        emit(Op.ADD64_IMM, 2, 0, 0, offsetOf(slot));
        emit(Op.CALL_HELPER, 0, 0, 0, LOOKUP);
        called();
        isNumber[0] = false;
        int pointer = random.once(2) ? 0 : 1;
        if (pointer == 1) {
            emit(Op.MOV64_REG, 1, 0, 0, 0);
        }
        boolean isEqual = random.once(2);
        int jump = jump(isEqual ? Op.JEQ64_IMM : Op.JNE64_IMM, 0, 0, 0);
        boolean[] numbers = isNumber.clone();
        if (isEqual && random.once(2)) {
            loadOrStore(pointer, random.below(LOOKED_UP_SIZE - 8));
        }
        emit(Op.STX_DW, Insn.FRAME_POINTER, pointer, offsetOf(slot), 0);
        land(jump);
        emit(Op.STX_DW, Insn.FRAME_POINTER, pointer, offsetOf(slot), 0);
        emit(Op.ST_DW, Insn.FRAME_POINTER, 0, offsetOf(slot), 0);
        slotBytes[slot] = 8;
        restrict(numbers);
    }

    final void atomic() {
        Op op = op(Op.Kind.ATOMIC, any -> true);
        int value = changeable();
        if (op.atomic() == Op.Atomic.CMPXCHG && !isNumber[0]) {
            emit(Op.MOV64_IMM, numbered(0), 0, 0, random.immediate());
        }
        if (random.once(3)) {
            int slot = random.below(STACK_SLOTS);
            emit(Op.STX_DW, Insn.FRAME_POINTER, number(), offsetOf(slot), 0);
            slotBytes[slot] = 8;
            emit(op, Insn.FRAME_POINTER, value, offsetOf(slot), 0);
        } else {
            emit(op, VALUE, value, random.below(SOURCE_SIZE / 8) * 8, 0);
        }
        use(value);
        if (isNumber[0]) {
            use(0);
        }
    }

    /** The stack at an offset that is bounded first, or the caller's stack. */
    final void stackAccess() {
        if (inFunction) {
            boolean store = random.once(2);
            if (store) {
                emit(Op.STX_DW, CONTEXT, number(), 0, 0);
            } else {
                emit(Op.LDX_DW, numbered(target()), CONTEXT, 0, 0);
            }
            return;
        }
        boolean[] numbers = isNumber.clone();
        int index = changeable();
        List<Integer> jumps = bound(index, 16);
        int pointer = other(index);
        emit(Op.MOV64_REG, pointer, Insn.FRAME_POINTER, 0, 0);
        emit(Op.ADD64_IMM, pointer, 0, 0, -32);
        emit(Op.ADD64_REG, pointer, index, 0, 0);
        isNumber[pointer] = false;
        loadOrStore(pointer, 0);
        landAll(jumps);
        restrict(numbers);
    }

    final void helper() {
        emit(Op.CALL_HELPER, 0, 0, 0, PRANDOM);
        called();
    }

    final void called() {
        Arrays.fill(isNumber, 1, 6, false);
        numbered(0);
    }

    /** Stores of all sizes into one or two slots, and a load of some of it. */
    final void probeStack() {
        boolean[] numbers = isNumber.clone();
        List<Integer> jumps = new ArrayList<>();
        int[] registers = targets(3);
        int a = registers[0];
        int slot = random.below(STACK_SLOTS);
        fillSlot(slot);
        loadBounded(a, registers[2], jumps);
        for (int i = random.below(4); i >= 0; i--) {
            storePart(a, slot);
        }
        if (random.once(3)) {
            storeSomewhere(slot, registers, jumps);
        }
        int b = registers[1];
        Op load = op(random.once(3) ? Op.Kind.LDXSX : Op.Kind.LDX, any -> true);
        emit(load, b, Insn.FRAME_POINTER, offsetOf(slot) + part(load), 0);
        use(b);
        if (random.once(2)) {
            Op narrow = random.oneOf(Op.LDX_B, Op.LDX_H, Op.LDX_W, Op.LDXSX_B, Op.LDXSX_W);
            emit(narrow, b, Insn.FRAME_POINTER, offsetOf(slot) + part(narrow), 0);
        }
        if (random.once(2)) {
            isNumber[a] = true;
            isNumber[b] = true;
            recent = random.once(2) ? a : b;
            int jump = condition();
            use(a);
            use(b);
            land(jump);
            use(a);
            use(b);
        }
        landAll(jumps);
        restrict(numbers);
    }

    private void fillSlot(int slot) {
        switch (random.below(3)) {
            case 0 -> emit(Op.ST_DW, Insn.FRAME_POINTER, 0, offsetOf(slot), 0);
            case 1 -> emit(Op.ST_DW, Insn.FRAME_POINTER, 0, offsetOf(slot), random.immediate());
            default -> emit(Op.STX_DW, Insn.FRAME_POINTER, number(), offsetOf(slot), 0);
        }
        slotBytes[slot] = 8;
    }

    private void storePart(int register, int slot) {
        if (random.once(4)) {
            Op store = op(Op.Kind.ST, any -> true);
            emit(store, Insn.FRAME_POINTER, 0, offsetOf(slot) + part(store), random.once(2) ? 0 : random.immediate());
            return;
        }
        Op store = op(Op.Kind.STX, any -> true);
        emit(store, Insn.FRAME_POINTER, random.once(4) ? number() : register, offsetOf(slot) + part(store), 0);
    }

    /** An aligned place in a slot for an access; the first one half of the time. */
    private int part(Op op) {
        return random.once(2) ? 0 : random.below(8 / op.widthBytes()) * op.widthBytes();
    }

    /** A store to the slot or the one above it, at an offset that only the run knows. */
    private void storeSomewhere(int slot, int[] registers, List<Integer> jumps) {
        int index = registers[1];
        int pointer = registers[2];
        fillSlot(Math.max(slot - 1, 0));
        emit(Op.LDX_DW, index, VALUE, random.below(SOURCE_SIZE / 8) * 8, 0);
        if (random.once(2)) {
            emit(Op.AND64_IMM, index, 0, 0, random.oneOf(1, 3, 7));
        } else {
            jumps.add(jump(Op.JGT64_IMM, index, 0, random.below(8)));
        }
        emit(Op.MOV64_REG, pointer, Insn.FRAME_POINTER, 0, 0);
        emit(Op.ADD64_IMM, pointer, 0, 0, offsetOf(slot));
        emit(Op.ADD64_REG, pointer, index, 0, 0);
        isNumber[index] = true;
        isNumber[pointer] = false;
        switch (random.below(4)) {
            case 0 -> emit(Op.ST_B, pointer, 0, 0, random.below(2));
            case 1 -> emit(op(random.once(3) ? Op.Kind.LDXSX : Op.Kind.LDX, any -> true), index, pointer, 0, 0);
            case 2 -> {
                emit(Op.MOV64_IMM, index, 0, 0, 0);
                emit(Op.STX_B, pointer, index, 0, 0);
            }
            default -> emit(Op.STX_B, pointer, registers[0], 0, 0);
        }
        use(index);
    }

    /** A pointer into the map's value that is moved up and down, perhaps differently on two ways. */
    final void probePointer() {
        boolean[] numbers = isNumber.clone();
        List<Integer> jumps = new ArrayList<>();
        int[] registers = targets(3);
        int pointer = registers[0];
        int up = registers[1];
        small(up);
        boolean isSource = random.once(3);
        emit(Op.MOV64_REG, pointer, isSource ? up : VALUE, 0, 0);
        emit(Op.ADD64_REG, pointer, isSource ? VALUE : up, 0, 0);
        isNumber[pointer] = false;
        emit(Op.ADD64_IMM, pointer, 0, 0, 64 + random.below(64));
        int jump = random.once(2) ? condition() : -1;
        int down = registers[2];
        small(down);
        if (random.once(2)) {
            emit(Op.SUB64_REG, pointer, down, 0, 0);
        } else {
            emit(Op.SUB64_IMM, pointer, 0, 0, random.below(48));
        }
        if (random.once(3)) {
            jumps.add(jump(random.oneOf(Op.JSGT64_IMM, Op.JGT64_IMM), down, 0, random.below(20)));
        }
        if (jump >= 0) {
            land(jump);
        }
        if (random.once(3)) {
            int slot = random.below(STACK_SLOTS);
            emit(Op.STX_DW, Insn.FRAME_POINTER, pointer, offsetOf(slot), 0);
            emit(Op.LDX_DW, pointer, Insn.FRAME_POINTER, offsetOf(slot), 0);
            emit(Op.ST_DW, Insn.FRAME_POINTER, 0, offsetOf(slot), 0);
            slotBytes[slot] = 8;
        }
        loadOrStore(pointer, random.below(16) - 8);
        landAll(jumps);
        restrict(numbers);
    }

    /** A number between -48 and 47. */
    private void small(int register) {
        int offset = random.below(SOURCE_SIZE / 8) * 8;
        switch (random.below(4)) {
            case 0 -> {
                emit(Op.LDXSX_B, register, VALUE, offset, 0);
                emit(Op.ARSH64_IMM, register, 0, 0, 2);
            }
            case 1 -> {
                emit(Op.LDX_DW, register, VALUE, offset, 0);
                emit(Op.AND64_IMM, register, 0, 0, random.below(48));
            }
            case 2 -> {
                emit(Op.LDX_DW, register, VALUE, offset, 0);
                emit(Op.SMOD64_IMM, register, 0, 0, 1 + random.below(48));
            }
            default -> emit(Op.MOV64_IMM, register, 0, 0, random.below(96) - 48);
        }
        numbered(register);
    }
}
