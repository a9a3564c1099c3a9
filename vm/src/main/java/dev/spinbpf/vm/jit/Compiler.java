package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.MachineCode;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a hidden class of a program: a static method for each function, or several for a large one, and the method that
 * an execution calls, which finds the function by its start.
 *
 * <p>The class belongs to the package of the execution engine, so that it reaches the engine's state, and nothing else
 * can name it. Helpers, the guest's memory segment and the handles for its cells are constants of the class.
 */
public final class Compiler {
    static final MethodTypeDesc FUNCTION = MethodWriter.type(CD_long, 6, MethodWriter.EXECUTION);

    /** Most instructions of all functions together; a program of a hostile shape may have the same ones in each. */
    static final int MOST_INSNS = 1 << 20;

    private static final ClassDesc MACHINE_CODE = ClassDesc.of("dev.spinbpf.vm.exec.MachineCode");
    private static final MethodTypeDesc CALL = MethodWriter.type(CD_long, 6, MethodWriter.EXECUTION, CD_int);
    private static final MethodTypeDesc PIECE = MethodTypeDesc.of(CD_int, MethodWriter.EXECUTION, CD_int);
    private static final MethodTypeDesc BEGIN = MethodWriter.type(CD_void, 6, MethodWriter.EXECUTION);
    private static final MethodTypeDesc IS_NARROW = MethodTypeDesc.of(ConstantDescs.CD_boolean);
    private static final MethodTypeDesc RESULT = MethodTypeDesc.of(CD_long, MethodWriter.EXECUTION);
    private static final MethodTypeDesc UNCOMPILED = MethodTypeDesc.of(CD_long, MethodWriter.EXECUTION, CD_int);

    private final MethodEmitter.Unit unit;
    private final Code code;

    Compiler(Code code, AccessMode access) {
        this.code = code;
        String name = code.program().name().replaceAll("[^A-Za-z0-9_]", "_");
        unit = new MethodEmitter.Unit(
                code,
                ClassDesc.of("dev.spinbpf.vm.exec.Compiled_" + name),
                new ClassConstants(),
                GuestAccess.possible(access));
    }

    /**
     * Compiles a program, which is interpreted meanwhile.
     *
     * @param access the way of its loads and stores; each is checked where there is no other way
     * @throws NotCompilableException where it has to stay interpreted
     */
    public static MachineCode compile(Code code, AccessMode access) throws NotCompilableException {
        Compiler compiler = new Compiler(code, access);
        try {
            return MachineCode.define(compiler.classFile(), compiler.constants());
        } catch (IllegalArgumentException e) {
            throw new NotCompilableException("the class file would be too large: " + e.getMessage());
        }
    }

    /** The name of the method of the function that starts at an index. */
    static String functionName(int start) {
        return "f" + start;
    }

    /** The name of a piece's method; {@code bin/spinbpf} tells HotSpot by it what to compile sooner. */
    private static String pieceName(int start, Piece piece) {
        return "piece" + start + "_" + piece.number();
    }

    /** Returns the objects that the class loads as constants, once its file was made. */
    List<Object> constants() {
        return unit.constants().objects();
    }

