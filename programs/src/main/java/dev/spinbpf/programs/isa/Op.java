package dev.spinbpf.programs.isa;

import org.jspecify.annotations.Nullable;

/**
 * The instruction set: one row for each <em>operation</em> of RFC 9669 and of Linux's extensions.
 *
 * <p>The byte encoding tells some operations apart by a field of another one (signed division is division with offset
 * 1, each atomic is the same opcode with another immediate, a load of a map's address is a constant load with another
 * source register). Here each of them is a row of its own, and the field that told them apart, the <em>key field</em>,
 * is part of the row: in an {@link Insn} it reads zero.
 *
 * <p>Decoder, encoder, assembler and disassembler are driven by the columns. Verifier and execution engines switch
 * exhaustively on {@link Kind} and on the operator columns, so that a new row does not compile until each handles it.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9669">RFC 9669</a>
 */
public enum Op {
    ADD64_IMM(row(0x07, Kind.ALU, 64, Group.BASE64).alu(Alu.ADD).operand(Operand.IMM)),
    ADD64_REG(row(0x0f, Kind.ALU, 64, Group.BASE64).alu(Alu.ADD).operand(Operand.REG)),
    SUB64_IMM(row(0x17, Kind.ALU, 64, Group.BASE64).alu(Alu.SUB).operand(Operand.IMM)),
    SUB64_REG(row(0x1f, Kind.ALU, 64, Group.BASE64).alu(Alu.SUB).operand(Operand.REG)),
    MUL64_IMM(row(0x27, Kind.ALU, 64, Group.DIVMUL64).alu(Alu.MUL).operand(Operand.IMM)),
    MUL64_REG(row(0x2f, Kind.ALU, 64, Group.DIVMUL64).alu(Alu.MUL).operand(Operand.REG)),
    DIV64_IMM(row(0x37, Kind.ALU, 64, Group.DIVMUL64).alu(Alu.DIV).operand(Operand.IMM)),
    DIV64_REG(row(0x3f, Kind.ALU, 64, Group.DIVMUL64).alu(Alu.DIV).operand(Operand.REG)),
    SDIV64_IMM(row(0x37, Kind.ALU, 64, Group.DIVMUL64)
            .alu(Alu.SDIV)
            .operand(Operand.IMM)
            .key(Field.OFF, 1)),
    SDIV64_REG(row(0x3f, Kind.ALU, 64, Group.DIVMUL64)
            .alu(Alu.SDIV)
            .operand(Operand.REG)
            .key(Field.OFF, 1)),
    OR64_IMM(row(0x47, Kind.ALU, 64, Group.BASE64).alu(Alu.OR).operand(Operand.IMM)),
    OR64_REG(row(0x4f, Kind.ALU, 64, Group.BASE64).alu(Alu.OR).operand(Operand.REG)),
    AND64_IMM(row(0x57, Kind.ALU, 64, Group.BASE64).alu(Alu.AND).operand(Operand.IMM)),
    AND64_REG(row(0x5f, Kind.ALU, 64, Group.BASE64).alu(Alu.AND).operand(Operand.REG)),
    LSH64_IMM(row(0x67, Kind.ALU, 64, Group.BASE64).alu(Alu.LSH).operand(Operand.IMM)),
    LSH64_REG(row(0x6f, Kind.ALU, 64, Group.BASE64).alu(Alu.LSH).operand(Operand.REG)),
    RSH64_IMM(row(0x77, Kind.ALU, 64, Group.BASE64).alu(Alu.RSH).operand(Operand.IMM)),
    RSH64_REG(row(0x7f, Kind.ALU, 64, Group.BASE64).alu(Alu.RSH).operand(Operand.REG)),
    MOD64_IMM(row(0x97, Kind.ALU, 64, Group.DIVMUL64).alu(Alu.MOD).operand(Operand.IMM)),
    MOD64_REG(row(0x9f, Kind.ALU, 64, Group.DIVMUL64).alu(Alu.MOD).operand(Operand.REG)),
    SMOD64_IMM(row(0x97, Kind.ALU, 64, Group.DIVMUL64)
            .alu(Alu.SMOD)
            .operand(Operand.IMM)
            .key(Field.OFF, 1)),
    SMOD64_REG(row(0x9f, Kind.ALU, 64, Group.DIVMUL64)
            .alu(Alu.SMOD)
            .operand(Operand.REG)
            .key(Field.OFF, 1)),
    XOR64_IMM(row(0xa7, Kind.ALU, 64, Group.BASE64).alu(Alu.XOR).operand(Operand.IMM)),
    XOR64_REG(row(0xaf, Kind.ALU, 64, Group.BASE64).alu(Alu.XOR).operand(Operand.REG)),
    MOV64_IMM(row(0xb7, Kind.ALU, 64, Group.BASE64).alu(Alu.MOV).operand(Operand.IMM)),
    MOV64_REG(row(0xbf, Kind.ALU, 64, Group.BASE64).alu(Alu.MOV).operand(Operand.REG)),
    ARSH64_IMM(row(0xc7, Kind.ALU, 64, Group.BASE64).alu(Alu.ARSH).operand(Operand.IMM)),
    ARSH64_REG(row(0xcf, Kind.ALU, 64, Group.BASE64).alu(Alu.ARSH).operand(Operand.REG)),

