package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.domain.ScalarAlu;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;

/** Arithmetic instructions: Linux's {@code check_alu_op}. */
public final class Arithmetic {
    private static final long MAX_U32 = 0xffff_ffffL;

    private Arithmetic() {}

    /** Checks an instruction of kind ALU, MOVSX, NEG, BYTE_SWAP or ADDR_SPACE_CAST and applies it. */
    public static void check(VerifierEnv env, Insn insn) {
        switch (insn.op().kind()) {
            case NEG, BYTE_SWAP -> checkUnary(env, insn);
            case MOVSX -> checkSignExtension(env, insn);
            case ADDR_SPACE_CAST -> checkAddressSpaceCast(env, insn);
            case ALU -> {
                if (insn.op().alu() == Op.Alu.MOV) {
                    checkMove(env, insn);
                } else {
                    checkBinary(env, insn);
                }
            }
            default -> throw new IllegalArgumentException(insn.op().name());
        }
        RegState result = env.reg(insn.dst());
        env.setReg(insn.dst(), result.withValue(result.value().sane()));
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

    private static void checkUnary(VerifierEnv env, Insn insn) {
        RegState reg = Registers.checkSource(env, insn.dst());
        Registers.checkDestination(env, insn.dst());
        if (!reg.isScalar()) {
            env.setReg(insn.dst(), RegState.UNKNOWN);
            return;
        }
        RegState result = reg.withValue(ScalarAlu.apply(insn.op(), reg.value(), reg.value()));
        env.setReg(insn.dst(), insn.op() == Op.LE64 ? result : Registers.withoutScalarId(result));
    }

    private static void checkAddressSpaceCast(VerifierEnv env, Insn insn) {
        boolean hasArena = env.maps().stream().anyMatch(map -> map.type() == MapType.ARENA);
        if (!hasArena) {
            throw env.reject(
                    Errno.EINVAL, "addr_space_cast insn can only be used in a program that has an associated arena");
        }
        Registers.checkSource(env, insn.src());
        Registers.checkDestination(env, insn.dst());
        env.setReg(
                insn.dst(),
                insn.imm() == 1
                        ? RegState.pointer(RegType.PTR_TO_ARENA, 0, RegPayload.NONE)
                                .withValue(ScalarValue.unknown())
                        : RegState.UNKNOWN);
    }

    private static void checkMove(VerifierEnv env, Insn insn) {
        if (insn.op().operand() == Op.Operand.IMM) {
            Registers.checkDestination(env, insn.dst());
            env.setReg(insn.dst(), RegState.constant(insn.op().is64() ? insn.imm() : insn.imm() & MAX_U32));
            return;
        }
        RegState src = Registers.checkSource(env, insn.src());
        Registers.checkDestination(env, insn.dst());
        if (insn.op().is64()) {
            RegState linked = Registers.withScalarId(env, src);
            env.setReg(insn.src(), linked);
            env.setReg(insn.dst(), linked);
            return;
        }
        if (!src.isScalar()) {
            env.setReg(
                    insn.dst(),
                    RegState.UNKNOWN.withValue(
                            ScalarAlu.apply(insn.op(), ScalarValue.unknown(), ScalarValue.unknown())));
            return;
        }
        boolean keepsValue = Registers.width(src) <= Integer.SIZE;
        RegState copy = copied(env, insn, src, keepsValue);
        env.setReg(insn.dst(), copy.withValue(ScalarAlu.apply(insn.op(), copy.value(), copy.value())));
    }

    private static RegState copied(VerifierEnv env, Insn insn, RegState src, boolean keepsValue) {
        if (!keepsValue) {
            return Registers.withoutScalarId(src);
        }
        RegState linked = Registers.withScalarId(env, src);
        env.setReg(insn.src(), linked);
        return linked;
    }

    private static void checkSignExtension(VerifierEnv env, Insn insn) {
        RegState src = Registers.checkSource(env, insn.src());
        Registers.checkDestination(env, insn.dst());
        if (!src.isScalar()) {
            ScalarValue any = ScalarValue.unknown();
            env.setReg(
                    insn.dst(),
                    RegState.scalar(insn.op().is64() ? any : any.zext32().synced()));
            return;
        }
        boolean keepsValue = Long.compareUnsigned(src.umax(), 1L << (insn.op().fromWidth() - 1)) < 0;
        RegState copy = copied(env, insn, src, keepsValue);
        env.setReg(insn.dst(), copy.withValue(ScalarAlu.apply(insn.op(), copy.value(), copy.value())));
    }

    private static void checkBinary(VerifierEnv env, Insn insn) {
        Op op = insn.op();
        boolean immediate = op.operand() == Op.Operand.IMM;
        if (!immediate) {
            Registers.checkSource(env, insn.src());
        }
        Registers.checkSource(env, insn.dst());
        if (immediate) {
            checkImmediate(env, insn);
        }
        Registers.checkDestination(env, insn.dst());
        RegState dst = env.reg(insn.dst());
        RegState src = immediate ? RegState.constant(insn.imm()) : env.reg(insn.src());
        if (dst.is(RegType.PTR_TO_ARENA, 0) || src.is(RegType.PTR_TO_ARENA, 0)) {
            env.setReg(insn.dst(), dst.is(RegType.PTR_TO_ARENA, 0) ? dst : src);
            return;
        }
        if (!dst.isScalar() && !src.isScalar()) {
            subtractPointers(env, insn);
        } else if (!src.isScalar()) {
            env.services().precision().markChain(env, insn.dst());
            PointerMath.adjust(env, insn, src, env.reg(insn.dst()).value(), false);
        } else if (!dst.isScalar()) {
            if (!immediate) {
                env.services().precision().markChain(env, insn.src());
            }
            PointerMath.adjust(env, insn, dst, src.value(), true);
        } else {
            if (dst.precise() && !immediate) {
                env.services().precision().markChain(env, insn.src());
            }
            checkScalars(env, insn, src);
        }
    }

    private static void checkImmediate(VerifierEnv env, Insn insn) {
        switch (insn.op().alu()) {
            case DIV, SDIV, MOD, SMOD -> {
                if (insn.imm() == 0) {
                    throw env.reject(Errno.EINVAL, "div by zero");
                }
            }
            case LSH, RSH, ARSH -> {
                if (insn.imm() < 0 || insn.imm() >= insn.op().width()) {
                    throw env.reject(Errno.EINVAL, "invalid shift %d", insn.imm());
                }
            }
            default -> {}
        }
    }

    private static void subtractPointers(VerifierEnv env, Insn insn) {
        if (insn.op().alu() != Op.Alu.SUB) {
            throw env.reject(
                    Errno.EACCES,
                    "R%d pointer %s pointer prohibited",
                    insn.dst(),
                    symbol(insn.op().alu()));
        }
        env.setReg(insn.dst(), RegState.UNKNOWN);
    }

    private static void checkScalars(VerifierEnv env, Insn insn, RegState src) {
        RegState dst = env.reg(insn.dst());
        ScalarAlu.Fork fork = ScalarAlu.fork(insn.op(), dst.value(), src.value());
        if (fork != null) {
            VerifierState other = env.pushStack(env.insnIndex(), env.insnIndex());
            other.func().setReg(insn.dst(), forked(dst, fork.other()));
            dst = forked(dst, fork.here());
        }
        if (!isComputable(insn.op(), src.value())) {
            env.setReg(insn.dst(), RegState.UNKNOWN);
            return;
        }
        RegState result = dst.withValue(ScalarAlu.apply(insn.op(), dst.value(), src.value()));
        env.setReg(insn.dst(), linked(insn, dst, src, result));
    }

    private static boolean isComputable(Op op, ScalarValue src) {
        return switch (op.alu()) {
            case DIV, SDIV, MOD, SMOD -> src.isConst(op.is64());
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
