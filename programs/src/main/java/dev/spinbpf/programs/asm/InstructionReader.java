package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.asm.grammar.BpfAsmParser;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.CalleeContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.InstructionContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.NumberContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.PointerContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.SymbolContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.TargetContext;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.isa.Op.Alu;
import dev.spinbpf.programs.isa.Op.Kind;
import dev.spinbpf.programs.isa.Op.Operand;
import dev.spinbpf.programs.linux.HelperIds;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

/** One instruction's syntax to an {@link Insn}, by the columns of {@link Op}. Mistakes are reported. */
final class InstructionReader {
    private static final String WIDE_OPCODE = "(18)";
    private static final int U16_MAX = 0xffff;

    private final Diagnostics diagnostics;
    private final Literals literals;

    InstructionReader(Diagnostics diagnostics, Literals literals) {
        this.diagnostics = diagnostics;
        this.literals = literals;
    }

    /**
     * Reads the instruction.
     *
     * @param opcode the opcode byte that the kernel's log prints before it, or null
     * @return null if it has a mistake
     */
    @Nullable
    SourceInsn read(InstructionContext context, @Nullable Token opcode) {
        int before = diagnostics.count();
        Draft draft = new Draft(context);
        boolean wide = opcode != null && opcode.getText().equals(WIDE_OPCODE);
        switch (context) {
            case BpfAsmParser.AluRegisterContext c -> aluRegister(draft, c);
            case BpfAsmParser.AluImmediateContext c
            when wide && c.op.getText().equals("=") -> wideNumber(draft, c.dst, c.number());
            case BpfAsmParser.AluImmediateContext c -> aluImmediate(draft, c);
            case BpfAsmParser.SignExtendContext c -> signExtend(draft, c);
            case BpfAsmParser.NegateContext c -> {
                draft.op = row(c, Kind.NEG, draft.dst(c.dst), Operand.NONE, null);
                same(c.dst, c.src);
            }
            case BpfAsmParser.ByteSwapContext c -> byteSwap(draft, c);
            case BpfAsmParser.AddrSpaceCastContext c -> {
                draft.op = Op.ADDR_SPACE_CAST;
                draft.dst64(c.dst);
                draft.src64(c.src);
                draft.imm =
                        (int) (literals.number(c.to, 0, U16_MAX) << Short.SIZE | literals.number(c.from, 0, U16_MAX));
            }
            case BpfAsmParser.WideNumberContext c -> wideNumber(draft, c.dst, c.number());
            case BpfAsmParser.WideSymbolContext c -> {
                draft.dst64(c.dst);
                symbol(draft, c.symbol());
            }
            case BpfAsmParser.LoadContext c -> load(draft, c);
            case BpfAsmParser.PacketLoadContext c -> packetLoad(draft, c);
            case BpfAsmParser.JumpIfContext c -> jumpIf(draft, c);
            case BpfAsmParser.JumpContext c -> {
                draft.op = switch (c.jump.getText()) {
                    case "goto" -> Op.JA;
                    case "gotol" -> Op.JA32;
                    default -> Op.MAY_GOTO;
                };
                target(draft, c.target());
            }
            case BpfAsmParser.JumpToRegisterContext c -> {
                draft.op = Op.GOTO_REG;
                draft.dst64(c.dst);
            }
            case BpfAsmParser.CallContext c -> callee(draft, c.callee());
            case BpfAsmParser.ExitContext c -> draft.op = Op.EXIT;
            default -> store(draft, context);
        }
        Op op = draft.op;
        return op == null || diagnostics.count() > before ? null : draft.finish(op);
    }

    private void aluRegister(Draft draft, BpfAsmParser.AluRegisterContext c) {
        int width = draft.dst(c.dst);
        if (draft.src(c.src) != width) {
            diagnostics.error(Span.of(c.src), "both registers must be of the same width");
        }
        draft.op = row(c, Kind.ALU, width, Operand.REG, Mnemonics.alu(c.op.getText()));
    }