    MOVSX64_8(
            row(0xbf, Kind.MOVSX, 64, Group.BASE64).from(8).operand(Operand.REG).key(Field.OFF, 8)),
    MOVSX64_16(row(0xbf, Kind.MOVSX, 64, Group.BASE64)
            .from(16)
            .operand(Operand.REG)
            .key(Field.OFF, 16)),
    MOVSX64_32(row(0xbf, Kind.MOVSX, 64, Group.BASE64)
            .from(32)
            .operand(Operand.REG)
            .key(Field.OFF, 32)),

    NEG64(row(0x87, Kind.NEG, 64, Group.BASE64)),

    ADD32_IMM(row(0x04, Kind.ALU, 32, Group.BASE32).alu(Alu.ADD).operand(Operand.IMM)),
    ADD32_REG(row(0x0c, Kind.ALU, 32, Group.BASE32).alu(Alu.ADD).operand(Operand.REG)),
    SUB32_IMM(row(0x14, Kind.ALU, 32, Group.BASE32).alu(Alu.SUB).operand(Operand.IMM)),
    SUB32_REG(row(0x1c, Kind.ALU, 32, Group.BASE32).alu(Alu.SUB).operand(Operand.REG)),
    MUL32_IMM(row(0x24, Kind.ALU, 32, Group.DIVMUL32).alu(Alu.MUL).operand(Operand.IMM)),
    MUL32_REG(row(0x2c, Kind.ALU, 32, Group.DIVMUL32).alu(Alu.MUL).operand(Operand.REG)),
    DIV32_IMM(row(0x34, Kind.ALU, 32, Group.DIVMUL32).alu(Alu.DIV).operand(Operand.IMM)),
    DIV32_REG(row(0x3c, Kind.ALU, 32, Group.DIVMUL32).alu(Alu.DIV).operand(Operand.REG)),
    SDIV32_IMM(row(0x34, Kind.ALU, 32, Group.DIVMUL32)
            .alu(Alu.SDIV)
            .operand(Operand.IMM)
            .key(Field.OFF, 1)),
    SDIV32_REG(row(0x3c, Kind.ALU, 32, Group.DIVMUL32)
            .alu(Alu.SDIV)
            .operand(Operand.REG)
            .key(Field.OFF, 1)),
    OR32_IMM(row(0x44, Kind.ALU, 32, Group.BASE32).alu(Alu.OR).operand(Operand.IMM)),
    OR32_REG(row(0x4c, Kind.ALU, 32, Group.BASE32).alu(Alu.OR).operand(Operand.REG)),
    AND32_IMM(row(0x54, Kind.ALU, 32, Group.BASE32).alu(Alu.AND).operand(Operand.IMM)),
    AND32_REG(row(0x5c, Kind.ALU, 32, Group.BASE32).alu(Alu.AND).operand(Operand.REG)),
    LSH32_IMM(row(0x64, Kind.ALU, 32, Group.BASE32).alu(Alu.LSH).operand(Operand.IMM)),
    LSH32_REG(row(0x6c, Kind.ALU, 32, Group.BASE32).alu(Alu.LSH).operand(Operand.REG)),
    RSH32_IMM(row(0x74, Kind.ALU, 32, Group.BASE32).alu(Alu.RSH).operand(Operand.IMM)),
    RSH32_REG(row(0x7c, Kind.ALU, 32, Group.BASE32).alu(Alu.RSH).operand(Operand.REG)),
    MOD32_IMM(row(0x94, Kind.ALU, 32, Group.DIVMUL32).alu(Alu.MOD).operand(Operand.IMM)),
    MOD32_REG(row(0x9c, Kind.ALU, 32, Group.DIVMUL32).alu(Alu.MOD).operand(Operand.REG)),
    SMOD32_IMM(row(0x94, Kind.ALU, 32, Group.DIVMUL32)
            .alu(Alu.SMOD)
            .operand(Operand.IMM)
            .key(Field.OFF, 1)),
    SMOD32_REG(row(0x9c, Kind.ALU, 32, Group.DIVMUL32)
            .alu(Alu.SMOD)
            .operand(Operand.REG)
            .key(Field.OFF, 1)),
    XOR32_IMM(row(0xa4, Kind.ALU, 32, Group.BASE32).alu(Alu.XOR).operand(Operand.IMM)),
    XOR32_REG(row(0xac, Kind.ALU, 32, Group.BASE32).alu(Alu.XOR).operand(Operand.REG)),
    MOV32_IMM(row(0xb4, Kind.ALU, 32, Group.BASE32).alu(Alu.MOV).operand(Operand.IMM)),
    MOV32_REG(row(0xbc, Kind.ALU, 32, Group.BASE32).alu(Alu.MOV).operand(Operand.REG)),
    ARSH32_IMM(row(0xc4, Kind.ALU, 32, Group.BASE32).alu(Alu.ARSH).operand(Operand.IMM)),
    ARSH32_REG(row(0xcc, Kind.ALU, 32, Group.BASE32).alu(Alu.ARSH).operand(Operand.REG)),

