package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.domain.ScalarAlu;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.InsnTrace;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;

/** Arithmetic instructions: Linux's {@code check_alu_op}. */
public final class Arithmetic {
    private static final long MAX_U32 = 0xffff_ffffL;

    private Arithmetic() {}

    /** Checks an instruction of kind ALU, MOVSX, NEG, BYTE_SWAP or ADDR_SPACE_CAST and applies it. */
    public static void check(Exploration path, Insn insn) {
        switch (insn.op().kind()) {
            case NEG, BYTE_SWAP -> checkUnary(path, insn);
            case MOVSX -> checkSignExtension(path, insn);
            case ADDR_SPACE_CAST -> checkAddressSpaceCast(path, insn);
            case ALU -> {
                if (insn.op().alu() == Op.Alu.MOV) {
                    checkMove(path, insn);
                } else {
                    checkBinary(path, insn);
                }
            }
            default -> throw new IllegalArgumentException(insn.op().name());
        }
        RegState result = path.reg(insn.dst());
        path.setReg(insn.dst(), result.withValue(result.value().sane()));
    }

    /** The operator as logs show it. */
    static String symbol(Op.Alu alu) {
        return switch (alu) {
            case ADD -> "+=";
            case SUB -> "-=";
            case MUL -> "*=";
            case DIV, SDIV -> "/=";
            case OR -> "|=";
            case AND -> "&=";
            case LSH -> "<<=";
            case RSH -> ">>=";
            case MOD, SMOD -> "%=";
            case XOR -> "^=";
            case MOV -> "=";
            case ARSH -> "s>>=";
        };
    }

    private static void checkUnary(Exploration path, Insn insn) {
        RegState reg = Registers.checkSource(path, insn.dst());
        Registers.checkDestination(path, insn.dst());
        KernelRule rule =
                insn.op().kind() == Op.Kind.BYTE_SWAP ? KernelRule.SWAPS_HAVE_RANGES : KernelRule.NEGATIONS_HAVE_RANGES;
        if (!reg.isScalar() || !path.unit().kernel().has(rule)) {
            path.setReg(insn.dst(), RegState.UNKNOWN);
            return;
        }
        RegState result = reg.withValue(ScalarAlu.apply(insn.op(), reg.value(), reg.value()));
        path.setReg(insn.dst(), insn.op() == Op.LE64 ? result : Registers.withoutScalarId(result));
    }

    private static void checkAddressSpaceCast(Exploration path, Insn insn) {
        if (!path.unit().usesArena()) {
            throw path.reject(Errno.EINVAL, Message.ADDR_SPACE_CAST_WITHOUT_ARENA);
        }
        Registers.checkSource(path, insn.src());
        Registers.checkDestination(path, insn.dst());
        path.setReg(
                insn.dst(),
                insn.imm() == 1
                        ? RegState.pointer(RegType.PTR_TO_ARENA, 0, RegPayload.NONE)
                                .withValue(ScalarValue.unknown())
                        : RegState.UNKNOWN);
    }

    private static void checkMove(Exploration path, Insn insn) {
        if (insn.op().operand() == Op.Operand.IMM) {
            Registers.checkDestination(path, insn.dst());
            path.setReg(
                    insn.dst(),
                    insn.op().is64() || insn.imm() >= 0
                            ? Registers.immediate(path, insn)
                            : RegState.constant(insn.imm() & MAX_U32));
            return;
        }
        RegState src = Registers.checkSource(path, insn.src());
        Registers.checkDestination(path, insn.dst());
        if (insn.op().is64()) {
            RegState linked = Registers.withScalarId(path, src);
            path.setReg(insn.src(), linked);
            path.setReg(insn.dst(), linked);
            return;
        }
        if (!src.isScalar()) {
            path.setReg(
                    insn.dst(),
                    RegState.UNKNOWN.withValue(
                            ScalarAlu.apply(insn.op(), ScalarValue.unknown(), ScalarValue.unknown())));
            return;
        }
        boolean keepsValue = Registers.width(src) <= Integer.SIZE;
        RegState copy = copied(path, insn, src, keepsValue);
        path.setReg(insn.dst(), copy.withValue(ScalarAlu.apply(insn.op(), copy.value(), copy.value())));
    }

    private static RegState copied(Exploration path, Insn insn, RegState src, boolean keepsValue) {
        if (!keepsValue) {
            return Registers.withoutScalarId(src);
        }
        RegState linked = Registers.withScalarId(path, src);
        path.setReg(insn.src(), linked);
        return linked;
    }

    private static void checkSignExtension(Exploration path, Insn insn) {
        RegState src = Registers.checkSource(path, insn.src());
        Registers.checkDestination(path, insn.dst());
        if (!src.isScalar()) {
            ScalarValue any = ScalarValue.unknown();
            path.setReg(
                    insn.dst(),
                    RegState.scalar(insn.op().is64() ? any : any.zext32().synced()));
            return;
        }
        boolean keepsValue = Long.compareUnsigned(src.umax(), 1L << (insn.op().fromWidth() - 1)) < 0;
        RegState copy = copied(path, insn, src, keepsValue);
        path.setReg(insn.dst(), copy.withValue(ScalarAlu.apply(insn.op(), copy.value(), copy.value())));
    }

    /** Refuses 64-bit arithmetic on pointers into arenas, of which Linux makes 32-bit arithmetic, and on other numbers, too. */
    private static void checkUnmixed(Exploration path, Insn insn, boolean isArena) {
        if (!insn.op().is64()) {
            return;
        }
        InsnTrace trace = path.trace(path.insnIndex());
        if (isArena) {
            trace.withArenaPointer = true;
        } else if (path.unit().usesArena()) {
            trace.withoutArenaPointer = true;
        }
        boolean isMixed = trace.withArenaPointer && trace.withoutArenaPointer;
        if (isMixed && path.unit().kernel().has(KernelRule.ARENA_ARITHMETIC_IS_APART)) {
            throw path.reject(Errno.EINVAL, Message.ARENA_POINTER_MIXED);
        }
    }

