package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.MachineCode;
import dev.spinbpf.vm.exec.PiecedCode;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Makes a hidden class of a program: a static method for each function, and the method that an execution calls, which finds the
 * function by its start. A program that is too large for that is left to {@link PieceCompiler}.
 *
 * <p>The class belongs to the package of the execution engine, so that it reaches the engine's state, and nothing else
 * can name it. Helpers, the guest's memory segment and the handles for its cells are constants of the class.
 */
public final class Compiler {
    static final MethodTypeDesc FUNCTION = MethodWriter.type(CD_long, 6, MethodWriter.EXECUTION);

    private static final ClassDesc MACHINE_CODE = ClassDesc.of("dev.spinbpf.vm.exec.MachineCode");
    private static final MethodTypeDesc CALL = MethodWriter.type(CD_long, 6, MethodWriter.EXECUTION, CD_int);
    private static final MethodTypeDesc IS_NARROW = MethodTypeDesc.of(ConstantDescs.CD_boolean);
    private static final MethodTypeDesc UNCOMPILED = MethodTypeDesc.of(CD_long, MethodWriter.EXECUTION, CD_int);

    private final MethodEmitter.Unit unit;
    private final List<FunctionBlocks> functions;

    Compiler(Code code, AccessMode access, List<FunctionBlocks> functions) {
        this.functions = functions;
        BitSet own = new BitSet();
        functions.forEach(function -> own.set(function.start()));
        unit = unit(code, access, FunctionCalls.within(own));
    }

    static MethodEmitter.Unit unit(Code code, AccessMode access, FunctionCalls calls) {
        String name = code.program().name().replaceAll("[^A-Za-z0-9_]", "_");
        return new MethodEmitter.Unit(
                code,
                ClassDesc.of("dev.spinbpf.vm.exec.Compiled_" + name),
                new ClassConstants(),
                GuestAccess.possible(access),
                calls);
    }

    /**
     * Compiles a program, which is interpreted meanwhile.
     *
     * @param access the way of its loads and stores; each is checked where there is no other way
     * @return a {@link PiecedCode} for a large program, whose pieces are closed
     * @throws NotCompilableException where it has to stay interpreted
     */
    public static MachineCode compile(Code code, AccessMode access) throws NotCompilableException {
        return compile(code, access, ProgramParts.of(code), Piece.PIECE_SIZE);
    }

    static MachineCode compile(Code code, AccessMode access, ProgramParts parts, int pieceSize)
            throws NotCompilableException {
        MachineCode whole = parts.whole().isEmpty() ? null : new Compiler(code, access, parts.whole()).define();
        if (whole != null && parts.cut().isEmpty()) {
            return whole;
        }
        return new PieceCompiler(code, access, parts, whole, pieceSize).program();
    }

    private MachineCode define() throws NotCompilableException {
        try {
            return MachineCode.define(classFile(), constants());
        } catch (IllegalArgumentException e) {
            throw new NotCompilableException("the class file would be too large: " + e.getMessage());
        }
    }

    /** The name of the method of the function that starts at an index. */
    static String functionName(int start) {
        return "f" + start;
    }

    /** Returns the objects that the class loads as constants, once its file was made. */
    List<Object> constants() {
        return unit.constants().objects();
    }

    byte[] classFile() {
        return ClassFile.of().build(unit.name(), builder -> {
            builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER);
            builder.withInterfaceSymbols(MACHINE_CODE);
            builder.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, 0, Compiler::constructor);
            builder.withMethodBody("call", CALL, ClassFile.ACC_PUBLIC, this::dispatch);
            builder.withMethodBody("isNarrow", IS_NARROW, ClassFile.ACC_PUBLIC, out -> out.loadConstant(
                            unit.access() == AccessMode.MASKED ? 1 : 0)
                    .ireturn());
            functions.forEach(function -> function(builder, function));
        });
    }

    static void constructor(CodeBuilder out) {
        out.aload(0)
                .invokespecial(CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                .return_();
    }

    /** The method of the interface: parameters are the execution, the function's start, r1 to r5, r10. */
    private void dispatch(CodeBuilder out) {
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

    private void function(ClassBuilder builder, FunctionBlocks function) {
        FlowGraph graph = new FlowGraph(unit.code(), function, Piece.room(unit.code(), function));
        builder.withMethodBody(
                functionName(function.start()),
                FUNCTION,
                ClassFile.ACC_STATIC | ClassFile.ACC_PRIVATE,
                out -> new MethodEmitter(out, unit, function, graph, List.of(), Piece.whole(function)).emit());
    }
}
