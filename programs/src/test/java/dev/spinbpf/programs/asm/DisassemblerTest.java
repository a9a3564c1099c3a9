package dev.spinbpf.programs.asm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.InsnDecoder;
import dev.spinbpf.programs.isa.InvalidInsnException;
import dev.spinbpf.programs.isa.Op;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DisassemblerTest {
    /** The right side is what Linux 7.2 prints for these bytes. */
    @ParameterizedTest
    @CsvSource(delimiter = '!', textBlock = """
            07 01 00 00 fb ff ff ff ! (07) r1 += -5
            04 01 00 00 05 00 00 00 ! (04) w1 += 5
            bf a2 00 00 00 00 00 00 ! (bf) r2 = r10
            bc a2 00 00 00 00 00 00 ! (bc) w2 = w10
            b7 00 00 00 00 00 00 00 ! (b7) r0 = 0
            bf 21 08 00 00 00 00 00 ! (bf) r1 = (s8)r2
            bc 21 10 00 00 00 00 00 ! (bc) w1 = (s16)w2
            bf 21 20 00 00 00 00 00 ! (bf) r1 = (s32)r2
            3f 21 01 00 00 00 00 00 ! (3f) r1 s/= r2
            94 01 01 00 07 00 00 00 ! (94) w1 s%= 7
            c7 01 00 00 20 00 00 00 ! (c7) r1 s>>= 32
            84 03 00 00 00 00 00 00 ! (84) w3 = -w3
            87 03 00 00 00 00 00 00 ! (87) r3 = -r3
            dc 01 00 00 10 00 00 00 ! (dc) r1 = be16 r1
            d4 01 00 00 40 00 00 00 ! (d4) r1 = le64 r1
            d7 01 00 00 20 00 00 00 ! (d7) r1 = bswap32 r1
            bf 21 01 00 01 00 00 00 ! (bf) r1 = addr_space_cast(r2, 0, 1)
            bf 21 01 00 00 00 01 00 ! (bf) r1 = addr_space_cast(r2, 1, 0)
            79 a1 f8 ff 00 00 00 00 ! (79) r1 = *(u64 *)(r10 -8)
            71 21 00 00 00 00 00 00 ! (71) r1 = *(u8 *)(r2 +0)
            89 21 04 00 00 00 00 00 ! (89) r1 = *(s16 *)(r2 +4)
            62 0a fc ff ff ff ff ff ! (62) *(u32 *)(r10 -4) = -1
            7b 1a f8 ff 00 00 00 00 ! (7b) *(u64 *)(r10 -8) = r1
            c3 21 00 00 00 00 00 00 ! (c3) lock *(u32 *)(r1 +0) += r2
            db 21 00 00 a0 00 00 00 ! (db) lock *(u64 *)(r1 +0) ^= r2
            c3 21 04 00 01 00 00 00 ! (c3) r2 = atomic_fetch_add((u32 *)(r1 +4), r2)
            db 21 f8 ff 51 00 00 00 ! (db) r2 = atomic64_fetch_and((u64 *)(r1 -8), r2)
            db 21 00 00 e1 00 00 00 ! (db) r2 = atomic64_xchg((u64 *)(r1 +0), r2)
            c3 21 00 00 f1 00 00 00 ! (c3) r0 = atomic_cmpxchg((u32 *)(r1 +0), r0, r2)
            d3 21 00 00 00 01 00 00 ! (d3) r1 = load_acquire((u8 *)(r2 +0))
            db 21 08 00 10 01 00 00 ! (db) store_release((u64 *)(r1 +8), r2)
            30 00 00 00 04 00 00 00 ! (30) r0 = *(u8 *)skb[4]
            48 10 00 00 fc ff ff ff ! (48) r0 = *(u16 *)skb[r1 + -4]
            05 00 07 00 00 00 00 00 ! (05) goto pc+7
            06 00 00 00 f0 ff ff ff ! (06) gotol pc-16
            e5 00 02 00 00 00 00 00 ! (e5) may_goto pc+2
            0d 01 00 00 00 00 00 00 ! (0d) gotox r1
            66 02 07 00 05 00 00 00 ! (66) if w2 s> 0x5 goto pc+7
            15 00 ff ff ff ff ff ff ! (15) if r0 == 0xffffffff goto pc-1
            4d 21 00 00 00 00 00 00 ! (4d) if r1 & r2 goto pc+0
            85 00 00 00 b5 00 00 00 ! (85) call bpf_loop#181
            85 00 00 00 0f 27 00 00 ! (85) call unknown#9999
            85 10 00 00 03 00 00 00 ! (85) call pc+3
            85 20 00 00 05 00 00 00 ! (85) call kernel-function#5
            95 00 00 00 00 00 00 00 ! (95) exit
            18 01 00 00 ff ff ff ff 00 00 00 00 01 00 00 00 ! (18) r1 = 0x1ffffffff
            """)
    void shouldPrintWhatTheKernelPrints(String bytes, String text) throws InvalidInsnException {
        Insn insn = InsnDecoder.decode(HexFormat.of().parseHex(bytes.replace(" ", "")))
                .getFirst();
        assertThat(Disassembler.logText(insn)).isEqualTo(text);
    }

    @Test
    void shouldNameKfuncsWhereTheCallerKnowsThem() {
        Insn insn = new Insn(Op.CALL_KFUNC, 0, 0, 0, 5);
        assertThat(Disassembler.logText(insn, call -> "bpf_res_spin_lock")).isEqualTo("(85) call bpf_res_spin_lock#5");
    }
}
