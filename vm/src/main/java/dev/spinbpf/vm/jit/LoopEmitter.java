package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.vm.exec.Code;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.MethodTypeDesc;

/**
 * Calls of {@code bpf_loop} whose callback is known: a loop in place of the helper, so that HotSpot sees both. The callback polls when
 * it begins, where what it may run is used up; so the loop itself need not. What the loop does not cover (another callback, flags, too
 * many rounds) is left to the helper.
 */
final class LoopEmitter {
    private static final String HELPER = "bpf_loop";
    private static final MethodTypeDesc ENTER = MethodTypeDesc.of(CD_void);
    private static final MethodTypeDesc LEAVE = MethodTypeDesc.of(CD_void, CD_int);
    private static final int COUNT = 1;
    private static final int CALLBACK = 2;
    private static final int CONTEXT = 3;
    private static final int FLAGS = 4;

    private final MethodWriter method;
    private final CodeBuilder out;
    private final Code code;
    private final MethodEmitter.Unit unit;

    /** @param unit the class that calls the callback */
    LoopEmitter(MethodWriter method, MethodEmitter.Unit unit) {
        this.method = method;
        this.out = method.out;
        this.code = unit.code();
        this.unit = unit;
    }

    /** Returns true where a call is one of {@code bpf_loop} with a callback that is probably known. */
    private static boolean isLoop(Code code, int call) {
        return code.functionName(code.insn(call)).equals(HELPER) && KnownArguments.callback(code, call, CALLBACK) >= 0;
    }

    /** Returns the bytes of bytecode that a call may take in addition to one of a helper. */
    static int size(Code code, int call) {
        return isLoop(code, call) ? 100 : 0;
    }

    /** Returns true where a call is one of {@code bpf_loop} with a callback that is probably known, and one method. */
    static boolean takes(MethodEmitter.Unit unit, int call) {
        Code code = unit.code();
        return isLoop(code, call)
                && unit.calls().isMethod((int) code.constant(KnownArguments.callback(code, call, CALLBACK)));
    }

    /**
     * Writes the loop.
     *
     * @param helper the place that calls the helper instead
     * @param done the place behind it, where r0 is known
     */
    void emit(int call, Label helper, Label done) {
        long callback = code.constant(KnownArguments.callback(code, call, CALLBACK));
        method.load(CALLBACK);
        out.loadConstant(callback).lcmp().ifne(helper);
        method.load(FLAGS);
        out.lconst_0().lcmp().ifne(helper);
        method.load(COUNT);
        out.loadConstant(MethodWriter.LOW_HALF).land();
        method.storeLoopCount();
        method.loadLoopCount();
        out.loadConstant((long) KernelLimits.BPF_MAX_LOOPS).lcmp().ifgt(helper);
        out.lconst_0();
        method.storeRound();
        method.loadRun();
        method.callRun("enterCallback", ENTER);
        Label next = out.newLabel();
        Label end = out.newLabel();
        out.labelBinding(next);
        method.loadRound();
        method.loadLoopCount();
        out.lcmp().ifge(end);
        round((int) callback);
        method.load(0);
        out.lconst_0().lcmp().ifeq(next);
        out.labelBinding(end);
        method.loadRun();
        out.loadConstant(call);
        method.callRun("leaveCallback", LEAVE);
        method.loadRound();
        method.store(0);
        out.goto_(done);
    }

    /** Calls the callback, whose result is r0 then, and counts the round. */
    private void round(int start) {
        unit.calls().emit(method, unit, start, () -> {
            method.loadRound();
            method.load(CONTEXT);
            out.lconst_0().lconst_0().lconst_0();
            method.load(Insn.FRAME_POINTER);
            out.loadConstant((long) -KernelLimits.MAX_BPF_STACK).ladd();
        });
        method.store(0);
        method.loadRound();
        out.lconst_1().ladd();
        method.storeRound();
    }
}
