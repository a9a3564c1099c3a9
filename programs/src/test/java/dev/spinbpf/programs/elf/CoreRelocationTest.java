package dev.spinbpf.programs.elf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.model.ProgramObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoreRelocationTest {
    private static final int POISON = 195896080;

    private static Btf target() throws Exception {
        return ObjectReader.readTypes("core_target.bpf.o", CompiledObjects.bytes("core_target.bpf.o"));
    }

    private static ProgramObject relocated() throws Exception {
        return ObjectReader.read(
                "core.bpf.o", CompiledObjects.bytes("core.bpf.o"), ReadOptions.DEFAULT.withTargetTypes(target()));
    }

    private static Insn patched(ProgramObject object, String program, int slot) {
        return CompiledObjects.program(object, program).insns().get(slot);
    }

    @ParameterizedTest
    @CsvSource({
        "offset_load, 0, LDX_DW, 8",
        "offset_store, 1, STX_W, 16",
        "offset_array, 0, LDX_W, 52",
        "offset_resized, 0, LDX_W, 80"
    })
    void shouldMoveLoadsAndStores(String program, int slot, Op op, int offset) throws Exception {
        Insn insn = patched(relocated(), program, slot);

        assertThat(insn.op()).isEqualTo(op);
        assertThat(insn.off()).isEqualTo(offset);
    }

    @ParameterizedTest
    @CsvSource({
        "byte_size, 48",
        "exists, 1",
        "exists_not, 0",
        "is_signed, 1",
        "lshift, 54",
        "rshift, 57",
        "type_exists, 1",
        "type_exists_not, 0",
        "type_size, 96",
        "type_matches, 1",
        "type_matches_not, 0",
        "enum_exists, 1",
        "enum_exists_not, 0",
        "enum_value, 77"
    })
    void shouldFillInConstants(String program, long value) throws Exception {
        assertThat(patched(relocated(), program, 0).imm()).isEqualTo(value);
    }

    @Test
    void shouldGiveTypesTheirNumbers() throws Exception {
        ProgramObject object = relocated();

        int local = (int) patched(object, "type_local", 0).imm();
        int inTarget = (int) patched(object, "type_target", 0).imm();
        assertThat(object.btf().type(local).name()).isEqualTo("part");
        assertThat(target().type(inTarget).name()).isEqualTo("part");
    }

    @ParameterizedTest
    @CsvSource({"offset_removed", "offset_signed", "missing_field"})
    void shouldPoisonWhatTheTargetLacksOrHasInAnotherSize(String program) throws Exception {
        Insn insn = patched(relocated(), program, 0);

        assertThat(insn.op()).isEqualTo(Op.CALL_HELPER);
        assertThat(insn.imm()).isEqualTo(POISON);
    }

    @Test
    void shouldNoteWhatWasPoisoned() throws Exception {
        assertThat(relocated().notes())
                .anyMatch(note -> note.startsWith(
                                "function 'missing_field', insn 0: failed to resolve CO-RE relocation <byte_off> [")
                        && note.endsWith("] struct missing.a (0:0 @ offset 0)"));
    }

    @ParameterizedTest
    @CsvSource({"exists_not, 1", "type_exists_not, 1", "enum_exists_not, 1", "enum_value, 2", "byte_size, 20"})
    void shouldFindEverythingInTheObjectsOwnTypes(String program, long value) throws Exception {
        assertThat(patched(CompiledObjects.read("core.bpf.o"), program, 0).imm())
                .isEqualTo(value);
    }
}