    private void aluImmediate(Draft draft, BpfAsmParser.AluImmediateContext c) {
        int width = draft.dst(c.dst);
        Alu operator = Mnemonics.alu(c.op.getText());
        draft.op = row(c, Kind.ALU, width, Operand.IMM, operator);
        if (width == Integer.SIZE) {
            draft.imm = literals.bits32(c.number());
            return;
        }
        int before = diagnostics.count();
        draft.imm = literals.number(c.number(), Integer.MIN_VALUE, Integer.MAX_VALUE);
        if (diagnostics.count() > before && operator == Alu.MOV) {
            diagnostics.error(Span.of(c.number()), "write 'll' after a number to load all 64 bits of it");
        }
    }

    private void signExtend(Draft draft, BpfAsmParser.SignExtendContext c) {
        int width = draft.dst(c.dst);
        if (draft.src(c.src) != width) {
            diagnostics.error(Span.of(c.src), "both registers must be of the same width");
        }
        int from = width(c.type, 's', Long.SIZE);
        if (from > 0) {
            draft.op = row(c, Kind.MOVSX, width, Operand.REG, from);
        }
    }

    private void byteSwap(Draft draft, BpfAsmParser.ByteSwapContext c) {
        draft.dst64(c.dst);
        same(c.dst, c.src);
        for (int width : new int[] {16, 32, 64}) {
            if (draft.op == null) {
                draft.op = Mnemonics.row(Kind.BYTE_SWAP, width, c.function.getText());
            }
        }
        if (draft.op == null) {
            diagnostics.error(
                    Span.of(c.function),
                    "'" + c.function.getText() + "' is no byte swap, expected be16, be32, be64, le16, ... or bswap64");
        }
    }

    private void wideNumber(Draft draft, Token dst, NumberContext number) {
        draft.op = Op.LDDW_IMM64;
        draft.dst64(dst);
        draft.imm = literals.bits64(number);
    }

    private void load(Draft draft, BpfAsmParser.LoadContext c) {
        int registerWidth = draft.dst(c.dst);
        boolean signed = c.pointer().type.getText().startsWith("s");
        int width = draft.pointer(c.pointer(), signed ? 's' : 'u', false);
        if (width == 0) {
            return;
        }
        if (registerWidth == Integer.SIZE && (signed || width == Long.SIZE)) {
            diagnostics.error(Span.of(c.dst), "this load fills all 64 bits: write r" + draft.dst);
        }
        draft.op = row(c, signed ? Kind.LDXSX : Kind.LDX, width, Operand.REG, null);
    }

    private void packetLoad(Draft draft, BpfAsmParser.PacketLoadContext c) {
        draft.dst64(c.dst);
        if (draft.dst != 0) {
            diagnostics.error(Span.of(c.dst), "packet bytes are loaded into r0 only");
        }
        draft.dst = 0;
        draft.imm = literals.bits32(c.number());
        if (c.src != null) {
            draft.src64(c.src);
        }
        int width = width(c.type, 'u', Integer.SIZE);
        if (width > 0) {
            boolean indirect = c.src != null;
            draft.op = row(c, indirect ? Kind.LD_IND : Kind.LD_ABS, width, indirect ? Operand.REG : Operand.IMM, null);
        }
    }

