package dev.spinbpf.vm.exec;

import dev.spinbpf.programs.asm.Disassembler;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.model.LineInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reason why a program run was stopped.
 *
 * @param program name of the program
 * @param insn slot of the instruction at fault
 * @param text the instruction in words
 * @param line the source line that it comes from, or null
 * @param reason what went wrong, with the address or value
 * @param registers r0 to r10 as they were
 */
public record Fault(
        String program, int insn, String text, @Nullable LineInfo line, String reason, List<Long> registers) {

    /** The fault of a run that a trap ended where it is. */
    static Fault of(TrapException trap, Execution run) {
        Code code = run.code();
        int slot = run.slot();
        Insn insn = code.insnAt(slot);
        return new Fault(
                code.program().name(),
                slot,
                Disassembler.logText(insn, code::kfuncName),
                code.program().lineAt(slot),
                trap.reason(insn, run.registers, code.functionName(insn)),
                run.registers());
    }

    /** Several lines: what and where, the source line, the registers. */
    public String describe() {
        StringBuilder out = new StringBuilder();
        out.append(program)
                .append(": insn ")
                .append(insn)
                .append(": ")
                .append(reason)
                .append('\n');
        out.append("  ").append(insn).append(": ").append(text).append('\n');
        if (line != null) {
            out.append("  ; ").append(line.text().strip());
            out.append(" @ ")
                    .append(line.file())
                    .append(':')
                    .append(line.line())
                    .append('\n');
        }
        for (int i = 0; i < registers.size(); i++) {
            out.append(i % 4 == 0 ? "  " : " ");
            out.append(String.format("r%-2d=%016x", i, registers.get(i)));
            if (i % 4 == 3 || i == registers.size() - 1) {
                out.append('\n');
            }
        }
        return out.toString();
    }
}
