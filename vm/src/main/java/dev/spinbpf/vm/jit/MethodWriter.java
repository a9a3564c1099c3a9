package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import dev.spinbpf.vm.exec.PieceCode;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;

/**
 * The variables of a method, and the calls that all emitters write.
 *
 * <p>Variable 0 is the execution; r1 to r5 and r10 follow as a function's parameters, then the other registers, then
 * what is left to run until the next poll, the index of the instruction that may raise an exception, and what is left of
 * {@code may_goto}.
 */
final class MethodWriter {
    static final ClassDesc EXECUTION = ClassDesc.of("dev.spinbpf.vm.exec.Execution");
    static final ClassDesc CALLS = ClassDesc.of("dev.spinbpf.vm.exec.CompiledCalls");
    static final ClassDesc ALU = ClassDesc.of("dev.spinbpf.vm.exec.AluSemantics");
    static final ClassDesc MEMORY = ClassDesc.of("dev.spinbpf.vm.exec.MemorySemantics");

    static final int REGISTERS = 11;
    static final int RUN = 0;

    private static final int[] VARIABLES = {13, 1, 3, 5, 7, 9, 15, 17, 19, 21, 11};
    private static final int LEFT = 23;
    private static final int AT = 24;

    /**
     * The value of the variable when nothing is left to run. It falls below where a method runs on to its next poll,
     * but not by so much that it becomes negative: that takes a way of this many instructions without a loop.
     */
    private static final int ZERO_LEFT = 1 << 29;

    private static final int MAY_GOTO = 25;
    private static final int TICKET = 27;
    private static final int FILE = 28;
    private static final int EXCEPTION = 29;
    private static final int SANDBOX = 30;
    private static final int LOOP_COUNT = 32;
    private static final int LOOP_ROUND = 34;
    private static final int SLOTS = 36;

    /** Bits of the host's addresses; HotSpot knows by this mask how large a sum with one can be. */
    private static final long HOST_ADDRESS_MASK = (1L << 47) - 1;

    /** The parameter of a piece, which the variable of r1 takes the place of. */
    private static final int TICKET_PARAMETER = 1;

    static final long LOW_HALF = 0xffff_ffffL;

    private static final ClassDesc FILE_TYPE = CD_long.arrayType();
    private static final MethodTypeDesc REFILL = MethodTypeDesc.of(CD_int, CD_int, CD_int);

    final CodeBuilder out;

    private final Label goOn;
    private final int first;

    /**
     * @param first index of the method's first instruction, from which it counts
     * @param goOn the place that leaves to the interpreter, or for a tail call's target
     */
    MethodWriter(CodeBuilder out, int first, Label goOn) {
        this.out = out;
        this.first = first;
        this.goOn = goOn;
    }

    /** Returns the name of a variable, for listings. */
    static String nameOf(int variable, boolean isInt) {
        for (int register = 0; !isInt && register < REGISTERS; register++) {
            if (VARIABLES[register] == variable) {
                return "r" + register;
            }
        }
        return switch (variable) {
            case RUN -> "run";
            case LEFT -> "left";
            case AT -> "at";
            case MAY_GOTO -> "may_goto";
            case FILE -> "registers";
            case EXCEPTION -> "exception";
            case SANDBOX -> "sandbox";
            case LOOP_COUNT -> "rounds";
            case LOOP_ROUND -> "round";
            default -> isInt ? "ticket" : "cell" + (variable - SLOTS) / 2;
        };
    }

    void load(int register) {
        out.lload(VARIABLES[register]);
    }

    void store(int register) {
        out.lstore(VARIABLES[register]);
    }

    /** Turns the int on the operand stack into a zero-extended long. */
    void zeroExtend() {
        out.i2l().loadConstant(LOW_HALF).land();
    }

    void callStatic(ClassDesc owner, String name, ClassDesc returned, ClassDesc... parameters) {
        out.invokestatic(owner, name, MethodTypeDesc.of(returned, parameters));
    }

    /** Calls what takes the execution first. */
    void callRun(String name, MethodTypeDesc type) {
        out.invokestatic(CALLS, name, type.insertParameterTypes(0, EXECUTION));
    }

    void loadRun() {
        out.aload(RUN);
    }

    /** Notes the instruction that may raise an exception, for the handler. */
    void at(int index) {
        out.loadConstant(index).istore(AT);
    }

    void loadAt() {
        out.iload(AT);
    }

    /** Notes the instruction where helpers ask for it. */
    void publishAt(int index) {
        at(index);
        out.aload(RUN).iload(AT).putfield(EXECUTION, "at", CD_int);
    }

    /** Counts instructions; a negative number takes some back. */
    void count(int insns) {
        if (insns >= -Short.MAX_VALUE && insns <= Short.MAX_VALUE) {
            if (insns != 0) {
                out.iinc(LEFT, -insns);
            }
            return;
        }
        out.iload(LEFT).loadConstant(insns).isub().istore(LEFT);
    }

    void readLeft() {
        out.aload(RUN).getfield(EXECUTION, "left", CD_int);
        storeLeft(0);
    }

    private void storeLeft(int uncounted) {
        out.loadConstant(ZERO_LEFT + uncounted).iadd().istore(LEFT);
    }

    /**
     * Begins a loop's outer part. Tells HotSpot that the variable is not negative, so that it does not wrap around in the loop: only
     * then is that a counted loop for HotSpot, which it unrolls.
     */
    void beginLoop() {
        out.iload(LEFT).loadConstant(Integer.MAX_VALUE).iand().istore(LEFT);
    }

