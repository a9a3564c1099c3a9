package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One instruction in the kernel's syntax, character for character as {@code kernel/bpf/disasm.c} of Linux 7.2 prints
 * it.
 *
 * <p>Comes in two flavours, which differ in what {@link Symbols} put in for operands that refer to something else: the
 * kernel log's, {@link #logText}, and the assembler's, which names maps, functions and labels.
 */
public final class Disassembler {
    private static final Symbols NUMBERS = new LogSymbols(insn -> null);

    private Disassembler() {}

    /**
     * As the kernel's log shows it, after the slot number: {@code (bf) r2 = r10}. Kfuncs are shown without their names.
     */
    public static String logText(Insn insn) {
        return prefixed(insn, NUMBERS);
    }

    /**
     * As the kernel's log shows it: {@code (85) call bpf_res_spin_lock#5}.
     *
     * @param kfuncName gives the name of the kfunc that an instruction calls, or null if there is none
     */
    public static String logText(Insn insn, Function<Insn, @Nullable String> kfuncName) {
        return prefixed(insn, new LogSymbols(kfuncName));
    }

    private static String prefixed(Insn insn, Symbols symbols) {
        return "(%02x) %s".formatted(insn.op().opcode(), text(0, insn, symbols));
    }

    /**
     * The instruction without its opcode byte.
     *
     * @param slot its slot, which the symbols may need
     * @param insn any instruction but {@link Insn#LDDW_SECOND_SLOT}, which has no text and gives an empty string
     */
    public static String text(int slot, Insn insn, Symbols symbols) {
        Op op = insn.op();
        String dst = register(op, insn.dst());
        return switch (op.kind()) {
            case ALU -> dst + " " + Mnemonics.alu(op.alu()) + " " + operand(insn);
            case MOVSX -> dst + " = (s" + op.fromWidth() + ")" + register(op, insn.src());
            case NEG -> dst + " = -" + dst;
            case BYTE_SWAP -> "r" + insn.dst() + " = " + Mnemonics.byteSwap(op) + " r" + insn.dst();
            case ADDR_SPACE_CAST ->
                dst + " = addr_space_cast(r" + insn.src() + ", " + (insn.immLow() >>> 16) + ", "
                        + (insn.immLow() & 0xffff) + ")";
            case JA -> (op == Op.JA32 ? "gotol " : "goto ") + symbols.jumpTarget(slot, insn);
            case JCC ->
                "if " + dst + " " + Mnemonics.cond(op.cond()) + " " + comparand(insn) + " goto "
                        + symbols.jumpTarget(slot, insn);
            case MAY_GOTO -> "may_goto " + symbols.jumpTarget(slot, insn);
            case GOTO_REG -> "gotox r" + insn.dst();
            case CALL_HELPER, CALL_SUBPROG, CALL_KFUNC -> "call " + symbols.callee(slot, insn);
            case EXIT -> "exit";
            case LDX -> "r" + insn.dst() + " = " + cell(insn, insn.src());
            case LDXSX -> "r" + insn.dst() + " = " + cell("s" + op.width(), insn.src(), insn.off());
            case ST -> cell(insn, insn.dst()) + " = " + insn.imm();
            case STX -> cell(insn, insn.dst()) + " = r" + insn.src();
            case ATOMIC -> atomic(insn);
            case LOAD_ACQUIRE -> "r" + insn.dst() + " = load_acquire(" + pointer(insn, insn.src()) + ")";
            case STORE_RELEASE -> "store_release(" + pointer(insn, insn.dst()) + ", r" + insn.src() + ")";
            case LD_ABS -> "r0 = *(" + Mnemonics.cell(op.width()) + " *)skb[" + insn.imm() + "]";
            case LD_IND -> "r0 = *(" + Mnemonics.cell(op.width()) + " *)skb[r" + insn.src() + " + " + insn.imm() + "]";
            case LDDW -> "r" + insn.dst() + " = " + symbols.wideImmediate(slot, insn);
            case LDDW_HI -> "";
        };
    }

    private static String atomic(Insn insn) {
        Op op = insn.op();
        String operator = Mnemonics.atomic(op);
        String src = "r" + insn.src();
        return switch (op.atomic()) {
            case ADD, OR, AND, XOR -> "lock " + cell(insn, insn.dst()) + " " + operator + " " + src;
            case CMPXCHG -> "r0 = " + operator + "(" + pointer(insn, insn.dst()) + ", r0, " + src + ")";
            case FETCH_ADD, FETCH_OR, FETCH_AND, FETCH_XOR, XCHG ->
                src + " = " + operator + "(" + pointer(insn, insn.dst()) + ", " + src + ")";
        };
    }

    private static String cell(Insn insn, int base) {
        return "*" + pointer(insn, base);
    }

    private static String cell(String type, int base, int off) {
        return "*(" + type + " *)(r" + base + " " + signed(off) + ")";
    }

    private static String pointer(Insn insn, int base) {
        return cell(Mnemonics.cell(insn.op().width()), base, insn.off()).substring(1);
    }

    private static String operand(Insn insn) {
        return insn.op().usesSrcRegister() ? register(insn.op(), insn.src()) : Long.toString(insn.imm());
    }

    /** Unlike those of arithmetic, immediates of comparisons are shown in hexadecimal and without their sign. */
    private static String comparand(Insn insn) {
        return insn.op().usesSrcRegister()
                ? register(insn.op(), insn.src())
                : "0x" + Integer.toHexString(insn.immLow());
    }

    private static String register(Op op, int number) {
        return (op.width() == 32 ? "w" : "r") + number;
    }

    /** A decimal number that always has a sign. */
    static String signed(int number) {
        return number < 0 ? Integer.toString(number) : "+" + number;
    }
}
