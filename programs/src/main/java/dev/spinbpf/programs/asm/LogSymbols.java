package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.HelperIds;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Operands as the kernel's log shows them: numbers, and the names of helpers and kfuncs before theirs. */
final class LogSymbols implements Symbols {
    private final Function<Insn, @Nullable String> kfuncName;

    LogSymbols(Function<Insn, @Nullable String> kfuncName) {
        this.kfuncName = kfuncName;
    }

    @Override
    public String wideImmediate(int slot, Insn insn) {
        return "0x" + Long.toHexString(insn.imm());
    }

    @Override
    public String jumpTarget(int slot, Insn insn) {
        return relative(insn.jumpOffset());
    }

    @Override
    public String callee(int slot, Insn insn) {
        int number = insn.immLow();
        if (insn.op() == Op.CALL_SUBPROG) {
            return relative(number);
        }
        boolean helper = insn.op() == Op.CALL_HELPER;
        String name = helper ? HelperIds.name(number) : kfuncName.apply(insn);
        String fallback = helper ? "unknown" : "kernel-function";
        return (name == null ? fallback : name) + "#" + number;
    }

    /** A distance in slots, with its sign. */
    static String relative(int slots) {
        return "pc" + Disassembler.signed(slots);
    }
}