    private static void checkBinary(Exploration path, Insn insn) {
        Op op = insn.op();
        boolean immediate = op.operand() == Op.Operand.IMM;
        if (!immediate) {
            Registers.checkSource(path, insn.src());
        }
        Registers.checkSource(path, insn.dst());
        if (immediate) {
            checkImmediate(path, insn);
        }
        Registers.checkDestination(path, insn.dst());
        RegState dst = path.reg(insn.dst());
        RegState src = immediate ? Registers.immediate(path, insn) : path.reg(insn.src());
        boolean isMoved = dst.is(RegType.PTR_TO_ARENA, 0);
        boolean isArena = isMoved || src.is(RegType.PTR_TO_ARENA, 0);
        checkUnmixed(path, insn, isArena);
        if (isMoved || isArena && path.unit().kernel().has(KernelRule.ARENA_POINTERS_ARE_ADDENDS)) {
            path.setReg(insn.dst(), isMoved ? dst : src);
            return;
        }
        if (!dst.isScalar() && !src.isScalar()) {
            subtractPointers(path, insn);
        } else if (!src.isScalar()) {
            path.services().precision().markChain(path, insn.dst());
            PointerMath.adjust(path, insn, src, path.reg(insn.dst()).value(), false);
        } else if (!dst.isScalar()) {
            if (!immediate) {
                path.services().precision().markChain(path, insn.src());
            }
            PointerMath.adjust(path, insn, dst, src.value(), true);
        } else {
            if (dst.precise() && !immediate) {
                path.services().precision().markChain(path, insn.src());
            }
            checkScalars(path, insn, src);
        }
    }

    private static void checkImmediate(Exploration path, Insn insn) {
        switch (insn.op().alu()) {
            case DIV, SDIV, MOD, SMOD -> {
                if (insn.imm() == 0) {
                    throw path.reject(Errno.EINVAL, Message.DIVISION_BY_ZERO);
                }
            }
            case LSH, RSH, ARSH -> {
                if (insn.imm() < 0 || insn.imm() >= insn.op().width()) {
                    throw path.reject(Errno.EINVAL, Message.INVALID_SHIFT, insn.imm());
                }
            }
            default -> {}
        }
    }

    private static void subtractPointers(Exploration path, Insn insn) {
        if (insn.op().alu() != Op.Alu.SUB) {
            throw path.reject(
                    Errno.EACCES,
                    Message.POINTER_WITH_POINTER,
                    insn.dst(),
                    symbol(insn.op().alu()));
        }
        path.setReg(insn.dst(), RegState.UNKNOWN);
    }

    private static void checkScalars(Exploration path, Insn insn, RegState src) {
        RegState dst = path.reg(insn.dst());
        boolean mayFork = path.unit().kernel().has(KernelRule.BITS_FORK_PATHS);
        ScalarAlu.Fork fork = mayFork ? ScalarAlu.fork(insn.op(), dst.value(), src.value()) : null;
        if (fork != null) {
            VerifierState other = path.pushStack(path.insnIndex(), path.insnIndex());
            other.func().setReg(insn.dst(), forked(dst, fork.other()));
            dst = forked(dst, fork.here());
        }
        if (!isComputable(path, insn.op(), src.value())) {
            path.setReg(insn.dst(), RegState.UNKNOWN);
            return;
        }
        RegState result = dst.withValue(ScalarAlu.apply(insn.op(), dst.value(), src.value()));
        path.setReg(insn.dst(), linked(insn, dst, src, result));
    }

    private static boolean isComputable(Exploration path, Op op, ScalarValue src) {
        return switch (op.alu()) {
            case DIV, SDIV, MOD, SMOD ->
                src.isConst(op.is64()) && path.unit().kernel().has(KernelRule.DIVISIONS_HAVE_RANGES);
            case LSH, RSH, ARSH -> src.isConst(op.is64()) && Long.compareUnsigned(src.umax(), op.width()) < 0;
            default -> true;
        };
    }

    private static RegState forked(RegState dst, ScalarValue value) {
        return value.isConst() ? dst.withValue(value).withId(0).withDelta(0).withParentId(0) : dst.withValue(value);
    }

    /** After an addition of a constant the register stays linked to its copies, with that distance. */
    private static RegState linked(Insn insn, RegState before, RegState src, RegState result) {
        Op op = insn.op();
        boolean isSum = op.alu() == Op.Alu.ADD || op.alu() == Op.Alu.SUB;
        boolean ofItself = op.operand() == Op.Operand.REG && insn.src() == insn.dst();
        if (!isSum || result.id() == 0 || !src.value().isConst(op.is64()) || ofItself) {
            return Registers.withoutScalarId(result);
        }
        long constant = src.value().value(op.is64());
        boolean fits = op.is64() ? constant == (int) constant : Long.compareUnsigned(before.umax(), MAX_U32) <= 0;
        int delta = (int) constant;
        boolean negatable = op.alu() == Op.Alu.ADD || delta != Integer.MIN_VALUE;
        if (!fits || !negatable || (result.id() & RegState.ADD_CONST) != 0) {
            return Registers.withoutScalarId(result);
        }
        int bit = op.is64() ? RegState.ADD_CONST64 : RegState.ADD_CONST32;
        return result.withId(result.id() | bit).withDelta(op.alu() == Op.Alu.SUB ? -delta : delta);
    }
}
