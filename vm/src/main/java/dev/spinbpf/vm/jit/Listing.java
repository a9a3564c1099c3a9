package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.asm.Disassembler;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.vm.exec.Code;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.constant.DynamicConstantDesc;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The JVM bytecode of a program as text, below the BPF instruction and the source line that each part comes from. */
public final class Listing {
    private static final String INDENT = " ".repeat(12);

    private final Code code;
    private final StringBuilder text = new StringBuilder();
    private final Map<Label, String> labels = new HashMap<>();
    private @Nullable LineInfo line;

    private Listing(Code code) {
        this.code = code;
    }

    /**
     * Returns a program's bytecode, a method for each function or piece of one.
     *
     * @throws NotCompilableException where it has to stay interpreted
     */
    public static String of(Code code, AccessMode access) throws NotCompilableException {
        ProgramParts parts = ProgramParts.of(code);
        Listing listing = new Listing(code);
        listing.add(new Compiler(code, access, parts.whole()).classFile());
        new PieceCompiler(code, access, parts, null, Piece.PIECE_SIZE)
                .classFiles()
                .forEach(listing::add);
        return listing.text.toString();
    }

    private void add(byte[] classFile) {
        for (MethodModel method : ClassFile.of().parse(classFile).methods()) {
            if (method.flags().has(AccessFlag.STATIC)) {
                method.code().ifPresent(body -> method(method, body));
            }
        }
    }

    private void method(MethodModel method, CodeModel body) {
        text.append(text.isEmpty() ? "" : "\n");
        text.append(method.methodName().stringValue()).append(": ");
        text.append(((CodeAttribute) body).codeLength()).append(" bytes of bytecode\n");
        labels.clear();
        line = null;
        for (CodeElement element : body) {
            switch (element) {
                case LineNumber number -> instruction(number.line() - 1);
                case LabelTarget target ->
                    text.append("  ").append(name(target.label())).append(":\n");
                case Instruction insn -> text.append(INDENT).append(text(insn)).append('\n');
                default -> {}
            }
        }
    }

    private void instruction(int slot) {
        LineInfo from = code.program().lineAt(slot);
        if (from != null && !from.equals(line)) {
            text.append("; ").append(from.text().strip()).append(" @ ");
            text.append(from.place()).append('\n');
        }
        line = from;
        String insn = Disassembler.logText(code.program().insns().get(slot), code::kfuncName);
        text.append("%6d: %s%n".formatted(slot, insn));
    }

    private String name(Label label) {
        return labels.computeIfAbsent(label, _ -> "L" + labels.size());
    }

    private String text(Instruction insn) {
        String operation = insn.opcode().name().toLowerCase(Locale.ROOT).replaceFirst("_(\\d|w|m1)$", "");
        String operand =
                switch (insn) {
                    case LoadInstruction load -> variable(load.slot(), load.typeKind());
                    case StoreInstruction store -> variable(store.slot(), store.typeKind());
                    case IncrementInstruction increment ->
                        variable(increment.slot(), TypeKind.INT) + " " + increment.constant();
                    case ConstantInstruction constant -> constant(constant);
                    case BranchInstruction branch -> name(branch.target());
                    case TableSwitchInstruction cases -> cases(cases.cases(), cases.defaultTarget());
                    case LookupSwitchInstruction cases -> cases(cases.cases(), cases.defaultTarget());
                    case InvokeInstruction call ->
                        simple(call.owner().asInternalName()) + "."
                                + call.name().stringValue();
                    case FieldInstruction field ->
                        simple(field.owner().asInternalName()) + "."
                                + field.name().stringValue();
                    default -> "";
                };
        return operand.isEmpty() ? operation : operation + " " + operand;
    }

    private static String variable(int slot, TypeKind kind) {
        return MethodWriter.nameOf(slot, kind == TypeKind.INT);
    }

    /** A number, or the class of an object. */
    private static String constant(ConstantInstruction constant) {
        return constant.constantValue() instanceof DynamicConstantDesc<?> object
                ? object.constantType().displayName()
                : String.valueOf(constant.constantValue());
    }

    private String cases(List<SwitchCase> cases, Label otherwise) {
        return cases.stream()
                .map(one -> one.caseValue() + ": " + name(one.target()))
                .collect(Collectors.joining(", ", "", ", else " + name(otherwise)));
    }

    private static String simple(String internalName) {
        return internalName.substring(internalName.lastIndexOf('/') + 1);
    }
}
