package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Random instructions for a {@code tc} program that is often accepted: blocks with branches and bounded loops, arithmetic of all kinds,
 * spills and fills, bounded accesses to a map's value, the packet and the stack, calls of functions and helpers.
 *
 * <p>r6 holds the context, r7 the address of the first map's value. The generator knows which registers hold numbers, but nothing of
 * their ranges: where a bound is too wide, the verifier refuses. Statements prefer the number that was touched last, so that what one
 * of them learns of it matters to the next.
 *
 * <p>r9 and one stack slot are <em>knobs</em>: they hold small constants, which branches set differently, and which bound or are
 * offsets of accesses much later. Pruning must keep such paths apart, and nearly all that it does wrong shows there.
 */
final class RandomProgram extends ProgramWriter {
    /** Bytes of the first map's value. */
    static final int VALUE_SIZE = 320;

    /** Bytes of the second map's value, which programs look up. */
    static final int LOOKED_UP_SIZE = 64;

    private RandomProgram(long seed) {
        super(seed);
    }

    /** The slots of a program; the same for the same seed. */
    static List<Insn> of(long seed) {
        return new RandomProgram(seed).program();
    }

    private List<Insn> program() {
        emit(Op.MOV64_REG, CONTEXT, 1, 0, 0);
        loadValueAddress();
        setKnobs();
        for (int i = 0; i < 3; i++) {
            source(numbered(i == 0 ? 0 : 1 + random.below(5)));
        }
        block(0, 8 + random.below(22));
        finish();
        if (!calls.isEmpty()) {
            function();
        }
        return List.copyOf(insns);
    }

    private void finish() {
        if (!isNumber[0]) {
            emit(Op.MOV64_IMM, 0, 0, 0, random.below(3));
        }
        emit(Op.EXIT, 0, 0, 0, 0);
    }

    /** One static function, which all calls call: two numbers and a pointer into the caller's stack go in, a number comes out. */
    private void function() {
        int start = insns.size();
        for (int call : calls) {
            insns.set(call, new Insn(Op.CALL_SUBPROG, 0, 0, 0, start - call - 1));
        }
        inFunction = true;
        Arrays.fill(isNumber, false);
        recent = 1;
        Arrays.fill(slotBytes, 0);
        isNumber[1] = true;
        isNumber[2] = true;
        emit(Op.MOV64_REG, CONTEXT, 3, 0, 0);
        loadValueAddress();
        setKnobs();
        block(1, 3 + random.below(8));
        finish();
    }

    private void loadValueAddress() {
        emit(Op.LDDW_MAP_VALUE, VALUE, 0, 0, 0);
    }

    private void setKnobs() {
        emit(Op.MOV64_IMM, KNOB, 0, 0, random.below(MOST_KNOB));
        isNumber[KNOB] = true;
        emit(Op.ST_DW, Insn.FRAME_POINTER, 0, KNOB_OFFSET, random.below(MOST_KNOB));
    }

    private void block(int depth, int statements) {
        for (int i = 0; i < statements; i++) {
            statement(depth);
        }
    }

    private void statement(int depth) {
        switch (random.below(43)) {
            case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 -> arithmetic();
            case 11, 12, 13, 14 -> source(target());
            case 15, 16, 17 -> spill();
            case 18, 19, 20, 21 -> fill();
            case 22, 23, 24, 25, 26 -> branch(depth);
            case 27 -> loop(depth);
            case 28, 29, 30 -> access();
            case 31 -> packet();
            case 32, 33 -> link();
            case 34 -> call(depth);
            case 35 -> helper();
            case 36 -> atomic();
            case 37 -> stackAccess();
            case 38 -> earlyExit();
            case 39 -> setKnob();
            case 40, 41 -> useKnob();
            default -> lookup();
        }
    }