    MOVSX32_8(
            row(0xbc, Kind.MOVSX, 32, Group.BASE32).from(8).operand(Operand.REG).key(Field.OFF, 8)),
    MOVSX32_16(row(0xbc, Kind.MOVSX, 32, Group.BASE32)
            .from(16)
            .operand(Operand.REG)
            .key(Field.OFF, 16)),

    NEG32(row(0x84, Kind.NEG, 32, Group.BASE32)),

    LE16(row(0xd4, Kind.BYTE_SWAP, 16, Group.BASE32).key(Field.IMM, 16)),
    LE32(row(0xd4, Kind.BYTE_SWAP, 32, Group.BASE32).key(Field.IMM, 32)),
    LE64(row(0xd4, Kind.BYTE_SWAP, 64, Group.BASE64).key(Field.IMM, 64)),
    BE16(row(0xdc, Kind.BYTE_SWAP, 16, Group.BASE32).key(Field.IMM, 16)),
    BE32(row(0xdc, Kind.BYTE_SWAP, 32, Group.BASE32).key(Field.IMM, 32)),
    BE64(row(0xdc, Kind.BYTE_SWAP, 64, Group.BASE64).key(Field.IMM, 64)),
    BSWAP16(row(0xd7, Kind.BYTE_SWAP, 16, Group.BASE32).key(Field.IMM, 16)),
    BSWAP32(row(0xd7, Kind.BYTE_SWAP, 32, Group.BASE32).key(Field.IMM, 32)),
    BSWAP64(row(0xd7, Kind.BYTE_SWAP, 64, Group.BASE64).key(Field.IMM, 64)),

    ADDR_SPACE_CAST(row(0xbf, Kind.ADDR_SPACE_CAST, 64, Group.LINUX)
            .operand(Operand.REG)
            .key(Field.OFF, 1)),

    JA(row(0x05, Kind.JA, 16, Group.BASE32)),
    JA32(row(0x06, Kind.JA, 32, Group.BASE32)),

