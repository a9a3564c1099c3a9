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
final class RandomProgram extends MemoryStatements {
    private final boolean takesKnob = random.once(2);
    private final boolean returnsKnob = random.once(2);

    private RandomProgram(long seed) {
        super(seed);
    }

    /** The slots of a program; the same for the same seed. */
    static List<Insn> of(long seed) {
        return new RandomProgram(seed).program(false);
    }

    /** The slots of a program that has a loop, a call, a map access and an atomic among its statements. */
    static List<Insn> withEachKind(long seed) {
        return new RandomProgram(seed).program(true);
    }

    private List<Insn> program(boolean withEachKind) {
        emit(Op.MOV64_REG, CONTEXT, 1, 0, 0);
        loadValueAddress();
        setKnobs();
        for (int i = 0; i < 3; i++) {
            source(numbered(i == 0 ? 0 : 1 + random.below(5)));
        }
        block(0, 5 + random.below(16));
        if (withEachKind) {
            eachKind();
        }
        finish();
        if (!calls.isEmpty()) {
            function();
        }
        return List.copyOf(insns);
    }

    private void eachKind() {
        List<Runnable> kinds = new ArrayList<>(List.of(() -> loop(0), () -> call(0), this::lookup, this::atomic));
        while (!kinds.isEmpty()) {
            kinds.remove(random.below(kinds.size())).run();
            block(0, random.below(3));
        }
    }

    private void finish() {
        if (inFunction && returnsKnob) {
            emit(Op.MOV64_REG, 0, KNOB, 0, 0);
        } else if (!isNumber[0]) {
            emit(Op.MOV64_IMM, 0, 0, 0, random.below(3));
        }
        emit(Op.EXIT, 0, 0, 0, 0);
    }

    /** An access at the offset that a counter gives. */
    private void useCounter(int counter) {
        boolean[] numbers = isNumber.clone();
        int jump = jump(random.oneOf(Op.JGT64_IMM, Op.JSGT64_IMM, Op.JEQ64_IMM), counter, 0, random.below(64));
        accessAt(counter);
        land(jump);
        use(counter);
        restrict(numbers);
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
        use(1);
        use(2);
        if (takesKnob) {
            accessAt(1);
        }
        block(1, 3 + random.below(6));
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
        switch (random.below(60)) {
            case 0, 1, 2, 3, 4, 5, 6, 7 -> arithmetic();
            case 8, 9, 10 -> source(target());
            case 11, 12 -> spill();
            case 13, 14, 15 -> fill();
            case 16, 17, 18, 19, 20 -> branch(depth);
            case 21, 22 -> loop(depth);
            case 23, 24 -> access();
            case 25, 26, 27 -> packet();
            case 28, 29 -> link();
            case 30, 31 -> call(depth);
            case 32 -> helper();
            case 33 -> atomic();
            case 34 -> stackAccess();
            case 35 -> earlyExit();
            case 36 -> setKnob();
            case 37, 38, 39, 40 -> useKnob();
            case 41, 42, 43, 44, 45, 46, 47, 48, 49 -> probe();
            case 50, 51, 52, 53 -> probeStack();
            case 54, 55 -> probePointer();
            case 56, 57 -> probeLinkedOffset();
            default -> lookup();
        }
    }

    private void setKnob() {
        if (random.once(2)) {
            emit(Op.MOV64_IMM, KNOB, 0, 0, random.below(MOST_KNOB));
        } else {
            emit(Op.ST_DW, Insn.FRAME_POINTER, 0, KNOB_OFFSET, random.below(MOST_KNOB));
        }
    }

    /** An access at a number of which something is known through a copy, or because it was chosen. */
    private void probeLinkedOffset() {
        boolean[] numbers = isNumber.clone();
        int[] registers = targets(2);
        int index = registers[0];
        int copy = registers[1];
        List<Integer> jumps = new ArrayList<>();
        int choice = condition();
        loadBounded(index, copy, jumps);
        emit(Op.MOV64_REG, copy, index, 0, 0);
        if (random.once(2)) {
            emit(Op.SUB64_IMM, copy, 0, 0, random.below(32));
        }
        if (random.once(2)) {
            far(index);
        }
        int end = jump(Op.JA, 0, 0, 0);
        land(choice);
        source(copy);
        emit(Op.MOV64_IMM, index, 0, 0, random.below(MOST_KNOB));
        land(end);
        jumps.add(jump(random.oneOf(Op.JGT64_IMM, Op.JGE64_IMM), copy, 0, random.below(MOST_KNOB)));
        accessAt(index);
        landAll(jumps);
        restrict(numbers);
    }

    private void loadKnob(int index) {
        if (random.once(4)) {
            emit(Op.MOV64_IMM, index, 0, 0, 0);
            emit(Op.ATOMIC_FETCH_ADD_DW, Insn.FRAME_POINTER, index, KNOB_OFFSET, 0);
            emit(Op.ST_DW, Insn.FRAME_POINTER, 0, KNOB_OFFSET, random.below(MOST_KNOB));
        } else {
            emit(Op.LDX_DW, index, Insn.FRAME_POINTER, KNOB_OFFSET, 0);
        }
    }

    /** An access at the offset that a knob gives, or at one below it. */
    private void useKnob() {
        boolean[] numbers = isNumber.clone();
        int index = target();
        int knob = KNOB;
        if (random.once(2)) {
            loadKnob(numbered(index));
            knob = index;
        }
        List<Integer> jumps = new ArrayList<>();
        if (random.once(2)) {
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
        accessAt(knob);
        landAll(jumps);
        restrict(numbers);
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
        if (random.once(3)) {
            far(KNOB);
            emit(Op.JA, 0, 0, 0, 0);
        }
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
        if (random.once(2)) {
            useCounter(counter);
        }
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

    private void call(int depth) {
        if (inFunction || depth > 1) {
            helper();
            return;
        }
        boolean keeps = (reserved >>> 8 & 1) == 0 && random.once(2);
        List<Integer> jumps = new ArrayList<>();
        if (keeps) {
            loadBounded(8, other(8), jumps);
        }
        boolean[] before = isNumber.clone();
        int first = takesKnob ? KNOB : number();
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
        use(0);
        if (returnsKnob) {
            accessAt(0);
        }
        if (random.once(3)) {
            useKnob();
        }
        if (keeps) {
            use(8);
        }
        if (random.once(2)) {
            emit(random.once(2) ? Op.LDX_DW : Op.LDX_W, 1, Insn.FRAME_POINTER, offsetOf(random.below(2)), 0);
            use(1);
        } else if (random.once(12)) {
            // Refused: the call may have changed it.
            use(1 + random.below(5));
        }
        landAll(jumps);
        restrict(before);
    }

    private void earlyExit() {
        int jump = condition();
        if (inFunction && returnsKnob) {
            emit(Op.MOV64_IMM, 0, 0, 0, random.below(MOST_KNOB));
        } else if (!isNumber[0]) {
            emit(Op.MOV64_IMM, 0, 0, 0, 0);
        }
        emit(Op.EXIT, 0, 0, 0, 0);
        land(jump);
    }
}