    /**
     * Tells the execution what is left.
     *
     * @param uncounted instructions that were executed but not counted
     */
    void publishLeft(int uncounted) {
        out.aload(RUN);
        loadLeft(uncounted);
        out.putfield(EXECUTION, "left", CD_int);
    }

    private void loadLeft(int uncounted) {
        out.iload(LEFT).loadConstant(ZERO_LEFT + uncounted).isub();
    }

    /** Jumps where the instructions that may run until the next poll are not used up. */
    void jumpIfLeft(int uncounted, Label enough) {
        out.iload(LEFT).loadConstant(ZERO_LEFT + uncounted).if_icmpge(enough);
    }

    /** Polls before the instruction at an index, where uncounted instructions have been executed and still are afterwards. */
    void poll(int next, int uncounted) {
        at(next);
        out.aload(RUN);
        loadLeft(uncounted);
        out.iload(AT);
        callRun("refill", REFILL);
        goOnIfNegative(next, uncounted);
    }

    /** Takes what is left from the operand stack; leaves for the interpreter where it is negative. */
    void goOnIfNegative(int next, int uncounted) {
        out.dup();
        storeLeft(uncounted);
        Label enough = out.newLabel();
        out.ifge(enough);
        goOnAt(next, uncounted);
        out.labelBinding(enough);
    }

    /** Leaves for the interpreter, which goes on at an index. */
    void goOnAt(int next, int uncounted) {
        at(next);
        count(uncounted);
        out.goto_(goOn);
    }

    void loadRegisters() {
        for (int register = 0; register < REGISTERS; register++) {
            load(register);
        }
    }

    void initializeSandbox() {
        out.aload(RUN).getfield(EXECUTION, "sandbox", CD_long);
        out.loadConstant(HOST_ADDRESS_MASK).land().lstore(SANDBOX);
    }

    void loadSandbox() {
        out.lload(SANDBOX);
    }

    void loadLoopCount() {
        out.lload(LOOP_COUNT);
    }

    void storeLoopCount() {
        out.lstore(LOOP_COUNT);
    }

    /** Loads the number of rounds of a callback that have ended. */
    void loadRound() {
        out.lload(LOOP_ROUND);
    }

    void storeRound() {
        out.lstore(LOOP_ROUND);
    }

    void loadSlot(int slot) {
        out.lload(SLOTS + 2 * slot);
    }

    void storeSlot(int slot) {
        out.lstore(SLOTS + 2 * slot);
    }

    /** Gives all variables but the parameters a value. */
    void initialize(boolean countsMayGoto, int mayGotoLimit) {
        for (int register : new int[] {0, 6, 7, 8, 9}) {
            out.lconst_0();
            store(register);
        }
        at(first);
        readLeft();
        if (countsMayGoto) {
            out.loadConstant((long) mayGotoLimit).lstore(MAY_GOTO);
        }
    }

    void countMayGoto(Label exhausted) {
        out.lload(MAY_GOTO).lconst_1().lsub().dup2().lstore(MAY_GOTO);
        out.lconst_0().lcmp().iflt(exhausted);
    }

    void publishMayGoto() {
        out.aload(RUN).lload(MAY_GOTO).putfield(EXECUTION, "mayGotoLeft", CD_long);
    }

    void readMayGoto() {
        out.aload(RUN).getfield(EXECUTION, "mayGotoLeft", CD_long).lstore(MAY_GOTO);
    }

    private void loadRegisterFile() {
        out.aload(RUN).getfield(EXECUTION, "registers", FILE_TYPE);
    }

    /** Gives the variables of a piece their values, out of the execution. */
    void initializePiece(boolean countsMayGoto) {
        out.iload(TICKET_PARAMETER).istore(TICKET);
        loadRegisterFile();
        out.astore(FILE);
        for (int register = 0; register < REGISTERS; register++) {
            out.aload(FILE).loadConstant(register).laload();
            store(register);
        }
        at(first);
        readLeft();
        if (countsMayGoto) {
            readMayGoto();
        }
    }

    /** Puts the number of the entry that the ticket names on the operand stack. */
    void loadEntry() {
        out.iload(TICKET).loadConstant((1 << PieceCode.ENTRY_BITS) - 1).iand();
    }

    void storeTicket() {
        out.istore(TICKET);
    }

    void returnTicket() {
        out.iload(TICKET).ireturn();
    }

    void publishRegisters() {
        loadRegisterFile();
        out.astore(FILE);
        for (int register = 0; register < REGISTERS; register++) {
            out.aload(FILE).loadConstant(register);
            load(register);
            out.lastore();
        }
    }

    /** Tells the execution where the interpreter has to go on. */
    void publishResume() {
        out.aload(RUN).iload(AT).putfield(EXECUTION, "resumeAt", CD_int);
    }

    /** Takes r0 from the operand stack. */
    void storeResult() {
        store(0);
    }

    /** Stores the exception on the operand stack, and loads what a call that reports it begins with. */
    void storeException() {
        out.astore(EXCEPTION).aload(RUN).aload(EXCEPTION).iload(AT);
    }

    /** Returns the type of a method of so many longs after its first parameters. */
    static MethodTypeDesc type(ClassDesc returned, int longs, ClassDesc... first) {
        ClassDesc[] parameters = Arrays.copyOf(first, first.length + longs);
        Arrays.fill(parameters, first.length, parameters.length, CD_long);
        return MethodTypeDesc.of(returned, parameters);
    }
}