    JEQ64_IMM(row(0x15, Kind.JCC, 64, Group.BASE64).cond(Cond.JEQ).operand(Operand.IMM)),
    JEQ64_REG(row(0x1d, Kind.JCC, 64, Group.BASE64).cond(Cond.JEQ).operand(Operand.REG)),
    JGT64_IMM(row(0x25, Kind.JCC, 64, Group.BASE64).cond(Cond.JGT).operand(Operand.IMM)),
    JGT64_REG(row(0x2d, Kind.JCC, 64, Group.BASE64).cond(Cond.JGT).operand(Operand.REG)),
    JGE64_IMM(row(0x35, Kind.JCC, 64, Group.BASE64).cond(Cond.JGE).operand(Operand.IMM)),
    JGE64_REG(row(0x3d, Kind.JCC, 64, Group.BASE64).cond(Cond.JGE).operand(Operand.REG)),
    JSET64_IMM(row(0x45, Kind.JCC, 64, Group.BASE64).cond(Cond.JSET).operand(Operand.IMM)),
    JSET64_REG(row(0x4d, Kind.JCC, 64, Group.BASE64).cond(Cond.JSET).operand(Operand.REG)),
    JNE64_IMM(row(0x55, Kind.JCC, 64, Group.BASE64).cond(Cond.JNE).operand(Operand.IMM)),
    JNE64_REG(row(0x5d, Kind.JCC, 64, Group.BASE64).cond(Cond.JNE).operand(Operand.REG)),
    JSGT64_IMM(row(0x65, Kind.JCC, 64, Group.BASE64).cond(Cond.JSGT).operand(Operand.IMM)),
    JSGT64_REG(row(0x6d, Kind.JCC, 64, Group.BASE64).cond(Cond.JSGT).operand(Operand.REG)),
    JSGE64_IMM(row(0x75, Kind.JCC, 64, Group.BASE64).cond(Cond.JSGE).operand(Operand.IMM)),
    JSGE64_REG(row(0x7d, Kind.JCC, 64, Group.BASE64).cond(Cond.JSGE).operand(Operand.REG)),
    JLT64_IMM(row(0xa5, Kind.JCC, 64, Group.BASE64).cond(Cond.JLT).operand(Operand.IMM)),
    JLT64_REG(row(0xad, Kind.JCC, 64, Group.BASE64).cond(Cond.JLT).operand(Operand.REG)),
    JLE64_IMM(row(0xb5, Kind.JCC, 64, Group.BASE64).cond(Cond.JLE).operand(Operand.IMM)),
    JLE64_REG(row(0xbd, Kind.JCC, 64, Group.BASE64).cond(Cond.JLE).operand(Operand.REG)),
    JSLT64_IMM(row(0xc5, Kind.JCC, 64, Group.BASE64).cond(Cond.JSLT).operand(Operand.IMM)),
    JSLT64_REG(row(0xcd, Kind.JCC, 64, Group.BASE64).cond(Cond.JSLT).operand(Operand.REG)),
    JSLE64_IMM(row(0xd5, Kind.JCC, 64, Group.BASE64).cond(Cond.JSLE).operand(Operand.IMM)),
    JSLE64_REG(row(0xdd, Kind.JCC, 64, Group.BASE64).cond(Cond.JSLE).operand(Operand.REG)),
    JEQ32_IMM(row(0x16, Kind.JCC, 32, Group.BASE32).cond(Cond.JEQ).operand(Operand.IMM)),
    JEQ32_REG(row(0x1e, Kind.JCC, 32, Group.BASE32).cond(Cond.JEQ).operand(Operand.REG)),
    JGT32_IMM(row(0x26, Kind.JCC, 32, Group.BASE32).cond(Cond.JGT).operand(Operand.IMM)),
    JGT32_REG(row(0x2e, Kind.JCC, 32, Group.BASE32).cond(Cond.JGT).operand(Operand.REG)),
    JGE32_IMM(row(0x36, Kind.JCC, 32, Group.BASE32).cond(Cond.JGE).operand(Operand.IMM)),
    JGE32_REG(row(0x3e, Kind.JCC, 32, Group.BASE32).cond(Cond.JGE).operand(Operand.REG)),
    JSET32_IMM(row(0x46, Kind.JCC, 32, Group.BASE32).cond(Cond.JSET).operand(Operand.IMM)),
    JSET32_REG(row(0x4e, Kind.JCC, 32, Group.BASE32).cond(Cond.JSET).operand(Operand.REG)),
    JNE32_IMM(row(0x56, Kind.JCC, 32, Group.BASE32).cond(Cond.JNE).operand(Operand.IMM)),
    JNE32_REG(row(0x5e, Kind.JCC, 32, Group.BASE32).cond(Cond.JNE).operand(Operand.REG)),
    JSGT32_IMM(row(0x66, Kind.JCC, 32, Group.BASE32).cond(Cond.JSGT).operand(Operand.IMM)),
    JSGT32_REG(row(0x6e, Kind.JCC, 32, Group.BASE32).cond(Cond.JSGT).operand(Operand.REG)),
    JSGE32_IMM(row(0x76, Kind.JCC, 32, Group.BASE32).cond(Cond.JSGE).operand(Operand.IMM)),
    JSGE32_REG(row(0x7e, Kind.JCC, 32, Group.BASE32).cond(Cond.JSGE).operand(Operand.REG)),
    JLT32_IMM(row(0xa6, Kind.JCC, 32, Group.BASE32).cond(Cond.JLT).operand(Operand.IMM)),
    JLT32_REG(row(0xae, Kind.JCC, 32, Group.BASE32).cond(Cond.JLT).operand(Operand.REG)),
    JLE32_IMM(row(0xb6, Kind.JCC, 32, Group.BASE32).cond(Cond.JLE).operand(Operand.IMM)),
    JLE32_REG(row(0xbe, Kind.JCC, 32, Group.BASE32).cond(Cond.JLE).operand(Operand.REG)),
    JSLT32_IMM(row(0xc6, Kind.JCC, 32, Group.BASE32).cond(Cond.JSLT).operand(Operand.IMM)),
    JSLT32_REG(row(0xce, Kind.JCC, 32, Group.BASE32).cond(Cond.JSLT).operand(Operand.REG)),
    JSLE32_IMM(row(0xd6, Kind.JCC, 32, Group.BASE32).cond(Cond.JSLE).operand(Operand.IMM)),
    JSLE32_REG(row(0xde, Kind.JCC, 32, Group.BASE32).cond(Cond.JSLE).operand(Operand.REG)),