    private void store(Draft draft, InstructionContext context) {
        switch (context) {
            case BpfAsmParser.StoreRegisterContext c -> {
                int width = draft.pointer(c.pointer(), 'u', true);
                checkStored(c.src, draft.src(c.src), width);
                draft.op = row(c, Kind.STX, width, Operand.REG, null);
            }
            case BpfAsmParser.StoreImmediateContext c -> {
                int width = draft.pointer(c.pointer(), 'u', true);
                draft.imm = width == Long.SIZE
                        ? literals.number(c.number(), Integer.MIN_VALUE, Integer.MAX_VALUE)
                        : literals.bits32(c.number());
                draft.op = row(c, Kind.ST, width, Operand.IMM, null);
            }
            case BpfAsmParser.AtomicContext c -> {
                int width = draft.pointer(c.pointer(), 'u', true);
                checkStored(c.src, draft.src(c.src), width);
                draft.op = atomic(c.op, width, c.op.getText());
            }
            case BpfAsmParser.AtomicFetchContext c -> atomicFetch(draft, c);
            case BpfAsmParser.LoadAcquireContext c -> {
                int width = draft.pointer(c.pointer(), 'u', false);
                checkStored(c.dst, draft.dst(c.dst), width);
                draft.op = row(c, Kind.LOAD_ACQUIRE, width, Operand.REG, null);
            }
            case BpfAsmParser.StoreReleaseContext c -> {
                int width = draft.pointer(c.pointer(), 'u', true);
                checkStored(c.src, draft.src(c.src), width);
                draft.op = row(c, Kind.STORE_RELEASE, width, Operand.REG, null);
            }
            default -> throw new AssertionError(context.getClass());
        }
    }

    /** {@code src = function(pointer, src)}, or {@code r0 = function(pointer, r0, src)} for compare-and-exchange. */
    private void atomicFetch(Draft draft, BpfAsmParser.AtomicFetchContext c) {
        int width = draft.pointer(c.pointer(), 'u', true);
        Token last = c.REG().getLast().getSymbol();
        checkStored(last, draft.src(last), width);
        Op op = atomic(c, width, c.function.getText());
        if (op == null) {
            return;
        }
        boolean compares = op.atomic() == Op.Atomic.CMPXCHG;
        int registers = c.REG().size() - 1;
        if (registers != (compares ? 2 : 1)) {
            diagnostics.error(
                    Span.of(c.function),
                    c.function.getText() + " takes " + (compares ? "r0 and a register" : "a register"));
        }
        int result = compares ? 0 : draft.src;
        if (register(c.dst) != result) {
            diagnostics.error(Span.of(c.dst), "the result goes into r" + result);
        }
        if (compares && register(c.REG(1).getSymbol()) != 0) {
            diagnostics.error(Span.of(c.REG(1).getSymbol()), "the value compared with is in r0");
        }
        draft.op = op;
    }

    private @Nullable Op atomic(ParserRuleContext at, int width, String spelling) {
        Op op = Mnemonics.row(Kind.ATOMIC, width, spelling);
        if (op == null && width > 0) {
            diagnostics.error(Span.of(at), "there is no atomic '" + spelling + "' of " + width + " bits");
        }
        return op;
    }

    private void checkStored(Token register, int registerWidth, int width) {
        if (registerWidth == Integer.SIZE && width == Long.SIZE) {
            diagnostics.error(Span.of(register), "the cell has 64 bits: write r" + register(register));
        }
    }

    private void jumpIf(Draft draft, BpfAsmParser.JumpIfContext c) {
        int width = draft.dst(c.dst);
        Operand operand = Operand.IMM;
        if (c.src == null) {
            draft.imm = literals.bits32(c.number());
        } else {
            operand = Operand.REG;
            if (draft.src(c.src) != width) {
                diagnostics.error(Span.of(c.src), "both registers must be of the same width");
            }
        }
        draft.op = row(c, Kind.JCC, width, operand, Mnemonics.cond(c.op.getText()));
        target(draft, c.target());
    }

    private void target(Draft draft, TargetContext c) {
        if (c.name() != null) {
            draft.refer(new SymbolRef.Label(literals.name(c.name())), c);
        } else if (draft.op == Op.JA32) {
            draft.imm = literals.signed(c, c.sign, c.INT().getSymbol(), Integer.MIN_VALUE, Integer.MAX_VALUE);
        } else {
            draft.off = (int) literals.signed(c, c.sign, c.INT().getSymbol(), Short.MIN_VALUE, Short.MAX_VALUE);
        }
    }

