package dev.spinbpf.programs.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AssemblerTest {
    private static final String PROGRAM = ".program p \"tc\"\n";

    private static ProgramObject assemble(String text) {
        try {
            return Assembler.assemble("dir/test.bpfasm", text);
        } catch (AssemblyException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    private static AssemblyException refusal(String text) {
        AssemblyException refusal =
                catchThrowableOfType(AssemblyException.class, () -> Assembler.assemble("dir/test.bpfasm", text));
        assertThat(refusal).as("nothing refused in %s", text).isNotNull();
        return refusal;
    }

    @Test
    void shouldAssembleAProgramThatTakesALock() {
        ProgramObject object = assemble("""
                .license "GPL"
                .kfunc bpf_res_spin_lock
                .kfunc bpf_res_spin_unlock weak

                .map counters hash          ; a map with a lock in its values
                    key 4
                    value 16
                    max_entries 1024
                    flags 1
                    lock bpf_res_spin_lock at 0

                .program count "tc"
                    *(u32 *)(r10 -4) = 0    # the key
                    r2 = r10
                    r2 += -4
                    r1 = map[counters]
                    call bpf_map_lookup_elem
                    if r0 == 0 goto out     // not there
                    r6 = r0
                    r1 = r0
                    call bpf_res_spin_lock
                    if r0 != 0 goto out
                    r1 = *(u64 *)(r6 + 8)
                    r1 += 1
                    *(u64 *)(r6 +8) = r1
                    r1 = r6
                    call bpf_res_spin_unlock
                out:                        /* both ways
                                               out */
                    r0 = 0
                    exit
                """);
        assertThat(object.license()).isEqualTo("GPL");
        assertThat(object.kfuncs())
                .containsExactly(
                        new KfuncRef("bpf_res_spin_lock", false, 0), new KfuncRef("bpf_res_spin_unlock", true, 0));
        MapDef map = object.maps().getFirst();
        assertThat(map.type()).isEqualTo(MapType.HASH);
        assertThat(List.of(map.keySize(), map.valueSize())).containsExactly(4, 16);
        assertThat(map.maxEntries()).isEqualTo(1024);
        BtfRecord fields = BtfRecord.parse(object.btf(), map.valueTypeId(), BtfRecord.MAP_VALUE_KINDS, 16);
        assertThat(fields.fields())
                .extracting(BtfField::kind, BtfField::offset)
                .containsExactly(tuple(BtfField.Kind.BPF_RES_SPIN_LOCK, 0));
        Program program = object.programs().getFirst();
        assertThat(program.type()).isEqualTo(ProgType.SCHED_CLS);
        assertThat(program.subprogs()).containsExactly(new Subprog("count", 0, 18, true, 0));
        assertThat(program.insns().get(3)).isEqualTo(new Insn(Op.LDDW_MAP_FD, 1, 0, 0, 0));
        assertThat(program.insns().get(6)).isEqualTo(new Insn(Op.JEQ64_IMM, 0, 0, 9, 0));
        assertThat(program.insns().get(9)).isEqualTo(new Insn(Op.CALL_KFUNC, 0, 0, 0, 0));
        assertThat(program.lineAt(6)).satisfies(line -> {
            assertThat(line.file()).isEqualTo("dir/test.bpfasm");
            assertThat(line.line()).isEqualTo(18);
            assertThat(line.column()).isEqualTo(5);
            assertThat(line.text()).isEqualTo("if r0 == 0 goto out     // not there");
        });
        RoundTripTest.assertSame(assemble(AssemblyWriter.write(object)), object);
    }

    @Test
    void shouldLayOutGlobalDataWithTypes() {
        ProgramObject object = assemble("""
                .section .bss
                    var lock_a : bpf_res_spin_lock
                    var total : u64
                    var names : char[3] at 24
                .section .rodata size 32
                    var limit : u32 = 0xfffffffe
                    var table : s16[3] = -1, 2, 3
                    bytes 16 "de ad beef"
                .section .data.A
                    var x : u8 = 255
                .program p "xdp"
                    r1 = &total
                    r2 = map[.rodata][0]+4
                    r3 = map[.data.A]
                    r0 = 0
                    exit
                """);
        assertThat(object.maps()).extracting(MapDef::name).containsExactly("test.bss", "test.rodata", ".data.A");
        assertThat(object.maps()).extracting(MapDef::section).containsExactly(".bss", ".rodata", ".data.A");
        assertThat(object.maps()).extracting(MapDef::valueSize).containsExactly(27, 32, 1);
        assertThat(object.maps()).extracting(MapDef::readOnly).containsExactly(false, true, false);
        assertThat(object.maps()).extracting(MapDef::flags).containsExactly(0x400L, 0x480L, 0x400L);
        byte[] bytes = {
            -2, -1, -1, -1, -1, -1, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, (byte) 0xde, (byte) 0xad, (byte) 0xbe, (byte) 0xef
        };
        assertThat(object.maps().get(1).initialData()).startsWith(bytes).hasSize(32);
        BtfType type = object.btf().type(object.maps().getFirst().valueTypeId());
        assertThat(type).isInstanceOfSatisfying(BtfType.DataSec.class, section -> {
            assertThat(section.name()).isEqualTo(".bss");
            assertThat(section.vars()).extracting(BtfType.SecVar::offset).containsExactly(0L, 8L, 24L);
        });
        List<Insn> insns = object.programs().getFirst().insns();
        assertThat(insns.getFirst()).isEqualTo(new Insn(Op.LDDW_MAP_VALUE, 1, 0, 0, 8L << 32));
        assertThat(insns.get(2)).isEqualTo(new Insn(Op.LDDW_MAP_VALUE, 2, 0, 0, 4L << 32 | 1));
        RoundTripTest.assertSame(assemble(AssemblyWriter.write(object)), object);
    }

    @Test
    void shouldDeclareMapsOfMapsAndKernelSymbols() {
        ProgramObject object = assemble("""
                .ksym bpf_prog_active typed
                .map outer array_of_maps
                    key 4
                    value 4
                    max_entries 2
                    map_extra 0x100000000
                    numa_node 1
                    .inner "outer inner" hash
                        key 4
                        value 8
                        max_entries 1
                    .end
                    slot 1 = counters
                .map counters lru_percpu_hash
                    key 4
                    value 8
                    max_entries 1
                .program p "?fentry.s/bpf_fentry_test1"
                    r1 = ksym[bpf_prog_active]
                    exit
                """);
        MapDef outer = object.maps().getFirst();
        assertThat(outer.inner())
                .extracting(inner -> inner == null ? "" : inner.name())
                .isEqualTo("outer inner");
        assertThat(outer.slots()).containsExactly(new MapDef.Slot(1, "counters"));
        assertThat(outer.mapExtra()).isEqualTo(1L << 32);
        assertThat(outer.numaNode()).isEqualTo(1);
        assertThat(object.ksyms()).containsExactly(new KsymRef("bpf_prog_active", false, false, true, 0));
        Program program = object.programs().getFirst();
        assertThat(program.type()).isEqualTo(ProgType.TRACING);
        assertThat(program.attachType()).isEqualTo(AttachType.TRACE_FENTRY);
        assertThat(program.attachTarget()).isEqualTo("bpf_fentry_test1");
        assertThat(program.sleepable()).isTrue();
        assertThat(program.autoload()).isFalse();
        RoundTripTest.assertSame(assemble(AssemblyWriter.write(object)), object);
    }

    @Test
    void shouldAppendSharedFunctionsInTheOrderOfFirstUse() {
        ProgramObject object = assemble("""
                .func leaf
                    exit
                .global middle(u32, ptr __sk_buff, nonnull mem 16)
                    call leaf
                    exit
                .func unused
                    exit
                .program one "tc"
                    call own
                    call middle
                    exit
                .func own
                    r1 = subprog[leaf]
                    exit
                .program two "xdp"
                    call leaf
                    exit
                """);
        Program one = object.programs().getFirst();
        assertThat(one.subprogs())
                .extracting(Subprog::name, Subprog::start, Subprog::end, Subprog::global)
                .containsExactly(
                        tuple("one", 0, 3, true),
                        tuple("own", 3, 6, false),
                        tuple("middle", 6, 8, true),
                        tuple("leaf", 8, 9, false));
        assertThat(one.insns().getFirst()).isEqualTo(new Insn(Op.CALL_SUBPROG, 0, 0, 0, 2));
        assertThat(one.insns().get(1)).isEqualTo(new Insn(Op.CALL_SUBPROG, 0, 0, 0, 4));
        assertThat(one.insns().get(3)).isEqualTo(new Insn(Op.LDDW_FUNC, 1, 0, 0, 4));
        assertThat(object.programs().get(1).subprogs()).hasSize(2);
        BtfType function = object.btf().type(one.subprogs().get(2).btfFuncId());
        assertThat(function).isInstanceOfSatisfying(BtfType.Func.class, func -> assertThat(
                        object.btf().type(func.protoTypeId()))
                .isInstanceOfSatisfying(BtfType.FuncProto.class, proto -> assertThat(proto.params())
                        .hasSize(3)));
        assertThat(object.btf().findAll("arg:nonnull")).hasSize(1);
    }

    @Test
    void shouldReadTheKernelsLog() {
        ProgramObject object = assemble(PROGRAM + """
                ; int count(struct __sk_buff *skb) @ count.bpf.c:12
                0: (b7) r1 = 0                        ; R1=0
                1: (63) *(u32 *)(r10 -4) = r1         ; R1=0 R10=fp0 fp-8=0000????
                2: (18) r1 = 0x5
                4: (85) call bpf_get_prandom_u32#7    ; R0=scalar()
                5: (95) exit
                """);
        assertThat(object.programs().getFirst().insns())
                .containsExactly(
                        new Insn(Op.MOV64_IMM, 1, 0, 0, 0),
                        new Insn(Op.STX_W, 10, 1, -4, 0),
                        new Insn(Op.LDDW_IMM64, 1, 0, 0, 5),
                        Insn.LDDW_SECOND_SLOT,
                        new Insn(Op.CALL_HELPER, 0, 0, 0, 7),
                        new Insn(Op.EXIT, 0, 0, 0, 0));
    }

    @Test
    void shouldReportSeveralMistakesEachWithACaret() {
        AssemblyException refusal = refusal("""
                .program p "tc"
                    r0 = r12
                \tr1 += w2
                    if r1 == 0 goto nowhere
                    call bpf_res_spin_lock
                    r0 = = 1
                    exit
                """);
        assertThat(refusal.diagnostics()).hasSize(3);
        assertThat(refusal).hasMessage("""
                dir/test.bpfasm:2:10: error: no register r12, expected r0 to r10 or w0 to w10
                    r0 = r12
                         ^~~
                dir/test.bpfasm:3:8: error: both registers must be of the same width
                \tr1 += w2
                \t      ^~
                dir/test.bpfasm:6:10: error: unexpected '='
                    r0 = = 1
                         ^""");
        assertThat(refusal("""
                .program p "tc"
                    if r1 == 0 goto nowhere
                    call bpf_res_spin_lock
                    r1 = map[missing]
                    r1 = &missing
                    exit
                """)).hasMessage("""
                dir/test.bpfasm:2:21: error: there is no label 'nowhere'
                    if r1 == 0 goto nowhere
                                    ^~~~~~~
                dir/test.bpfasm:3:10: error: 'bpf_res_spin_lock' is no helper and no function of this file; a kernel function \
                wants a line '.kfunc bpf_res_spin_lock'
                    call bpf_res_spin_lock
                         ^~~~~~~~~~~~~~~~~
                dir/test.bpfasm:4:10: error: there is no map 'missing'
                    r1 = map[missing]
                         ^~~~~~~~~~~~
                dir/test.bpfasm:5:10: error: there is no variable 'missing'
                    r1 = &missing
                         ^~~~~~~~""");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '!', textBlock = """
            r1 = 0x100000000            ! number out of range: expected -2147483648 to 2147483647
            w1 = 0x100000000            ! number out of range: expected -2147483648 to 4294967295
            r1 = 0x10000000000000000 ll ! number out of range: expected -9223372036854775808 to 18446744073709551615
            goto pc+32768               ! number out of range: expected -32768 to 32767
            r1 = *(u64 *)(r10 -32769)   ! number out of range: expected -32768 to 32767
            r1 = -r2                    ! changes its operand in place: expected r1
            r1 = be24 r1                ! 'be24' is no byte swap
            r1 = *(u7 *)(r2 +0)         ! unknown type 'u7', expected u8 to u64
            r1 = *(s64 *)(r2 +0)        ! unknown type 's64', expected s8 to s32
            w1 = *(u64 *)(r2 +0)        ! this load fills all 64 bits: write r1
            r1 = *(u64 *)(w2 +0)        ! an address has 64 bits
            w1 = (s32)w2                ! there is no such operation of 32 bits
            lock *(u8 *)(r1 +0) += r2   ! there is no atomic '+=' of 8 bits
            lock *(u32 *)(r1 +0) -= r2  ! there is no atomic '-=' of 32 bits
            r3 = atomic_fetch_add((u32 *)(r1 +0), r2) ! the result goes into r2
            r2 = atomic64_fetch_add((u32 *)(r1 +0), r2) ! there is no atomic 'atomic64_fetch_add' of 32 bits
            r1 = atomic_cmpxchg((u32 *)(r1 +0), r0, r2) ! the result goes into r0
            r0 = atomic_cmpxchg((u32 *)(r1 +0), r2) ! takes r0 and a register
            r1 = *(u8 *)skb[4]          ! packet bytes are loaded into r0 only
            call bpf_map_lookup_elem#2  ! helper 2 is bpf_map_update_elem
            call unknown#1              ! helper 1 is bpf_map_lookup_elem
            r1 = map[what:5]            ! expected id or idx
            r1 = "r2                    ! string without an end
            r1 = r2 r3                  ! unexpected 'r3', expected end of line
            r1 = *(u64 *)(r10 -8        ! unexpected end of line, expected ')'
            if r1 == goto l             ! unexpected 'goto'
            r1 = @                      ! unexpected character
            key 4                       ! this belongs into a .map or a .section
            [1] INT 'int' size=4        ! a type belongs after .btf
            .end                        ! .end without .inner
            .map m hsh                  ! there is no kind of map 'hsh'
            .program q "frobnicate"     ! the section's name says no type of program
            .kfunc f wek                ! unknown option, expected weak, btf
            .global f(u32 *)            ! unexpected '*'
            """)
    void shouldSayWhatIsWrong(String line, String message) {
        AssemblyException refusal = refusal(PROGRAM + line + "\nl: exit\n");
        assertThat(refusal.diagnostics()).anySatisfy(diagnostic -> {
            assertThat(diagnostic.message()).contains(message);
            assertThat(diagnostic.line()).isEqualTo(2);
            assertThat(diagnostic.excerpt()).contains("^");
        });
    }

    @Test
    void shouldRefuseNamesThatStandTwice() {
        assertThat(refusal("""
                .program p "tc"
                l: l: exit
                .func f
                exit
                .func f
                exit
                .program p "tc"
                exit
                .map m array
                .map m hash
                .kfunc k
                .kfunc k
                """).diagnostics().stream()
                        .map(AssemblyDiagnostic::line)
                        .toList())
                .containsExactly(2, 5, 7, 12);
        assertThat(refusal(".map m array\n.map m hash")).hasMessageContaining("there are two maps 'm'");
        assertThat(refusal("""
                .section .bss size 8
                var a : u32
                var a : u32
                var b : u64 at 2
                """).diagnostics()).hasSize(2);
    }

    @Test
    void shouldReadTypesAsBpftoolPrintsThem() {
        ProgramObject object = assemble("""
                .btf
                [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
                [2] STRUCT '(anon)' size=8 vlen=2
                \t'a' type_id=1 bits_offset=0
                \t'b' type_id=1 bits_offset=32 bitfield_size=4
                [3] VAR 'x' type_id=2, linkage=global
                [4] DATASEC '.data' size=8 vlen=1
                \ttype_id=3 offset=0 size=8 (VAR 'x')
                [5] ENUM64 'e' encoding=UNSIGNED size=8 vlen=1
                \t'BIG' val=18446744073709551615
                .section .data size 8
                    value btf 4
                .program p "tc"
                    r1 = &x
                    exit
                """);
        assertThat(object.btf().size()).isEqualTo(6);
        assertThat(object.btf().type(2))
                .isEqualTo(new BtfType.Composite(
                        "", false, 8, List.of(new BtfType.Member("a", 1, 0, 0), new BtfType.Member("b", 1, 32, 4))));
        assertThat(object.maps().getFirst().valueTypeId()).isEqualTo(4);
        assertThat(object.programs().getFirst().insns().getFirst().op()).isEqualTo(Op.LDDW_MAP_VALUE);
        RoundTripTest.assertSame(assemble(AssemblyWriter.write(object)), object);
        assertThat(
                        refusal(".btf\n[1] PTR '(anon)' type_id=2\n[3] VAR 'x' type_id=1, linkage=global")
                                .diagnostics()
                                .stream()
                                .map(AssemblyDiagnostic::message)
                                .collect(Collectors.joining(";")))
                .contains("type ids count from 1: expected 2");
        assertThat(refusal(".btf\n[1] PTR '(anon)' type_id=2")).hasMessageContaining("there is no type 2");
        assertThat(refusal(".btf\n[1] FUNC 'f' type_id=1 linkage=static")).hasMessageContaining("wrong kind");
    }

    @Test
    void shouldStopAtALimitedNumberOfMistakes() {
        assertThat(refusal("?\n".repeat(100_000)).diagnostics()).hasSize(50);
    }

    /** Text made to be slow or to overflow something: each of these is refused, or assembled, within seconds. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "(",
                "[",
                "{",
                "/*",
                "\"",
                "'",
                "r1 = ",
                "a:",
                "-",
                "((((u8 *)",
                ".inner a hash\n",
                ".program p \"tc\"\n",
                ".func f\n",
                "\n",
                "1:",
                "#",
                "call ",
                "if r1 == ",
                ".btf\n",
                "'a' b=c ",
                ",",
                "r1 = \"\\",
                "a=b ",
                "& ",
                "exit "
            })
    void shouldSurviveHostileText(String piece) {
        String text = PROGRAM + piece.repeat(300_000 / piece.length());
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            assertThat(refusal(text).diagnostics()).isNotEmpty();
        });
    }

    @Test
    void shouldRefuseTextOfExcessiveLength() {
        assertThat(refusal("x".repeat(Assembler.MAX_TEXT_CHARS + 1))).hasMessageContaining("expected at most");
    }

    @Test
    void shouldSurviveManyDeclarations() {
        StringBuilder text = new StringBuilder(PROGRAM + "exit\n.section .bss\n");
        for (int index = 0; index < 20_000; index++) {
            text.append("var v").append(index).append(" : u8\n");
        }
        text.append(".program q \"tc\"\n");
        for (int index = 0; index < 20_000; index++) {
            text.append("r1 = &v").append(index).append('\n');
        }
        for (int index = 0; index < 20_000; index++) {
            text.append("call f").append(index).append('\n');
            text.append(".func f").append(index).append('\n');
        }
        text.append("exit\n.func f19999x\nexit\n");
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> assertThat(assemble(text.toString()).programs()).hasSize(2));
    }

    @Test
    void shouldBoundInitialData() {
        assertThat(refusal(".section .bss size 0xffffffff")).hasMessageContaining("number out of range");
        assertThat(refusal(".section .bss size 60000000\n.section .data size 60000000"))
                .hasMessageContaining("bytes of initial data");
        assertThat(refusal(".section .bss\nvar x : u64[60000000]")).hasMessageContaining("ends after");
    }

    @Test
    void shouldTruncateTheExcerptOfALongLine() {
        AssemblyException refusal = refusal(PROGRAM + "r1 = r2" + " ".repeat(5_000) + "?" + " ".repeat(5_000) + "x");
        assertThat(refusal.diagnostics().getFirst().column()).isEqualTo(5_008);
        assertThat(refusal.diagnostics().getFirst().excerpt().length()).isLessThan(400);
    }
}
