package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import dev.spinbpf.vm.exec.MachineCode;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The ways in which a class calls the functions of its program.
 *
 * @param own where the functions start that are methods of the class
 * @param others the class of further functions that are one method each, or null
 * @param othersStarts where those start
 */
record FunctionCalls(BitSet own, @Nullable MachineCode others, BitSet othersStarts) {
    private static final ClassDesc MACHINE_CODE = ClassDesc.of("dev.spinbpf.vm.exec.MachineCode");
    private static final MethodTypeDesc CALL = MethodWriter.type(CD_long, 6, MethodWriter.EXECUTION, CD_int);
    private static final MethodTypeDesc CALL_FUNCTION = MethodWriter.type(CD_long, 6, CD_int);

    /** Those of a class that has methods for some functions; the others are cut into pieces. */
    static FunctionCalls within(BitSet own) {
        return new FunctionCalls(own, null, new BitSet());
    }

    /** Returns true for a function that is one method. */
    boolean isMethod(int start) {
        return own.get(start) || othersStarts.get(start);
    }

    /**
     * Writes a call, which leaves r0 on the operand stack.
     *
     * @param arguments loads r1 to r5 and r10
     */
    void emit(MethodWriter method, MethodEmitter.Unit unit, int start, Runnable arguments) {
        MachineCode other = !own.get(start) && othersStarts.get(start) ? others : null;
        if (other != null) {
            method.out.ldc(unit.constants().of(other, MachineCode.class));
        }
        method.loadRun();
        if (!own.get(start)) {
            method.out.loadConstant(start);
        }
        arguments.run();
        if (own.get(start)) {
            method.out.invokestatic(unit.name(), Compiler.functionName(start), Compiler.FUNCTION);
        } else if (other != null) {
            method.out.invokeinterface(MACHINE_CODE, "call", CALL);
        } else {
            method.callRun("callPieces", CALL_FUNCTION);
        }
    }
}