    MAY_GOTO(row(0xe5, Kind.MAY_GOTO, 16, Group.LINUX).key(Field.SRC, 0)),

    GOTO_REG(row(0x0d, Kind.GOTO_REG, 64, Group.LINUX)),

    CALL_HELPER(row(0x85, Kind.CALL_HELPER, 64, Group.BASE32).key(Field.SRC, 0)),

    CALL_SUBPROG(row(0x85, Kind.CALL_SUBPROG, 64, Group.BASE32).key(Field.SRC, 1)),

    CALL_KFUNC(row(0x85, Kind.CALL_KFUNC, 64, Group.BASE32).key(Field.SRC, 2)),

    EXIT(row(0x95, Kind.EXIT, 64, Group.BASE32)),

    LDX_B(row(0x71, Kind.LDX, 8, Group.BASE32).operand(Operand.REG)),
    LDX_H(row(0x69, Kind.LDX, 16, Group.BASE32).operand(Operand.REG)),
    LDX_W(row(0x61, Kind.LDX, 32, Group.BASE32).operand(Operand.REG)),
    LDX_DW(row(0x79, Kind.LDX, 64, Group.BASE64).operand(Operand.REG)),

    LDXSX_B(row(0x91, Kind.LDXSX, 8, Group.BASE64).operand(Operand.REG)),
    LDXSX_H(row(0x89, Kind.LDXSX, 16, Group.BASE64).operand(Operand.REG)),
    LDXSX_W(row(0x81, Kind.LDXSX, 32, Group.BASE64).operand(Operand.REG)),

    ST_B(row(0x72, Kind.ST, 8, Group.BASE32).operand(Operand.IMM)),
    ST_H(row(0x6a, Kind.ST, 16, Group.BASE32).operand(Operand.IMM)),
    ST_W(row(0x62, Kind.ST, 32, Group.BASE32).operand(Operand.IMM)),
    ST_DW(row(0x7a, Kind.ST, 64, Group.BASE64).operand(Operand.IMM)),

    STX_B(row(0x73, Kind.STX, 8, Group.BASE32).operand(Operand.REG)),
    STX_H(row(0x6b, Kind.STX, 16, Group.BASE32).operand(Operand.REG)),
    STX_W(row(0x63, Kind.STX, 32, Group.BASE32).operand(Operand.REG)),
    STX_DW(row(0x7b, Kind.STX, 64, Group.BASE64).operand(Operand.REG)),