    private void callee(Draft draft, CalleeContext c) {
        if (c.sign != null) {
            draft.op = Op.CALL_SUBPROG;
            draft.imm = literals.signed(c, c.sign, c.INT().getSymbol(), Integer.MIN_VALUE, Integer.MAX_VALUE);
        } else if (c.HELPER_NUMBER() != null) {
            numbered(draft, c);
        } else if (c.name() != null) {
            draft.op = Op.CALL_HELPER;
            draft.refer(new SymbolRef.Callee(literals.name(c.name())), c);
        } else {
            draft.op = Op.CALL_KFUNC;
            draft.imm = literals.bits32(c.number(0));
            if (c.number().size() > 1) {
                draft.off = (int) literals.number(c.number(1), Short.MIN_VALUE, Short.MAX_VALUE);
            }
        }
    }

    /** {@code name#number} as the kernel prints it: of a helper by its number, of anything else by its name. */
    private void numbered(Draft draft, CalleeContext c) {
        String text = c.HELPER_NUMBER().getText();
        int hash = text.indexOf('#');
        String name = text.substring(0, hash);
        String digits = text.substring(hash + 1);
        long number = digits.length() > 11 ? Long.MAX_VALUE : Long.parseLong(digits);
        draft.op = Op.CALL_HELPER;
        if (number != (int) number) {
            diagnostics.error(Span.of(c), "number out of range: expected 32 bits");
        } else if (name.equals(HelperIds.name((int) number))
                || name.equals("unknown") && HelperIds.name((int) number) == null) {
            draft.imm = number;
        } else if (name.equals("unknown") || HelperIds.all().containsValue(name)) {
            diagnostics.error(Span.of(c), "helper " + number + " is " + HelperIds.name((int) number));
        } else {
            draft.refer(new SymbolRef.Callee(name), c);
        }
    }

    private void symbol(Draft draft, SymbolContext context) {
        switch (context) {
            case BpfAsmParser.MapSymbolContext c -> map(draft, c);
            case BpfAsmParser.SubprogSymbolContext c -> {
                draft.op = Op.LDDW_FUNC;
                long upper = c.upper == null ? 0 : literals.bits32(c.upper);
                if (c.name() != null) {
                    draft.refer(new SymbolRef.FunctionAddress(literals.name(c.name())), c);
                } else {
                    Token digits = c.INT().getSymbol();
                    long distance = literals.signed(c, c.sign, digits, Integer.MIN_VALUE, Integer.MAX_VALUE);
                    draft.imm = halves((int) distance, upper);
                }
            }
            case BpfAsmParser.KsymSymbolContext c -> {
                draft.op = Op.LDDW_BTF_ID;
                draft.refer(new SymbolRef.Ksym(literals.name(c.name())), c);
            }
            case BpfAsmParser.BtfSymbolContext c -> {
                draft.op = Op.LDDW_BTF_ID;
                draft.imm = halves(literals.bits32(c.lower), literals.bits32(c.upper));
            }
            case BpfAsmParser.VariableSymbolContext c -> {
                draft.op = Op.LDDW_MAP_VALUE;
                draft.refer(new SymbolRef.Variable(literals.name(c.name())), c);
            }
            default -> throw new AssertionError(context.getClass());
        }
    }

    /** {@code map[name]}, {@code map[id:1]}, {@code map[idx:1]}; with {@code [0]+offset} the address of the value. */
    private void map(Draft draft, BpfAsmParser.MapSymbolContext c) {
        boolean value = c.offset != null;
        boolean index = false;
        long lower = 0;
        if (c.id == null) {
            draft.refer(new SymbolRef.MapAddress(literals.name(c.name())), c);
        } else {
            lower = literals.bits32(c.id);
            index = c.name().getText().equals("idx");
            if (!index && !c.name().getText().equals("id")) {
                diagnostics.error(Span.of(c.name()), "expected id or idx");
            }
        }
        if (c.element != null && (literals.number(c.index, 0, 0) != 0 || !value)) {
            diagnostics.error(Span.of(c), "expected map[...][0]+offset");
        }
        draft.op = index ? value ? Op.LDDW_MAP_IDX_VALUE : Op.LDDW_MAP_IDX : value ? Op.LDDW_MAP_VALUE : Op.LDDW_MAP_FD;
        draft.imm = halves((int) lower, value ? literals.bits32(c.offset) : 0);
    }

