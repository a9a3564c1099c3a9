package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.ArrayList;
import java.util.List;

/**
 * Statements on numbers.
 *
 * <p>A <em>probe</em> brings numbers of chosen ranges to one operation. The bounds are anywhere, and inputs favour what lies
 * at them (see {@link Inputs}). What comes out is stored where nothing loads from: until then it is alive, so that what the verifier
 * says of it is compared.
 */
abstract class NumberStatements extends ProgramWriter {
    /** A number in the range that was bounded last. */
    private long within;

    NumberStatements(long seed) {
        super(seed);
    }

    final void source(int dst) {
        switch (random.below(inFunction ? 5 : 7)) {
            case 4 -> ranged(dst);
            case 0 -> emit(Op.MOV64_IMM, dst, 0, 0, random.immediate());
            case 1 -> emit(Op.LDDW_IMM64, dst, 0, 0, random.number());
            case 2, 3 -> {
                Op load = op(random.once(4) ? Op.Kind.LDXSX : Op.Kind.LDX, any -> true);
                int offset = random.below(SOURCE_SIZE / 8) * 8;
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
    final void ranged(int dst) {
        emit(Op.LDX_DW, dst, VALUE, random.below(SOURCE_SIZE / 8) * 8, 0);
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

    final void arithmetic() {
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

    final void arithmeticOn(int register) {
        Op op = op(Op.Kind.ALU, any -> any.operand() == Op.Operand.IMM);
        emit(op, register, 0, 0, operand(op));
    }

    /** Copies of a number, at a distance or through the stack, one of which is compared. */
    final void link() {
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

    /** Keeps a number alive up to here. */
    final void use(int register) {
        int word = random.below((VALUE_SIZE - SOURCE_SIZE) / 8);
        emit(Op.STX_DW, VALUE, register, SOURCE_SIZE + 8 * word, 0);
    }

    /** After code that may have been jumped over: only what was a number before and still is one. */
    final void restrict(boolean[] before) {
        for (int i = 0; i < isNumber.length; i++) {
            isNumber[i] &= before[i];
        }
    }

    /** So many different registers that may be written. */
    final int[] targets(int count) {
        int[] registers = new int[count];
        for (int i = 0; i < count; i++) {
            int register = target();
            while (contains(registers, i, register)) {
                register = target();
            }
            registers[i] = register;
        }
        return registers;
    }

    private static boolean contains(int[] registers, int count, int register) {
        for (int i = 0; i < count; i++) {
            if (registers[i] == register) {
                return true;
            }
        }
        return false;
    }

    /** An operation or a comparison of numbers of chosen ranges. */
    final void probe() {
        boolean[] numbers = isNumber.clone();
        List<Integer> jumps = new ArrayList<>();
        switch (random.below(9)) {
            case 0, 1, 2, 3 -> probeOperation(jumps);
            case 4, 5 -> probeComparison(jumps);
            case 6, 7 -> probeLink(jumps);
            default -> probeFork(jumps);
        }
        landAll(jumps);
        restrict(numbers);
    }

    /** Several operations on the same two numbers. */
    private void probeOperation(List<Integer> jumps) {
        int[] registers = targets(3);
        int a = registers[0];
        int b = registers[1];
        int result = registers[2];
        loadBounded(a, result, jumps);
        loadBounded(b, result, jumps);
        for (int i = 3 + random.below(8); i >= 0; i--) {
            emit(Op.MOV64_REG, result, a, 0, 0);
            operate(result, b);
            use(result);
        }
        if (random.once(2)) {
            operate(result, result);
            use(result);
        }
    }

    private void operate(int dst, int src) {
        switch (random.below(10)) {
            case 0 -> emit(op(Op.Kind.NEG, any -> true), dst, 0, 0, 0);
            case 1 -> emit(op(Op.Kind.BYTE_SWAP, any -> true), dst, 0, 0, 0);
            case 2 -> emit(random.once(3) ? Op.MOV32_REG : op(Op.Kind.MOVSX, any -> true), dst, src, 0, 0);
            case 3 -> {
                Op op = op(Op.Kind.ALU, any -> any.operand() == Op.Operand.IMM);
                emit(op, dst, 0, 0, operand(op));
            }
            case 4, 5 -> {
                // Nothing is said of what comes out, unless the second operand is known.
                Op op = op(Op.Kind.ALU, any -> any.operand() == Op.Operand.IMM && wantsConstant(any));
                emit(op, dst, 0, 0, operand(op));
            }
            default -> {
                boolean any = random.once(8);
                Op op = op(Op.Kind.ALU, o -> o.operand() == Op.Operand.REG && (any || !wantsConstant(o)));
                emit(op, dst, src, 0, 0);
            }
        }
    }

    private static boolean wantsConstant(Op op) {
        return switch (op.alu()) {
            case DIV, SDIV, MOD, SMOD, LSH, RSH, ARSH -> true;
            default -> false;
        };
    }

    private void probeComparison(List<Integer> jumps) {
        int[] registers = targets(4);
        int a = registers[0];
        int b = registers[1];
        loadBounded(b, registers[2], jumps);
        loadBounded(a, registers[2], jumps);
        if (random.once(3)) {
            copy(registers[2], a);
            copy(registers[3], b);
            compare(a, b, registers);
        } else {
            compare(a, random.once(3) ? a : b, a, b);
        }
    }

    /** Compares a register with another one or with a number near its bounds; both ways use all of {@code used}. */
    private void compare(int a, int b, int... used) {
        boolean withRegister = random.once(2);
        Op op = op(Op.Kind.JCC, any -> any.usesSrcRegister() == withRegister);
        int number = random.below(3) > 0 ? (int) within : random.immediate();
        int jump = jump(op, a, withRegister ? b : 0, withRegister ? 0 : number);
        for (int register : used) {
            use(register);
        }
        int end = jump(Op.JA, 0, 0, 0);
        land(jump);
        for (int register : used) {
            use(register);
        }
        land(end);
    }

    /** Copies at different distances, one of which is compared. */
    private void probeLink(List<Integer> jumps) {
        int[] registers = targets(3);
        int a = registers[0];
        int b = registers[1];
        int c = registers[2];
        loadBounded(a, c, jumps);
        if (random.once(4)) {
            moveFar(a, b, c);
            return;
        }
        long near = within;
        if (random.once(2)) {
            loadAlike(a, b);
            mergeLink(a, b);
            within = random.once(2) ? near : random.number();
            compare(random.once(2) ? a : b, b, a, b);
            return;
        }
        copy(b, a);
        copy(c, random.once(2) ? a : b);
        move(b);
        move(random.once(3) ? b : c);
        move(random.once(3) ? c : a);
        within = near + random.below(5) - 2;
        compare(registers[random.below(3)], registers[random.below(3)], registers);
    }

    /** Two numbers of the same range, each on its own. */
    private void loadAlike(int a, int b) {
        Op load = op(Op.Kind.LDX, any -> true);
        emit(load, a, VALUE, random.below(SOURCE_SIZE / 8) * 8, 0);
        emit(load, b, VALUE, random.below(SOURCE_SIZE / 8) * 8, 0);
    }

    /** So many instructions that the verifier keeps the state after them, if two jumps are among those around them. */
    final void far(int register) {
        for (int i = 0; i < 7; i++) {
            use(register);
        }
    }

    /** On two ways the second number is a copy of the first, at different distances, or none. */
    private void mergeLink(int a, int b) {
        isNumber[a] = true;
        int jump = condition();
        if (random.below(4) > 0) {
            copy(b, a);
            move(b);
        }
        far(a);
        int end = jump(Op.JA, 0, 0, 0);
        land(jump);
        if (random.once(2)) {
            copy(b, a);
            move(b);
        }
        land(end);
    }

    /** A copy at a distance that does not fit into an immediate. */
    private void moveFar(int a, int b, int scratch) {
        copy(b, a);
        emit(Op.LDDW_IMM64, scratch, 0, 0, random.number());
        emit(random.oneOf(Op.ADD64_REG, Op.SUB64_REG, Op.ADD32_REG, Op.SUB32_REG), b, scratch, 0, 0);
        compare(random.once(2) ? a : b, scratch, a, b);
    }

    private void copy(int to, int from) {
        switch (random.below(6)) {
            case 0 -> emit(Op.MOV32_REG, to, from, 0, 0);
            case 1 -> emit(op(Op.Kind.MOVSX, any -> true), to, from, 0, 0);
            case 2 -> {
                int slot = random.below(STACK_SLOTS);
                boolean half = random.once(2);
                emit(half ? Op.STX_W : Op.STX_DW, Insn.FRAME_POINTER, from, offsetOf(slot), 0);
                slotBytes[slot] = Math.max(slotBytes[slot], half ? 4 : 8);
                emit(half ? Op.LDX_W : Op.LDX_DW, to, Insn.FRAME_POINTER, offsetOf(slot), 0);
            }
            default -> emit(Op.MOV64_REG, to, from, 0, 0);
        }
    }

    /** Moves a copy away from the others, or changes it. */
    private void move(int register) {
        switch (random.below(8)) {
            case 0, 1 -> emit(random.once(2) ? Op.ADD64_IMM : Op.SUB64_IMM, register, 0, 0, random.immediate());
            case 2, 3 -> emit(random.once(2) ? Op.ADD32_IMM : Op.SUB32_IMM, register, 0, 0, random.immediate());
            case 4 -> arithmeticOn(register);
            case 5 -> emit(op(Op.Kind.BYTE_SWAP, any -> true), register, 0, 0, 0);
            default -> {
                // It stays a copy.
            }
        }
    }

    /** The path may fork where bits of a number that is 0 or -1 are picked. */
    private void probeFork(List<Integer> jumps) {
        int[] registers = targets(3);
        int dst = registers[0];
        loadBounded(dst, registers[2], jumps);
        if (random.once(4)) {
            emit(random.oneOf(Op.SMOD64_IMM, Op.SMOD32_IMM), dst, 0, 0, 2);
        }
        boolean is64 = random.once(2);
        int most = is64 ? 63 : 31;
        int distance = random.once(3) ? most - random.below(3) : most;
        if (random.below(4) > 0) {
            emit(is64 ? Op.ARSH64_IMM : Op.ARSH32_IMM, dst, 0, 0, distance);
        }
        copy(registers[1], dst);
        emit(random.oneOf(Op.AND64_IMM, Op.AND32_IMM, Op.OR64_IMM, Op.OR32_IMM), dst, 0, 0, random.immediate());
        use(dst);
        compare(dst, registers[1], registers[1], dst);
    }

    /**
     * Loads a number that lies in a range of any size anywhere.
     *
     * @param scratch is overwritten
     * @param jumps gets the jumps that are taken where it does not
     */
    final void loadBounded(int dst, int scratch, List<Integer> jumps) {
        int offset = random.below(SOURCE_SIZE / 8) * 8;
        switch (random.below(11)) {
            case 0 -> {
                within = random.number();
                emit(Op.LDDW_IMM64, dst, 0, 0, within);
            }
            case 1 -> emit(op(random.once(2) ? Op.Kind.LDX : Op.Kind.LDXSX, any -> true), dst, VALUE, offset, 0);
            case 2, 3 -> {
                emit(Op.LDX_DW, dst, VALUE, offset, 0);
                bits(dst, scratch);
            }
            case 4 -> {
                emit(Op.LDX_DW, dst, VALUE, offset, 0);
                bits(dst, scratch);
                limit(dst, scratch, jumps);
            }
            case 5 -> {
                emit(Op.LDX_DW, dst, VALUE, offset, 0);
                arc(dst, scratch);
            }
            case 6 -> {
                emit(op(random.once(2) ? Op.Kind.LDX : Op.Kind.LDXSX, any -> true), dst, VALUE, offset, 0);
                limit(dst, scratch, jumps);
            }
            case 7 -> {
                emit(Op.LDX_DW, dst, VALUE, offset, 0);
                limit(dst, scratch, jumps);
                limit(dst, scratch, jumps);
            }
            default -> {
                emit(Op.LDX_DW, dst, VALUE, offset, 0);
                limit(dst, scratch, jumps);
            }
        }
        numbered(dst);
    }

    private void bits(int dst, int scratch) {
        long mask = random.once(2) ? random.number() : random.fewBits();
        emit(Op.LDDW_IMM64, scratch, 0, 0, mask);
        emit(Op.AND64_REG, dst, scratch, 0, 0);
        long ones = 0;
        if (random.once(2)) {
            ones = random.fewBits();
            emit(Op.LDDW_IMM64, scratch, 0, 0, ones);
            emit(Op.OR64_REG, dst, scratch, 0, 0);
        }
        within = mask & random.seed() | ones;
    }

    /** A range that may lead over the top to zero. */
    private void arc(int dst, int scratch) {
        long size = random.seed() >>> 1 + random.below(63);
        long base = random.number() - random.below(3);
        emit(Op.LDDW_IMM64, scratch, 0, 0, size);
        if (random.once(2)) {
            emit(Op.AND64_REG, dst, scratch, 0, 0);
        } else {
            emit(Op.MOD64_REG, dst, scratch, 0, 0);
        }
        emit(Op.LDDW_IMM64, scratch, 0, 0, base);
        emit(random.once(3) ? Op.ADD32_REG : Op.ADD64_REG, dst, scratch, 0, 0);
        within = base + (size >>> random.below(3));
    }

    private void limit(int dst, int scratch, List<Integer> jumps) {
        boolean is64 = random.below(3) > 0;
        boolean signed = random.once(2);
        long low = is64 ? random.number() : (int) random.number();
        long size = random.seed() >>> (is64 ? 0 : 32) + random.below(is64 ? 64 : 32);
        long high = is64 ? low + size : (int) (low + size);
        boolean swap = signed ? low > high : Long.compareUnsigned(low, high) > 0;
        int ends = random.below(4);
        if (ends != 0) {
            limitLow(swap ? high : low, dst, scratch, new Width(is64, signed), jumps);
        }
        if (ends != 1) {
            limitHigh(swap ? low : high, dst, scratch, new Width(is64, signed), jumps);
        }
        within = random.oneOf(low, high, low + 1, high - 1, low + (size >>> 1));
    }

    /** Width and sign of a comparison. */
    private record Width(boolean is64, boolean signed) {}

    private void limitLow(long low, int dst, int scratch, Width width, List<Integer> jumps) {
        switch (random.below(4)) {
            case 0 -> jumps.add(jumpIf(width.signed ? Op.Cond.JSLE : Op.Cond.JLE, width, dst, scratch, low - 1));
            case 1 -> jumpUnless(width.signed ? Op.Cond.JSGE : Op.Cond.JGE, width, dst, scratch, low, jumps);
            case 2 -> jumpUnless(width.signed ? Op.Cond.JSGT : Op.Cond.JGT, width, dst, scratch, low - 1, jumps);
            default -> jumps.add(jumpIf(width.signed ? Op.Cond.JSLT : Op.Cond.JLT, width, dst, scratch, low));
        }
    }

    private void limitHigh(long high, int dst, int scratch, Width width, List<Integer> jumps) {
        switch (random.below(4)) {
            case 0 -> jumps.add(jumpIf(width.signed ? Op.Cond.JSGE : Op.Cond.JGE, width, dst, scratch, high + 1));
            case 1 -> jumpUnless(width.signed ? Op.Cond.JSLE : Op.Cond.JLE, width, dst, scratch, high, jumps);
            case 2 -> jumpUnless(width.signed ? Op.Cond.JSLT : Op.Cond.JLT, width, dst, scratch, high + 1, jumps);
            default -> jumps.add(jumpIf(width.signed ? Op.Cond.JSGT : Op.Cond.JGT, width, dst, scratch, high));
        }
    }

    private int jumpIf(Op.Cond cond, Width width, int dst, int scratch, long bound) {
        boolean withRegister = width.is64 && bound != (int) bound;
        Op op = op(
                Op.Kind.JCC,
                any -> any.cond() == cond && any.is64() == width.is64 && any.usesSrcRegister() == withRegister);
        if (withRegister) {
            emit(Op.LDDW_IMM64, scratch, 0, 0, bound);
            return jump(op, dst, scratch, 0);
        }
        return jump(op, dst, 0, (int) bound);
    }

    private void jumpUnless(Op.Cond cond, Width width, int dst, int scratch, long bound, List<Integer> jumps) {
        int on = jumpIf(cond, width, dst, scratch, bound);
        jumps.add(jump(Op.JA, 0, 0, 0));
        land(on);
    }
}