    ATOMIC_ADD_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.ADD)
            .operand(Operand.REG)
            .key(Field.IMM, 0)),
    ATOMIC_FETCH_ADD_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.FETCH_ADD)
            .operand(Operand.REG)
            .key(Field.IMM, 1)),
    ATOMIC_OR_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.OR)
            .operand(Operand.REG)
            .key(Field.IMM, 0x40)),
    ATOMIC_FETCH_OR_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.FETCH_OR)
            .operand(Operand.REG)
            .key(Field.IMM, 0x41)),
    ATOMIC_AND_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.AND)
            .operand(Operand.REG)
            .key(Field.IMM, 0x50)),
    ATOMIC_FETCH_AND_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.FETCH_AND)
            .operand(Operand.REG)
            .key(Field.IMM, 0x51)),
    ATOMIC_XOR_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.XOR)
            .operand(Operand.REG)
            .key(Field.IMM, 0xa0)),
    ATOMIC_FETCH_XOR_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.FETCH_XOR)
            .operand(Operand.REG)
            .key(Field.IMM, 0xa1)),
    ATOMIC_XCHG_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.XCHG)
            .operand(Operand.REG)
            .key(Field.IMM, 0xe1)),
    ATOMIC_CMPXCHG_W(row(0xc3, Kind.ATOMIC, 32, Group.ATOMIC32)
            .atomic(Atomic.CMPXCHG)
            .operand(Operand.REG)
            .key(Field.IMM, 0xf1)),
    ATOMIC_ADD_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.ADD)
            .operand(Operand.REG)
            .key(Field.IMM, 0)),
    ATOMIC_FETCH_ADD_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.FETCH_ADD)
            .operand(Operand.REG)
            .key(Field.IMM, 1)),
    ATOMIC_OR_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.OR)
            .operand(Operand.REG)
            .key(Field.IMM, 0x40)),
    ATOMIC_FETCH_OR_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.FETCH_OR)
            .operand(Operand.REG)
            .key(Field.IMM, 0x41)),
    ATOMIC_AND_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.AND)
            .operand(Operand.REG)
            .key(Field.IMM, 0x50)),
    ATOMIC_FETCH_AND_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.FETCH_AND)
            .operand(Operand.REG)
            .key(Field.IMM, 0x51)),
    ATOMIC_XOR_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.XOR)
            .operand(Operand.REG)
            .key(Field.IMM, 0xa0)),
    ATOMIC_FETCH_XOR_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.FETCH_XOR)
            .operand(Operand.REG)
            .key(Field.IMM, 0xa1)),
    ATOMIC_XCHG_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.XCHG)
            .operand(Operand.REG)
            .key(Field.IMM, 0xe1)),
    ATOMIC_CMPXCHG_DW(row(0xdb, Kind.ATOMIC, 64, Group.ATOMIC64)
            .atomic(Atomic.CMPXCHG)
            .operand(Operand.REG)
            .key(Field.IMM, 0xf1)),

    LOAD_ACQUIRE_B(
            row(0xd3, Kind.LOAD_ACQUIRE, 8, Group.LINUX).operand(Operand.REG).key(Field.IMM, 0x100)),
    LOAD_ACQUIRE_H(
            row(0xcb, Kind.LOAD_ACQUIRE, 16, Group.LINUX).operand(Operand.REG).key(Field.IMM, 0x100)),
    LOAD_ACQUIRE_W(
            row(0xc3, Kind.LOAD_ACQUIRE, 32, Group.LINUX).operand(Operand.REG).key(Field.IMM, 0x100)),
    LOAD_ACQUIRE_DW(
            row(0xdb, Kind.LOAD_ACQUIRE, 64, Group.LINUX).operand(Operand.REG).key(Field.IMM, 0x100)),

    STORE_RELEASE_B(
            row(0xd3, Kind.STORE_RELEASE, 8, Group.LINUX).operand(Operand.REG).key(Field.IMM, 0x110)),
    STORE_RELEASE_H(
            row(0xcb, Kind.STORE_RELEASE, 16, Group.LINUX).operand(Operand.REG).key(Field.IMM, 0x110)),
    STORE_RELEASE_W(
            row(0xc3, Kind.STORE_RELEASE, 32, Group.LINUX).operand(Operand.REG).key(Field.IMM, 0x110)),
    STORE_RELEASE_DW(
            row(0xdb, Kind.STORE_RELEASE, 64, Group.LINUX).operand(Operand.REG).key(Field.IMM, 0x110)),

    LD_ABS_B(row(0x30, Kind.LD_ABS, 8, Group.PACKET).operand(Operand.IMM)),
    LD_ABS_H(row(0x28, Kind.LD_ABS, 16, Group.PACKET).operand(Operand.IMM)),
    LD_ABS_W(row(0x20, Kind.LD_ABS, 32, Group.PACKET).operand(Operand.IMM)),

    LD_IND_B(row(0x50, Kind.LD_IND, 8, Group.PACKET).operand(Operand.REG)),
    LD_IND_H(row(0x48, Kind.LD_IND, 16, Group.PACKET).operand(Operand.REG)),
    LD_IND_W(row(0x40, Kind.LD_IND, 32, Group.PACKET).operand(Operand.REG)),

    LDDW_IMM64(row(0x18, Kind.LDDW, 64, Group.BASE64).key(Field.SRC, 0)),
    LDDW_MAP_FD(row(0x18, Kind.LDDW, 64, Group.BASE64).key(Field.SRC, 1)),
    LDDW_MAP_VALUE(row(0x18, Kind.LDDW, 64, Group.BASE64).key(Field.SRC, 2)),
    LDDW_BTF_ID(row(0x18, Kind.LDDW, 64, Group.BASE64).key(Field.SRC, 3)),
    LDDW_FUNC(row(0x18, Kind.LDDW, 64, Group.BASE64).key(Field.SRC, 4)),
    LDDW_MAP_IDX(row(0x18, Kind.LDDW, 64, Group.BASE64).key(Field.SRC, 5)),
    LDDW_MAP_IDX_VALUE(row(0x18, Kind.LDDW, 64, Group.BASE64).key(Field.SRC, 6)),

    LDDW_HI(row(0x00, Kind.LDDW_HI, 64, Group.BASE64));

    private final OpRow row;
    private final int uses;
    private final int defines;

    Op(OpRow row) {
        this.row = row;
        int source = row.operand() == Operand.REG ? RegRoles.SRC : RegRoles.NONE;
        int replaced = row.alu() == Alu.MOV ? RegRoles.DST : RegRoles.NONE;
        int compared = row.atomic() == Atomic.CMPXCHG ? RegRoles.R0 : RegRoles.NONE;
        uses = (row.kind().uses & ~RegRoles.SRC & ~replaced) | (row.kind().uses & source) | compared;
        int fetched = row.atomic() != null && row.atomic().fetches() ? RegRoles.SRC : RegRoles.NONE;
        defines = row.kind().defines | (compared != 0 ? compared : fetched);
    }

    /** Roles of the registers that the operation reads; see {@link RegRoles}. */
    int uses() {
        return uses;
    }

    /** Roles of the registers that the operation gives a new value. */
    int defines() {
        return defines;
    }

    /** The opcode byte. */
    public int opcode() {
        return row.opcode();
    }

    public Kind kind() {
        return row.kind();
    }

    /**
     * Width in bits: of the operation for arithmetic, comparisons and byte swaps, of the memory cell for loads, stores
     * and atomics, of the offset for jumps.
     */
    public int width() {
        return row.width();
    }

    /** Width in bytes of the memory cell or operand: {@link #width()} / 8. */
    public int widthBytes() {
        return row.width() / 8;
    }

    /** Width in bits that {@link Kind#MOVSX} extends from; 0 for other kinds. */
    public int fromWidth() {
        return row.fromWidth();
    }

    /** Returns the second operand: the source register, the immediate, or nothing. */
    public Operand operand() {
        return row.operand();
    }

    public boolean usesSrcRegister() {
        return row.operand() == Operand.REG;
    }

    /** The operator of {@link Kind#ALU}; fails for other kinds. */
    public Alu alu() {
        return required(row.alu());
    }

    /** The condition of {@link Kind#JCC}; fails for other kinds. */
    public Cond cond() {
        return required(row.cond());
    }

    /** The operator of {@link Kind#ATOMIC}; fails for other kinds. */
    public Atomic atomic() {
        return required(row.atomic());
    }

    /** The field that distinguishes this row from others of the same opcode, or {@link Field#NONE}. */
    public Field keyField() {
        return row.keyField();
    }

    /** The value that {@link #keyField()} has in the byte encoding. */
    public int key() {
        return row.key();
    }

    /**
     * Returns true if the field is an operand of this row. A field that is neither an operand nor the
     * {@link #keyField()} is reserved: it is zero in every valid instruction.
     */
    public boolean uses(Field field) {
        return row.uses(field);
    }

    /** Returns true if the second slot's immediate means something: not in the load of a map's own address. */
    public boolean hasUpperImm() {
        return row.kind() == Kind.LDDW && this != LDDW_MAP_FD && this != LDDW_MAP_IDX;
    }

    /** Returns true if it loads a map, or the address of a map's value. */
    public boolean loadsMap() {
        return switch (this) {
            case LDDW_MAP_FD, LDDW_MAP_VALUE, LDDW_MAP_IDX, LDDW_MAP_IDX_VALUE -> true;
            default -> false;
        };
    }

    public Group group() {
        return row.group();
    }

    public boolean is64() {
        return row.width() == 64;
    }

    private <T> T required(@Nullable T column) {
        if (column == null) {
            throw new IllegalStateException(name() + " has no such column");
        }
        return column;
    }

    private static OpRow row(int opcode, Kind kind, int width, Group group) {
        return new OpRow(opcode, kind, width, group);
    }

    /** The kinds of operations; within one, fields have the same meaning. */
    public enum Kind {
        /** dst = dst OP operand. */
        ALU(RegRoles.DST | RegRoles.SRC, RegRoles.DST),
        /** dst = sign extension of src's low {@link Op#fromWidth()} bits. */
        MOVSX(RegRoles.SRC, RegRoles.DST),
        NEG(RegRoles.DST, RegRoles.DST),
        /** Conversion of dst's low {@link Op#width()} bits to or from an endianness. */
        BYTE_SWAP(RegRoles.DST, RegRoles.DST),
        /** dst = src, moved between address spaces; imm = destination space &lt;&lt; 16 | source space. */
        ADDR_SPACE_CAST(RegRoles.SRC, RegRoles.DST),
        /** Unconditional jump; see {@link Insn#jumpOffset()}. */
        JA(RegRoles.NONE, RegRoles.NONE),
        /** Jump if dst COND operand. */
        JCC(RegRoles.DST | RegRoles.SRC, RegRoles.NONE),
        /** Jump, or fall through for a bounded number of times. */
        MAY_GOTO(RegRoles.NONE, RegRoles.NONE),
        /** Jump to the address in dst. */
        GOTO_REG(RegRoles.DST, RegRoles.NONE),
        /** imm = helper number. */
        CALL_HELPER(RegRoles.ARGS, RegRoles.CALLER_SAVED),
        /** imm = offset in slots from the next instruction. */
        CALL_SUBPROG(RegRoles.ARGS, RegRoles.CALLER_SAVED),
        /** imm = BTF id (in a linked program: index into its object's kfunc table). */
        CALL_KFUNC(RegRoles.ARGS, RegRoles.CALLER_SAVED),
        EXIT(RegRoles.R0, RegRoles.NONE),
        /** dst = *(unsigned)(src + off). */
        LDX(RegRoles.SRC, RegRoles.DST),
        /** dst = *(signed)(src + off). */
        LDXSX(RegRoles.SRC, RegRoles.DST),
        /** *(dst + off) = imm. */
        ST(RegRoles.DST, RegRoles.NONE),
        /** *(dst + off) = src. */
        STX(RegRoles.DST | RegRoles.SRC, RegRoles.NONE),
        /** Read-modify-write of *(dst + off) with src. */
        ATOMIC(RegRoles.DST | RegRoles.SRC, RegRoles.NONE),
        /** dst = *(src + off), acquire. */
        LOAD_ACQUIRE(RegRoles.SRC, RegRoles.DST),
        /** *(dst + off) = src, release. */
        STORE_RELEASE(RegRoles.DST | RegRoles.SRC, RegRoles.NONE),
        /** r0 = packet[imm]; legacy. */
        LD_ABS(RegRoles.R6, RegRoles.CALLER_SAVED),
        /** r0 = packet[src + imm]; legacy. */
        LD_IND(RegRoles.R6 | RegRoles.SRC, RegRoles.CALLER_SAVED),
        /** dst = a 64-bit constant, whose meaning the row says; two slots. */
        LDDW(RegRoles.NONE, RegRoles.DST),
        /** The second slot of an {@link #LDDW}: not an instruction, never executed. */
        LDDW_HI(RegRoles.NONE, RegRoles.NONE);

        private final int uses;
        private final int defines;

        /**
         * @param uses roles of the registers that are read, as far as all operations of the kind have them
         * @param defines roles of the registers that get a new value
         */
        Kind(int uses, int defines) {
            this.uses = uses;
            this.defines = defines;
        }
    }

    /** Arithmetic operators. */
    public enum Alu {
        ADD,
        SUB,
        MUL,
        DIV,
        SDIV,
        OR,
        AND,
        LSH,
        RSH,
        MOD,
        SMOD,
        XOR,
        MOV,
        ARSH
    }

    /** Conditions of jumps; JS… compare signed. */
    public enum Cond {
        JEQ,
        JGT,
        JGE,
        JSET,
        JNE,
        JSGT,
        JSGE,
        JLT,
        JLE,
        JSLT,
        JSLE
    }

    /** Atomic read-modify-write operators; all but the first four return the old value in src (CMPXCHG: in r0). */
    public enum Atomic {
        ADD,
        OR,
        AND,
        XOR,
        FETCH_ADD,
        FETCH_OR,
        FETCH_AND,
        FETCH_XOR,
        XCHG,
        CMPXCHG;

        /** Returns true if the old value is written to src, or to r0 for {@link #CMPXCHG}. */
        public boolean fetches() {
            return ordinal() >= FETCH_ADD.ordinal();
        }
    }

    /** The sources of the second operand. */
    public enum Operand {
        NONE,
        IMM,
        REG
    }

    /** Fields of the byte encoding. */
    public enum Field {
        NONE,
        DST,
        SRC,
        OFF,
        IMM
    }

    /** Conformance groups of RFC 9669 section 2.4; LINUX holds what only Linux has. */
    public enum Group {
        BASE32,
        BASE64,
        ATOMIC32,
        ATOMIC64,
        DIVMUL32,
        DIVMUL64,
        PACKET,
        LINUX
    }
}