    byte[] classFile() throws NotCompilableException {
        List<FunctionBlocks> functions = new ArrayList<>();
        long insns = 0;
        for (int start : code.functionStarts()) {
            FunctionBlocks function = new FunctionBlocks(code, start);
            functions.add(function);
            insns += function.insns();
            if (insns > MOST_INSNS) {
                throw new NotCompilableException("its functions have more than " + MOST_INSNS + " instructions");
            }
        }
        List<List<Piece>> pieces = new ArrayList<>();
        for (FunctionBlocks function : functions) {
            pieces.add(Piece.of(code, function));
            if (pieces.getLast().size() > Piece.MOST) {
                throw new NotCompilableException("a function is larger than " + Piece.MOST + " methods");
            }
        }
        return ClassFile.of().build(unit.name(), builder -> {
            builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER);
            builder.withInterfaceSymbols(MACHINE_CODE);
            builder.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, 0, Compiler::constructor);
            builder.withMethodBody("call", CALL, ClassFile.ACC_PUBLIC, out -> dispatch(out, functions));
            builder.withMethodBody("isNarrow", IS_NARROW, ClassFile.ACC_PUBLIC, out -> out.loadConstant(
                            unit.access() == AccessMode.MASKED ? 1 : 0)
                    .ireturn());
            for (int i = 0; i < functions.size(); i++) {
                function(builder, functions.get(i), pieces.get(i));
            }
        });
    }

    private static void constructor(CodeBuilder out) {
        out.aload(0)
                .invokespecial(CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                .return_();
    }

    /** The method of the interface: parameters are the execution, the function's start, r1 to r5, r10. */
    private void dispatch(CodeBuilder out, List<FunctionBlocks> functions) {
        Label none = out.newLabel();
        List<SwitchCase> cases = new ArrayList<>();
        for (FunctionBlocks function : functions) {
            cases.add(SwitchCase.of(function.start(), out.newLabel()));
        }
        out.iload(2).lookupswitch(none, cases);
        for (SwitchCase function : cases) {
            out.labelBinding(function.target()).aload(1);
            for (int variable = 3; variable <= 13; variable += 2) {
                out.lload(variable);
            }
            out.invokestatic(unit.name(), functionName(function.caseValue()), FUNCTION)
                    .lreturn();
        }
        out.labelBinding(none).aload(1).iload(2);
        out.invokestatic(MethodWriter.CALLS, "uncompiled", UNCOMPILED).lreturn();
    }

    private void function(ClassBuilder builder, FunctionBlocks function, List<Piece> pieces) {
        int flags = ClassFile.ACC_STATIC | ClassFile.ACC_PRIVATE;
        String name = functionName(function.start());
        FlowGraph graph = new FlowGraph(code, function, Piece.room(code, function, pieces));
        if (pieces.size() == 1) {
            builder.withMethodBody(name, FUNCTION, flags, out -> new MethodEmitter(
                            out, unit, function, graph, pieces, pieces.getFirst())
                    .emit());
            return;
        }
        builder.withMethodBody(name, FUNCTION, flags, out -> goThrough(out, function, pieces));
        for (Piece piece : pieces) {
            builder.withMethodBody(pieceName(function.start(), piece), PIECE, flags, out -> new MethodEmitter(
                            out, unit, function, graph, pieces, piece)
                    .emit());
        }
    }

    /** Calls one piece after the other, as the ticket says that each returns. */
    private void goThrough(CodeBuilder out, FunctionBlocks function, List<Piece> pieces) {
        int ticket = 13;
        out.aload(0);
        for (int variable = 1; variable <= 11; variable += 2) {
            out.lload(variable);
        }
        out.invokestatic(MethodWriter.CALLS, "beginPieces", BEGIN);
        out.loadConstant(Piece.pieceOf(pieces, function.start()).ticket(function.start()))
                .istore(ticket);
        Label next = out.newLabel();
        Label done = out.newLabel();
        List<SwitchCase> cases = new ArrayList<>();
        for (Piece piece : pieces) {
            cases.add(SwitchCase.of(piece.number(), out.newLabel()));
        }
        out.labelBinding(next);
        out.iload(ticket).loadConstant(Piece.ENTRY_BITS).ishr().tableswitch(0, pieces.size() - 1, done, cases);
        for (Piece piece : pieces) {
            out.labelBinding(cases.get(piece.number()).target());
            out.aload(0).iload(ticket);
            out.invokestatic(unit.name(), pieceName(function.start(), piece), PIECE)
                    .istore(ticket)
                    .goto_(next);
        }
        out.labelBinding(done).aload(0);
        out.invokestatic(MethodWriter.CALLS, "result", RESULT).lreturn();
    }
}