    private void source(int dst) {
        switch (random.below(inFunction ? 5 : 7)) {
            case 4 -> ranged(dst);
            case 0 -> emit(Op.MOV64_IMM, dst, 0, 0, random.immediate());
            case 1 -> emit(Op.LDDW_IMM64, dst, 0, 0, random.number());
            case 2, 3 -> {
                Op load = op(random.once(4) ? Op.Kind.LDXSX : Op.Kind.LDX, any -> true);
                int offset = random.below(VALUE_SIZE / 8) * 8;
                emit(load, dst, VALUE, offset, 0);
            }
            default -> {
                int field = CONTEXT_FIELDS[random.below(CONTEXT_FIELDS.length)];
                emit(random.once(5) ? Op.LDX_B : Op.LDX_W, dst, CONTEXT, field, 0);
            }
        }
        numbered(dst);
    }

    /** A number of a range of any size, anywhere. */
    private void ranged(int dst) {
        emit(Op.LDX_DW, dst, VALUE, random.below(VALUE_SIZE / 8) * 8, 0);
        if (random.once(2)) {
            emit(random.once(2) ? Op.RSH64_IMM : Op.ARSH64_IMM, dst, 0, 0, random.below(64));
        } else {
            emit(Op.AND64_IMM, dst, 0, 0, (1 << (1 + random.below(30))) - 1);
        }
        if (random.once(3)) {
            emit(Op.LSH64_IMM, dst, 0, 0, random.below(64));
        }
        if (random.below(3) > 0) {
            emit(Op.ADD64_IMM, dst, 0, 0, random.immediate());
        }
        numbered(dst);
    }

    private void setKnob() {
        if (random.once(2)) {
            emit(Op.MOV64_IMM, KNOB, 0, 0, random.below(MOST_KNOB));
        } else {
            emit(Op.ST_DW, Insn.FRAME_POINTER, 0, KNOB_OFFSET, random.below(MOST_KNOB));
        }
    }

    /** An access at the offset that a knob gives, or at one below it. */
    private void useKnob() {
        boolean[] numbers = isNumber.clone();
        int index = target();
        int knob = KNOB;
        if (random.once(2)) {
            emit(Op.LDX_DW, numbered(index), Insn.FRAME_POINTER, KNOB_OFFSET, 0);
            knob = index;
        }
        List<Integer> jumps = new ArrayList<>();
        if (random.once(3)) {
            int below = other(knob);
            source(below);
            jumps.add(jump(random.oneOf(Op.JGE64_REG, Op.JGT64_REG), below, knob, 0));
            knob = below;
        } else if (random.once(3)) {
            int copy = other(knob);
            emit(Op.MOV64_REG, numbered(copy), knob, 0, 0);
            emit(Op.ADD64_IMM, copy, 0, 0, random.below(8));
            knob = copy;
        }
        accessAt(knob, jumps, numbers);
    }

    private void arithmetic() {
        int dst = changeable();
        switch (random.below(12)) {
            case 0 -> emit(op(Op.Kind.NEG, any -> true), dst, 0, 0, 0);
            case 1 -> emit(op(Op.Kind.BYTE_SWAP, any -> true), dst, 0, 0, 0);
            case 2 -> emit(op(Op.Kind.MOVSX, any -> true), dst, number(), 0, 0);
            case 3 -> emit(random.once(2) ? Op.MOV32_REG : Op.MOV64_REG, dst, number(), 0, 0);
            case 4, 5, 6, 7 -> {
                Op op = op(Op.Kind.ALU, any -> any.operand() == Op.Operand.REG);
                emit(op, dst, number(), 0, 0);
            }
            default -> {
                Op op = op(Op.Kind.ALU, any -> any.operand() == Op.Operand.IMM);
                emit(op, dst, 0, 0, operand(op));
            }
        }
    }

