package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;

/** Writes arithmetic and conditions: Java's operators where there are some, else calls of the shared semantics. */
final class AluEmitter {
    private static final ClassDesc LONG = ClassDesc.of("java.lang.Long");
    private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");
    private static final ClassDesc OP = ClassDesc.of("dev.spinbpf.programs.isa.Op");

    private final MethodWriter method;
    private final CodeBuilder out;

    AluEmitter(MethodWriter method) {
        this.method = method;
        this.out = method.out;
    }

    /**
     * Writes dst = dst OP operand.
     *
     * @param constant the operand where it is no register
     */
    void arithmetic(Insn insn, long constant) {
        if (insn.op().is64()) {
            arithmetic64(insn, constant);
        } else {
            arithmetic32(insn, constant);
        }
        method.store(insn.dst());
    }

    private void operand(Insn insn, long constant) {
        if (insn.op().usesSrcRegister()) {
            method.load(insn.src());
        } else {
            out.loadConstant(constant);
        }
    }

    private void intOperand(Insn insn, long constant) {
        if (insn.op().usesSrcRegister()) {
            method.load(insn.src());
            out.l2i();
        } else {
            out.loadConstant((int) constant);
        }
    }

    private void arithmetic64(Insn insn, long constant) {
        Op.Alu operator = insn.op().alu();
        if (operator != Op.Alu.MOV) {
            method.load(insn.dst());
        }
        boolean shifts = operator == Op.Alu.LSH || operator == Op.Alu.RSH || operator == Op.Alu.ARSH;
        if (shifts) {
            intOperand(insn, constant);
        } else {
            operand(insn, constant);
        }
        switch (operator) {
            case ADD -> out.ladd();
            case SUB -> out.lsub();
            case MUL -> out.lmul();
            case DIV -> semantics("div64");
            case SDIV -> semantics("sdiv64");
            case OR -> out.lor();
            case AND -> out.land();
            case LSH -> out.lshl();
            case RSH -> out.lushr();
            case MOD -> semantics("mod64");
            case SMOD -> semantics("smod64");
            case XOR -> out.lxor();
            case MOV -> {}
            case ARSH -> out.lshr();
        }
    }

    private void semantics(String name) {
        method.callStatic(MethodWriter.ALU, name, CD_long, CD_long, CD_long);
    }

    private void arithmetic32(Insn insn, long constant) {
        Op.Alu operator = insn.op().alu();
        switch (operator) {
            case DIV, SDIV, MOD, SMOD -> {
                method.load(insn.dst());
                operand(insn, constant);
                semantics(divisionName(operator));
                return;
            }
            case MOV -> {
                intOperand(insn, constant);
                method.zeroExtend();
                return;
            }
            default -> {}
        }
        method.load(insn.dst());
        out.l2i();
        intOperand(insn, constant);
        switch (operator) {
            case ADD -> out.iadd();
            case SUB -> out.isub();
            case MUL -> out.imul();
            case OR -> out.ior();
            case AND -> out.iand();
            case LSH -> out.ishl();
            case RSH -> out.iushr();
            case XOR -> out.ixor();
            case ARSH -> out.ishr();
            case DIV, SDIV, MOD, SMOD, MOV -> throw new IllegalArgumentException(operator + " was written already");
        }
        method.zeroExtend();
    }

    private static String divisionName(Op.Alu operator) {
        return switch (operator) {
            case DIV -> "div32";
            case SDIV -> "sdiv32";
            case MOD -> "mod32";
            case SMOD -> "smod32";
            default -> throw new IllegalArgumentException(operator + " is no division");
        };
    }

    /** Writes a sign extension. */
    void extend(Insn insn) {
        method.load(insn.src());
        switch (insn.op().fromWidth()) {
            case 8 -> out.l2i().i2b();
            case 16 -> out.l2i().i2s();
            default -> out.l2i();
        }
        if (insn.op().is64()) {
            out.i2l();
        } else {
            method.zeroExtend();
        }
        method.store(insn.dst());
    }

    /** Writes a negation. */
    void negate(Insn insn) {
        method.load(insn.dst());
        if (insn.op().is64()) {
            out.lneg();
        } else {
            out.l2i().ineg();
            method.zeroExtend();
        }
        method.store(insn.dst());
    }

    /** Writes a conversion between byte orders. */
    void swap(Insn insn) {
        out.getstatic(OP, insn.op().name(), OP);
        method.load(insn.dst());
        method.callStatic(MethodWriter.ALU, "byteSwap", CD_long, OP, CD_long);
        method.store(insn.dst());
    }

    /** Writes a jump to the label where the condition holds. */
    void jumpIf(Insn insn, long constant, Label taken) {
        if (insn.op().is64()) {
            compare64(insn, constant, taken);
        } else {
            compare32(insn, constant, taken);
        }
    }

    private void compare64(Insn insn, long constant, Label taken) {
        method.load(insn.dst());
        operand(insn, constant);
        Op.Cond condition = insn.op().cond();
        switch (condition) {
            case JSET -> out.land().lconst_0().lcmp();
            case JGT, JGE, JLT, JLE -> method.callStatic(LONG, "compareUnsigned", CD_int, CD_long, CD_long);
            case JEQ, JNE, JSGT, JSGE, JSLT, JSLE -> out.lcmp();
        }
        jumpOnSign(condition, taken);
    }

    private void compare32(Insn insn, long constant, Label taken) {
        method.load(insn.dst());
        out.l2i();
        intOperand(insn, constant);
        Op.Cond condition = insn.op().cond();
        switch (condition) {
            case JEQ -> out.if_icmpeq(taken);
            case JNE -> out.if_icmpne(taken);
            case JSGT -> out.if_icmpgt(taken);
            case JSGE -> out.if_icmpge(taken);
            case JSLT -> out.if_icmplt(taken);
            case JSLE -> out.if_icmple(taken);
            case JSET -> out.iand().ifne(taken);
            case JGT, JGE, JLT, JLE -> {
                method.callStatic(INTEGER, "compareUnsigned", CD_int, CD_int, CD_int);
                jumpOnSign(condition, taken);
            }
        }
    }

    private void jumpOnSign(Op.Cond condition, Label taken) {
        switch (condition) {
            case JEQ -> out.ifeq(taken);
            case JNE, JSET -> out.ifne(taken);
            case JGT, JSGT -> out.ifgt(taken);
            case JGE, JSGE -> out.ifge(taken);
            case JLT, JSLT -> out.iflt(taken);
            case JLE, JSLE -> out.ifle(taken);
        }
    }
}
