package dev.spinbpf.vm.jit;

import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.MachineCode;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.util.function.BiPredicate;

/** Mistakes in what the compiler makes, one kind each, to see that they are found. */
public enum PlantedMistake {
    /** Logical right shifts of 64 bits shift the sign in. */
    SIGNED_SHIFT((out, element) -> is(element, "LUSHR") && out.lshr() != null),
    /** Results of 32 bits keep their sign in the upper half. */
    SIGN_EXTENSION((out, element) -> element.toString().contains("4294967295") && out.loadConstant(-1L) != null),
    /** A comparison holds for equal numbers too. */
    WRONG_COMPARISON((out, element) -> element instanceof BranchInstruction branch
            && branch.opcode().name().equals("IFGT")
            && out.ifge(branch.target()) != null),
    /** Blocks of three instructions count as two. */
    WRONG_COUNT((out, element) -> element instanceof IncrementInstruction count
            && count.constant() == -3
            && out.iinc(count.slot(), -2) != null);

    private final BiPredicate<CodeBuilder, CodeElement> mistake;

    PlantedMistake(BiPredicate<CodeBuilder, CodeElement> mistake) {
        this.mistake = mistake;
    }

    private static boolean is(CodeElement element, String opcode) {
        return element instanceof Instruction insn && insn.opcode().name().equals(opcode);
    }

    /** Compiles a program with the mistake. */
    public MachineCode compile(Code code) throws NotCompilableException {
        Compiler compiler =
                new Compiler(code, AccessMode.MASKED, ProgramParts.of(code).whole());
        ClassFile files = ClassFile.of();
        byte[] changed = files.transformClass(
                files.parse(compiler.classFile()), ClassTransform.transformingMethodBodies((out, element) -> {
                    if (!mistake.test(out, element)) {
                        out.with(element);
                    }
                }));
        return MachineCode.define(changed, compiler.constants());
    }
}
