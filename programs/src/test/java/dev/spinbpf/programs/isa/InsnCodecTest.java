package dev.spinbpf.programs.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.spinbpf.programs.isa.InsnProblem.What;
import dev.spinbpf.programs.isa.Op.Field;
import dev.spinbpf.programs.isa.Op.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class InsnCodecTest {
    private static final int SAMPLES_PER_ROW = 200;

    @ParameterizedTest
    @EnumSource(value = Op.class, mode = EnumSource.Mode.EXCLUDE, names = "LDDW_HI")
    void shouldDecodeWhatItEncodedForEveryRow(Op op) throws InvalidInsnException {
        RandomInsns random = new RandomInsns(new Random(op.ordinal()));
        for (int sample = 0; sample < SAMPLES_PER_ROW; sample++) {
            List<Insn> insns = RandomInsns.slots(random.insn(op));
            assertThat(InsnDecoder.decode(InsnEncoder.encode(insns))).isEqualTo(insns);
            ByteBuffer big = ByteBuffer.wrap(InsnEncoder.encode(insns, ByteOrder.BIG_ENDIAN));
            assertThat(InsnDecoder.decode(big, ByteOrder.BIG_ENDIAN)).isEqualTo(insns);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Op.class, mode = EnumSource.Mode.EXCLUDE, names = "LDDW_HI")
    void shouldRefuseEveryReservedFieldThatIsNotZero(Op op) {
        for (Field field : List.of(Field.DST, Field.SRC, Field.OFF, Field.IMM)) {
            if (op.uses(field) || op.keyField() == field) {
                continue;
            }
            byte[] bytes = InsnEncoder.encode(RandomInsns.slots(new Insn(op, 0, 0, 0, 0)));
            bytes[offsetOf(field)] |= (byte) (field == Field.SRC ? 0x30 : 0x03);
            InvalidInsnException refusal = refusal(bytes);
            assertThat(refusal.problem().field()).isEqualTo(field);
            assertThat(refusal.problem().value()).isEqualTo(3);
            assertThat(refusal.problem().slot()).isZero();
            assertThat(refusal.problem().kernelMessage()).containsAnyOf("reserved fields", "invalid may_goto");
        }
    }

    private static int offsetOf(Field field) {
        return switch (field) {
            case DST, SRC -> 1;
            case OFF -> 2;
            case IMM -> 4;
            case NONE -> throw new IllegalArgumentException();
        };
    }

    @ParameterizedTest
    @CsvSource(delimiter = '!', textBlock = """
            # bytes                            ! message                                                   ! the kernel's
            8d 00 00 00 00 00 00 00            ! slot 0: unknown opcode 0x8d                                ! unknown opcode 8d
            00 00 00 00 00 00 00 00            ! slot 0: unknown opcode 0x00                                ! unknown opcode 00
            b7 0b 00 00 00 00 00 00            ! slot 0: opcode 0xb7: field dst names register r11, expected r0 to r10 ! R11 is invalid
            bf c1 00 00 00 00 00 00            ! slot 0: opcode 0xbf: field src names register r12, expected r0 to r10 ! R12 is invalid
            07 00 01 00 00 00 00 00            ! slot 0: ADD64_IMM: reserved field off is 1, expected 0     ! BPF_ALU uses reserved fields
            37 00 02 00 00 00 00 00            ! slot 0: DIV64_IMM: reserved field off is 2, expected 0 or 1 ! BPF_ALU uses reserved fields
            bf 12 00 00 07 00 00 00            ! slot 0: MOV64_REG: reserved field imm is 7, expected 0     ! BPF_MOV uses reserved fields
            bc 12 20 00 00 00 00 00            ! slot 0: MOV32_REG: reserved field off is 0x20, expected 0 or 8 or 0x10 ! BPF_MOV uses reserved fields
            87 10 00 00 00 00 00 00            ! slot 0: NEG64: reserved field src is 1, expected 0         ! BPF_NEG uses reserved fields
            d4 00 00 00 18 00 00 00            ! slot 0: opcode 0xd4: field imm is 0x18, expected 0x10 or 0x20 or 0x40 ! BPF_END uses reserved fields
            85 30 00 00 01 00 00 00            ! slot 0: opcode 0x85: field src is 3, expected 0 or 1 or 2  ! BPF_CALL uses reserved fields
            85 00 01 00 01 00 00 00            ! slot 0: CALL_HELPER: reserved field off is 1, expected 0   ! BPF_CALL uses reserved fields
            05 00 00 00 01 00 00 00            ! slot 0: JA: reserved field imm is 1, expected 0            ! BPF_JA uses reserved fields
            0d 01 00 00 01 00 00 00            ! slot 0: GOTO_REG: reserved field imm is 1, expected 0      ! BPF_JA|BPF_X uses reserved fields
            95 01 00 00 00 00 00 00            ! slot 0: EXIT: reserved field dst is 1, expected 0          ! BPF_EXIT uses reserved fields
            1d 12 00 00 09 00 00 00            ! slot 0: JEQ64_REG: reserved field imm is 9, expected 0     ! BPF_JMP/JMP32 uses reserved fields
            e5 00 00 00 05 00 00 00            ! slot 0: MAY_GOTO: reserved field imm is 5, expected 0      ! invalid may_goto imm 5
            79 12 00 00 05 00 00 00            ! slot 0: LDX_DW: reserved field imm is 5, expected 0        ! BPF_LDX uses reserved fields
            7a 12 00 00 05 00 00 00            ! slot 0: ST_DW: reserved field src is 1, expected 0         ! BPF_ST uses reserved fields
            7b 12 00 00 05 00 00 00            ! slot 0: STX_DW: reserved field imm is 5, expected 0        ! BPF_STX uses reserved fields
            30 01 00 00 05 00 00 00            ! slot 0: LD_ABS_B: reserved field dst is 1, expected 0      ! BPF_LD_[ABS|IND] uses reserved fields
            18 01 00 00 05 00 00 00            ! slot 0: LDDW_IMM64: the program ends before its second slot ! invalid bpf_ld_imm64 insn
            18 01 00 00 05 00 00 00 95 00 00 00 00 00 00 00 ! slot 1: LDDW_IMM64: the second slot has opcode 0x95, expected 0x00 ! invalid bpf_ld_imm64 insn
            18 01 00 00 05 00 00 00 00 02 00 00 00 00 00 00 ! slot 1: LDDW_HI: reserved field dst is 2, expected 0 ! invalid bpf_ld_imm64 insn
            18 01 02 00 05 00 00 00 00 00 00 00 00 00 00 00 ! slot 0: LDDW_IMM64: reserved field off is 2, expected 0 ! BPF_LD_IMM64 uses reserved fields
            18 71 00 00 05 00 00 00 00 00 00 00 00 00 00 00 ! slot 0: opcode 0x18: field src is 7, expected 0 or 1 or 2 or 3 or 4 or 5 or 6 ! unrecognized bpf_ld_imm64 insn
            18 11 00 00 05 00 00 00 00 00 00 00 04 00 00 00 ! slot 1: LDDW_MAP_FD: reserved field imm is 4, expected 0 ! unrecognized bpf_ld_imm64 insn
            """)
    void shouldNameWhatIsWrongAndSayItInTheKernelsWords(String bytes, String message, String kernelMessage) {
        InvalidInsnException refusal = refusal(HexFormat.of().parseHex(bytes.replace(" ", "")));
        assertThat(refusal).hasMessage(message.strip());
        assertThat(refusal.problem().message()).isEqualTo(message.strip());
        assertThat(refusal.problem().kernelMessage()).isEqualTo(kernelMessage.strip());
    }

    @Test
    void shouldTellAtomicOperatorsFromSizesThatTheyDoNotHave() {
        assertThat(refusal(HexFormat.of().parseHex("db12000002000000"))
                        .problem()
                        .kernelMessage())
                .isEqualTo("BPF_ATOMIC uses invalid atomic opcode 02");
        assertThat(refusal(HexFormat.of().parseHex("d312000001000000"))
                        .problem()
                        .kernelMessage())
                .isEqualTo("invalid atomic operand size");
    }

    @Test
    void shouldRefuseALengthThatIsNoMultipleOfTheSlot() {
        InvalidInsnException refusal = refusal(new byte[11]);
        assertThat(refusal.problem().kind()).isEqualTo(What.UNKNOWN_OPCODE);
        byte[] bytes = new byte[11];
        bytes[0] = (byte) Op.EXIT.opcode();
        assertThat(refusal(bytes)).hasMessage("slot 1: the program ends after 3 bytes of a slot of 8");
    }

    @Test
    void shouldKeepWhatALoaderFillsIn() throws InvalidInsnException {
        byte[] bytes = HexFormat.of()
                .parseHex("85200700ffffffff" + "1821000005000000" + "0000000010000000" + "1841000003000000"
                        + "0000000000000080" + "0d0300000000000095000000" + "00000000");
        List<Insn> insns = InsnDecoder.decode(bytes);
        assertThat(insns.getFirst()).isEqualTo(new Insn(Op.CALL_KFUNC, 0, 0, 7, -1));
        assertThat(insns.get(1).immLow()).isEqualTo(5);
        assertThat(insns.get(1).immHigh()).isEqualTo(16);
        assertThat(insns.get(3).immHigh()).isEqualTo(Integer.MIN_VALUE);
        assertThat(InsnEncoder.encode(insns)).isEqualTo(bytes);
    }

    @Test
    void shouldRefuseToEncodeWhatDoesNotFit() {
        assertThatThrownBy(() -> InsnEncoder.encode(List.of(new Insn(Op.JA, 0, 0, 40_000, 0))))
                .hasMessageContaining("OFF is 40000");
        assertThatThrownBy(() -> InsnEncoder.encode(List.of(new Insn(Op.EXIT, 0, 0, 0, 1))))
                .hasMessageContaining("IMM is 1, expected 0");
        assertThatThrownBy(() -> InsnEncoder.encode(List.of(new Insn(Op.LDDW_IMM64, 0, 0, 0, 1))))
                .hasMessageContaining("do not pair");
        assertThatThrownBy(() -> InsnEncoder.encode(List.of(Insn.LDDW_SECOND_SLOT)))
                .hasMessageContaining("do not pair");
    }

    /** Any bytes are either refused or come back unchanged. */
    @Test
    void shouldRefuseOrPreserveRandomBytes() {
        for (int seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            bytes[1] &= 0x55;
            for (int at = 2; at < 16; at++) {
                bytes[at] = random.nextInt(3) == 0 ? bytes[at] : 0;
            }
            try {
                List<Insn> insns = InsnDecoder.decode(bytes);
                assertThat(InsnEncoder.encode(insns)).as("seed %d", seed).isEqualTo(bytes);
            } catch (InvalidInsnException e) {
                assertThat(e.problem().kernelMessage()).as("seed %d", seed).isNotEmpty();
            }
        }
    }

    /** The rows' opcode bytes against RFC 9669's composition of them: class, then source, operation or mode and size. */
    @ParameterizedTest
    @EnumSource(Op.class)
    void shouldComposeItsOpcodeAsTheSpecificationSays(Op op) {
        int registerBit = op.usesSrcRegister() ? 0x08 : 0;
        int size =
                switch (op.width()) {
                    case 8 -> 0x10;
                    case 16 -> 0x08;
                    case 32 -> 0x00;
                    default -> 0x18;
                };
        int aluClass = op.is64() ? 0x07 : 0x04;
        int expected =
                switch (op.kind()) {
                    case ALU -> aluCode(op) | registerBit | aluClass;
                    case MOVSX, ADDR_SPACE_CAST -> 0xb0 | registerBit | aluClass;
                    case NEG -> 0x80 | aluClass;
                    case BYTE_SWAP ->
                        0xd0 | (op.name().startsWith("BE") ? 0x0c : op.name().startsWith("LE") ? 0x04 : 0x07);
                    case JA -> op.width() == 16 ? 0x05 : 0x06;
                    case JCC -> jumpCode(op.cond()) | registerBit | (op.is64() ? 0x05 : 0x06);
                    case MAY_GOTO -> 0xe5;
                    case GOTO_REG -> 0x0d;
                    case CALL_HELPER, CALL_SUBPROG, CALL_KFUNC -> 0x85;
                    case EXIT -> 0x95;
                    case LDX -> 0x61 | size;
                    case LDXSX -> 0x81 | size;
                    case ST -> 0x62 | size;
                    case STX -> 0x63 | size;
                    case ATOMIC, LOAD_ACQUIRE, STORE_RELEASE -> 0xc3 | size;
                    case LD_ABS -> 0x20 | size;
                    case LD_IND -> 0x40 | size;
                    case LDDW -> 0x18;
                    case LDDW_HI -> 0x00;
                };
        assertThat(op.opcode()).isEqualTo(expected);
        assertThat(op.key()).isEqualTo(key(op));
    }

    private static int key(Op op) {
        return switch (op.kind()) {
            case MOVSX -> op.fromWidth();
            case BYTE_SWAP -> op.width();
            case ADDR_SPACE_CAST -> 1;
            case LOAD_ACQUIRE -> 0x100;
            case STORE_RELEASE -> 0x110;
            case ALU -> op.alu() == Op.Alu.SDIV || op.alu() == Op.Alu.SMOD ? 1 : 0;
            case ATOMIC -> atomicCode(op.atomic());
            case CALL_SUBPROG -> 1;
            case CALL_KFUNC -> 2;
            case LDDW -> op.ordinal() - Op.LDDW_IMM64.ordinal();
            default -> 0;
        };
    }

    private static int atomicCode(Op.Atomic atomic) {
        return switch (atomic) {
            case ADD -> 0x00;
            case FETCH_ADD -> 0x01;
            case OR -> 0x40;
            case FETCH_OR -> 0x41;
            case AND -> 0x50;
            case FETCH_AND -> 0x51;
            case XOR -> 0xa0;
            case FETCH_XOR -> 0xa1;
            case XCHG -> 0xe1;
            case CMPXCHG -> 0xf1;
        };
    }

    private static int aluCode(Op op) {
        return switch (op.alu()) {
            case ADD -> 0x00;
            case SUB -> 0x10;
            case MUL -> 0x20;
            case DIV, SDIV -> 0x30;
            case OR -> 0x40;
            case AND -> 0x50;
            case LSH -> 0x60;
            case RSH -> 0x70;
            case MOD, SMOD -> 0x90;
            case XOR -> 0xa0;
            case MOV -> 0xb0;
            case ARSH -> 0xc0;
        };
    }

    private static int jumpCode(Op.Cond cond) {
        return switch (cond) {
            case JEQ -> 0x10;
            case JGT -> 0x20;
            case JGE -> 0x30;
            case JSET -> 0x40;
            case JNE -> 0x50;
            case JSGT -> 0x60;
            case JSGE -> 0x70;
            case JLT -> 0xa0;
            case JLE -> 0xb0;
            case JSLT -> 0xc0;
            case JSLE -> 0xd0;
        };
    }

    /** All 256 opcode bytes: exactly those of Linux's table (kernel/bpf/core.c, bpf_opcode_in_insntable) are known. */
    @Test
    void shouldKnowTheOpcodesOfTheKernel() {
        long known = 0;
        for (int opcode = 0; opcode < 256; opcode++) {
            byte[] bytes = new byte[16];
            bytes[0] = (byte) opcode;
            try {
                InsnDecoder.decode(bytes);
                known++;
            } catch (InvalidInsnException e) {
                known +=
                        e.problem().kind() == What.UNKNOWN_OPCODE && e.problem().slot() == 0 ? 0 : 1;
            }
        }
        int alu = 2 * (12 * 2 + 1) + 3;
        int jumps = 2 * 11 * 2 + 2 + 2 + 2;
        int memory = 4 + 4 + 4 + 3 + 4 + 6 + 1;
        assertThat(known).isEqualTo(alu + jumps + memory);
    }

    private static InvalidInsnException refusal(byte[] bytes) {
        InvalidInsnException refusal =
                catchThrowableOfType(InvalidInsnException.class, () -> InsnDecoder.decode(bytes));
        assertThat(refusal).isNotNull();
        return refusal;
    }

    @Test
    void shouldGiveEveryRowThatIsNoOperandAReservedMeaning() {
        for (Op op : Op.values()) {
            assertThat(op.uses(op.keyField())).as("%s: a key is no operand", op).isFalse();
            assertThat(op.hasUpperImm()).isEqualTo(op.kind() == Kind.LDDW && op.key() != 1 && op.key() != 5);
        }
    }
}