    private static long halves(int lower, long upper) {
        return upper << Integer.SIZE | Integer.toUnsignedLong(lower);
    }

    private @Nullable Op row(ParserRuleContext at, Kind kind, int width, Operand operand, @Nullable Object operator) {
        Op op = Mnemonics.row(kind, width, operand, operator);
        if (op == null && width > 0) {
            diagnostics.error(Span.of(at), "there is no such operation of " + width + " bits");
        }
        return op;
    }

    /** The width of a cell's type such as {@code u32}; 0 if it is none, which is reported. */
    private int width(Token type, char sign, int most) {
        for (int width = Byte.SIZE; width <= most; width *= 2) {
            if (type.getText().equals(sign + Integer.toString(width))) {
                return width;
            }
        }
        diagnostics.error(
                Span.of(type), "unknown type '" + type.getText() + "', expected " + sign + "8 to " + sign + most);
        return 0;
    }

    private void same(Token dst, Token src) {
        if (!dst.getText().equals(src.getText())) {
            diagnostics.error(Span.of(src), "this operation changes its operand in place: expected " + dst.getText());
        }
    }

    private int register(Token token) {
        String digits = token.getText().substring(1);
        int number = digits.length() > 2 ? Integer.MAX_VALUE : Integer.parseInt(digits);
        if (number > Insn.FRAME_POINTER || digits.length() > 1 && digits.startsWith("0")) {
            diagnostics.error(Span.of(token), "no register " + token.getText() + ", expected r0 to r10 or w0 to w10");
            return 0;
        }
        return number;
    }

    private static int registerWidth(Token token) {
        return token.getText().startsWith("w") ? Integer.SIZE : Long.SIZE;
    }

    /** The instruction's fields while they are read. */
    private final class Draft {
        private final InstructionContext context;
        private @Nullable Op op;
        private int dst;
        private int src;
        private int off;
        private long imm;
        private @Nullable SymbolRef reference;
        private Span referenceAt;

        Draft(InstructionContext context) {
            this.context = context;
            referenceAt = Span.of(context);
        }

        /** Takes the destination register; gives its width in bits. */
        int dst(Token token) {
            dst = register(token);
            return registerWidth(token);
        }

        int src(Token token) {
            src = register(token);
            return registerWidth(token);
        }

        void dst64(Token token) {
            if (dst(token) != Long.SIZE) {
                diagnostics.error(Span.of(token), "expected r" + dst);
            }
        }

        void src64(Token token) {
            if (src(token) != Long.SIZE) {
                diagnostics.error(Span.of(token), "expected r" + src);
            }
        }

        /** Takes base register and offset of a memory cell; gives the cell's width in bits, 0 if it is wrong. */
        int pointer(PointerContext c, char sign, boolean written) {
            if (registerWidth(c.base) != Long.SIZE) {
                diagnostics.error(Span.of(c.base), "an address has 64 bits: expected an r register");
            }
            if (written) {
                dst = register(c.base);
            } else {
                src = register(c.base);
            }
            if (c.sign != null) {
                off = (int) literals.signed(c, c.sign, c.INT().getSymbol(), Short.MIN_VALUE, Short.MAX_VALUE);
            }
            return width(c.type, sign, sign == 's' ? Integer.SIZE : Long.SIZE);
        }

        void refer(SymbolRef to, ParserRuleContext at) {
            reference = to;
            referenceAt = Span.of(at);
        }

        SourceInsn finish(Op row) {
            return new SourceInsn(new Insn(row, dst, src, off, imm), reference, Span.of(context), referenceAt);
        }
    }
}
