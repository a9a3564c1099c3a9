package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_int;

import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.MachineCode;
import dev.spinbpf.vm.exec.PieceCode;
import dev.spinbpf.vm.exec.PiecedCode;
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
import org.jspecify.annotations.Nullable;

/**
 * Makes hidden classes of a large program, each with some pieces of its functions, when they are needed. A piece is a method that takes
 * a ticket and returns the next one.
 */
final class PieceCompiler {
    /** Pieces of a class: few, since it is made as a whole, and many, since it has some kilobytes of its own. */
    private static final int PIECES_OF_CLASS = 16;

    private static final ClassDesc PIECE_CODE = ClassDesc.of("dev.spinbpf.vm.exec.PieceCode");
    private static final MethodTypeDesc PIECE = MethodTypeDesc.of(CD_int, MethodWriter.EXECUTION, CD_int);

    private final Code code;
    private final AccessMode access;
    private final @Nullable MachineCode whole;
    private final BitSet wholeStarts = new BitSet();
    private final List<Cut> pieces = new ArrayList<>();
    private final PieceCode[] classes;
    private int longest;

    /** A piece, and the function that it belongs to. */
    private record Cut(FunctionBlocks function, FlowGraph graph, List<Piece> pieces, Piece piece) {}

    /**
     * @param whole the class of the functions that are not cut, or null
     * @param pieceSize bytes of a piece, by estimate
     */
    PieceCompiler(Code code, AccessMode access, ProgramParts parts, @Nullable MachineCode whole, int pieceSize) {
        this.code = code;
        this.access = GuestAccess.possible(access);
        this.whole = whole;
        for (FunctionBlocks function : parts.whole()) {
            wholeStarts.set(function.start());
            longest = Math.max(longest, function.insns());
        }
        for (FunctionBlocks function : parts.cut()) {
            List<Piece> cut = Piece.of(code, function, pieces.size(), pieceSize);
            FlowGraph graph = new FlowGraph(code, function, 0);
            cut.forEach(piece -> pieces.add(new Cut(function, graph, cut, piece)));
        }
        classes = new PieceCode[(pieces.size() + PIECES_OF_CLASS - 1) / PIECES_OF_CLASS];
    }

    /** Returns the program, with closed pieces. */
    PiecedCode program() {
        int[][] entries = new int[pieces.size()][];
        int[] firsts = new int[pieces.size()];
        int[] ends = new int[pieces.size()];
        for (Cut cut : pieces) {
            int number = cut.piece.number();
            entries[number] = cut.piece.entries();
            firsts[number] = cut.piece.first();
            ends[number] = cut.function.end(cut.piece.last());
            longest = Math.max(longest, ends[number] - firsts[number]);
        }
        PiecedCode.Layout layout =
                new PiecedCode.Layout(entries, firsts, ends, 8 * longest, access == AccessMode.MASKED);
        return new PiecedCode(code, layout, this::classOf, whole, wholeStarts);
    }

    /** Returns the class of a piece, which is made at the first time. */
    private synchronized PieceCode classOf(int piece) {
        int number = piece / PIECES_OF_CLASS;
        PieceCode made = classes[number];
        if (made == null) {
            MethodEmitter.Unit unit = unit();
            made = PieceCode.define(classFile(unit, number), unit.constants().objects());
            classes[number] = made;
        }
        return made;
    }

    private MethodEmitter.Unit unit() {
        return Compiler.unit(code, access, new FunctionCalls(new BitSet(), whole, wholeStarts));
    }

    /** Returns all class files. */
    List<byte[]> classFiles() {
        List<byte[]> files = new ArrayList<>();
        for (int number = 0; number < classes.length; number++) {
            files.add(classFile(unit(), number));
        }
        return files;
    }

    private byte[] classFile(MethodEmitter.Unit unit, int number) {
        int first = number * PIECES_OF_CLASS;
        List<Cut> cuts = pieces.subList(first, Math.min(first + PIECES_OF_CLASS, pieces.size()));
        return ClassFile.of().build(unit.name(), builder -> {
            builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER);
            builder.withInterfaceSymbols(PIECE_CODE);
            builder.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, 0, Compiler::constructor);
            builder.withMethodBody("enter", PIECE, ClassFile.ACC_PUBLIC, out -> enter(out, unit, cuts));
            for (Cut cut : cuts) {
                builder.withMethodBody(
                        name(cut), PIECE, ClassFile.ACC_STATIC | ClassFile.ACC_PRIVATE, out -> new MethodEmitter(
                                        out, unit, cut.function, cut.graph, cut.pieces, cut.piece)
                                .emit());
            }
        });
    }

    /** The name of a piece's method; {@code bin/spinbpf} tells HotSpot by it what to compile sooner. */
    private static String name(Cut cut) {
        return "piece" + cut.piece.number();
    }

    /** Chooses a piece by its number. */
    private static void enter(CodeBuilder out, MethodEmitter.Unit unit, List<Cut> cuts) {
        List<SwitchCase> cases = new ArrayList<>();
        for (Cut cut : cuts) {
            cases.add(SwitchCase.of(cut.piece.number(), out.newLabel()));
        }
        Label first = cases.getFirst().target();
        out.aload(1).iload(2);
        out.iload(2).loadConstant(PieceCode.ENTRY_BITS).ishr().tableswitch(first, cases);
        for (int i = 0; i < cuts.size(); i++) {
            out.labelBinding(cases.get(i).target());
            out.invokestatic(unit.name(), name(cuts.get(i)), PIECE).ireturn();
        }
    }
}