    private void spill() {
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

    private void fill() {
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

    private void branch(int depth) {
        if (depth >= MOST_DEPTH) {
            arithmetic();
            return;
        }
        int jump = condition();
        boolean[] numbersBefore = isNumber.clone();
        int[] slotsBefore = slotBytes.clone();
        arm(depth);
        if (random.once(2)) {
            emit(Op.JA, 0, 0, 0, 0);
            int end = insns.size() - 1;
            land(jump);
            boolean[] numbersAfter = isNumber;
            int[] slotsAfter = slotBytes;
            isNumber = numbersBefore;
            slotBytes = slotsBefore;
            arm(depth);
            land(end);
            merge(numbersAfter, slotsAfter);
        } else {
            land(jump);
            merge(numbersBefore, slotsBefore);
        }
    }

    /** One way of a branch; often it only chooses a number, which matters later or does not. */
    private void arm(int depth) {
        if (random.once(4)) {
            emit(Op.MOV64_IMM, numbered(target()), 0, 0, random.below(24));
        } else if (random.once(3)) {
            setKnob();
        } else {
            block(depth + 1, 1 + random.below(4));
        }
    }

    private void merge(boolean[] numbers, int[] slots) {
        for (int i = 0; i < isNumber.length; i++) {
            isNumber[i] &= numbers[i];
        }
        for (int i = 0; i < slotBytes.length; i++) {
            slotBytes[i] = Math.min(slotBytes[i], slots[i]);
        }
    }

    private void loop(int depth) {
        int counter = 8;
        if (depth >= 2 || (reserved >>> counter & 1) != 0) {
            branch(depth);
            return;
        }
        emit(Op.MOV64_IMM, numbered(counter), 0, 0, random.below(3));
        reserved |= 1 << counter;
        boolean[] numbers = isNumber.clone();
        int head = insns.size();
        boolean mayGoto = random.once(3);
        if (mayGoto) {
            emit(Op.MAY_GOTO, 0, 0, 0, 0);
        }
        block(depth + 1, 1 + random.below(4));
        for (int i = 0; i < isNumber.length; i++) {
            if (numbers[i] && !isNumber[i]) {
                source(i);
            }
        }
        emit(Op.ADD64_IMM, counter, 0, 0, 1 + random.below(2));
        Op back = random.oneOf(Op.JLT64_IMM, Op.JSLT64_IMM, Op.JLT32_IMM, Op.JSLE32_IMM, Op.JNE64_IMM);
        emit(back, counter, 0, head - insns.size() - 1, 2 + random.below(mayGoto ? 30 : 6));
        if (mayGoto) {
            land(head);
        }
        reserved &= ~(1 << counter);
    }

    /**
     * Bounds a register, more or less, in one of many ways.
     *
     * @return jumps over what needs the bound
     */
    private List<Integer> bound(int register, int limit) {
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
    private void boundCopy(int register, int limit, List<Integer> jumps) {
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
    private void access() {
        boolean[] numbers = isNumber.clone();
        int index = changeable();
        List<Integer> jumps = new ArrayList<>();
        if (random.below(8) > 0) {
            jumps.addAll(bound(index, 1 + random.below(VALUE_SIZE - 16)));
        }
        if (random.once(4)) {
            emit(Op.MUL64_IMM, index, 0, 0, 1 + random.below(2));
        }
        accessAt(index, jumps, numbers);
    }

    /** Reads or writes the value at a distance in a register, and lands what jumped over that. */
    private void accessAt(int distance, List<Integer> jumps, boolean[] numbersBefore) {
        int pointer = other(distance);
        emit(Op.MOV64_REG, pointer, VALUE, 0, 0);
        emit(Op.ADD64_REG, pointer, distance, 0, 0);
        isNumber[pointer] = false;
        loadOrStore(pointer, random.below(8));
        landAll(jumps);
        restrict(numbersBefore);
    }

    /** After code that may have been jumped over: only what was a number before and still is one. */
    private void restrict(boolean[] before) {
        for (int i = 0; i < isNumber.length; i++) {
            isNumber[i] &= before[i];
        }
    }

    private void loadOrStore(int pointer, int offset) {
        switch (random.below(4)) {
            case 0 -> emit(op(Op.Kind.STX, any -> true), pointer, numberBut(pointer), offset, 0);
            case 1 -> emit(op(Op.Kind.ST, any -> true), pointer, 0, offset, random.immediate());
            default -> {
                Op load = op(random.once(5) ? Op.Kind.LDXSX : Op.Kind.LDX, any -> true);
                emit(load, numbered(target()), pointer, offset, 0);
            }
        }
    }

    private void packet() {
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
        jumps.add(jump(Op.JGT64_REG, index, end, 0));
        isNumber[index] = false;
        Op load = op(Op.Kind.LDX, any -> any.widthBytes() <= size);
        emit(load, numbered(index), pointer, random.below(size - load.widthBytes() + 1), 0);
        landAll(jumps);
        numbers[index] = false;
        restrict(numbers);
    }

    /** Copies of a number, at a distance or through the stack, one of which is compared. */
    private void link() {
        int register = changeable();
        int copy = other(register);
        switch (random.below(3)) {
            case 0 -> {
                emit(Op.MOV64_REG, numbered(copy), register, 0, 0);
                emit(Op.ADD64_IMM, copy, 0, 0, random.immediate());
            }
            case 1 -> {
                emit(Op.MOV32_REG, register, register, 0, 0);
                emit(Op.MOV64_REG, numbered(copy), register, 0, 0);
                emit(random.once(2) ? Op.ADD32_IMM : Op.SUB32_IMM, copy, 0, 0, random.immediate());
            }
            default -> {
                int slot = random.below(STACK_SLOTS);
                emit(Op.STX_DW, Insn.FRAME_POINTER, register, offsetOf(slot), 0);
                slotBytes[slot] = 8;
                emit(Op.LDX_DW, numbered(copy), Insn.FRAME_POINTER, offsetOf(slot), 0);
            }
        }
        int jump = condition();
        arithmeticOn(random.once(2) ? register : copy);
        land(jump);
    }

    private void arithmeticOn(int register) {
        Op op = op(Op.Kind.ALU, any -> any.operand() == Op.Operand.IMM);
        emit(op, register, 0, 0, operand(op));
    }

    private void call(int depth) {
        if (inFunction || depth > 1) {
            helper();
            return;
        }
        int first = number();
        int second = number();
        emit(Op.MOV64_REG, 0, first, 0, 0);
        emit(Op.MOV64_REG, 2, second, 0, 0);
        emit(Op.MOV64_REG, 1, 0, 0, 0);
        emit(Op.ST_DW, Insn.FRAME_POINTER, 0, offsetOf(0), random.below(5));
        slotBytes[0] = 8;
        emit(Op.MOV64_REG, 3, Insn.FRAME_POINTER, 0, 0);
        emit(Op.ADD64_IMM, 3, 0, 0, offsetOf(0));
        calls.add(insns.size());
        emit(Op.CALL_SUBPROG, 0, 0, 0, 0);
        called();
    }

    private void called() {
        Arrays.fill(isNumber, 1, 6, false);
        numbered(0);
    }

    private void helper() {
        emit(Op.CALL_HELPER, 0, 0, 0, PRANDOM);
        called();
    }

    private void lookup() {
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
        int jump = jump(Op.JEQ64_IMM, 0, 0, 0);
        boolean[] numbers = isNumber.clone();
        loadOrStore(pointer, random.below(LOOKED_UP_SIZE - 8));
        land(jump);
        restrict(numbers);
    }

    private void atomic() {
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
            emit(op, VALUE, value, random.below(VALUE_SIZE / 8) * 8, 0);
        }
    }

    /** The stack at an offset that is bounded first, or the caller's stack. */
    private void stackAccess() {
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

    private void earlyExit() {
        int jump = condition();
        if (!isNumber[0]) {
            emit(Op.MOV64_IMM, 0, 0, 0, 0);
        }
        emit(Op.EXIT, 0, 0, 0, 0);
        land(jump);
    }
}
