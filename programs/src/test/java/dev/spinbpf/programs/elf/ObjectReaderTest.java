package dev.spinbpf.programs.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import dev.spinbpf.programs.model.UnlinkedProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Objects are read as libbpf reads them: the same programs, maps and types reach the kernel. */
class ObjectReaderTest {
    private static final int RDONLY_PROG = 1 << 7;
    private static final int MMAPABLE = 1 << 10;

    @Test
    void shouldReadEveryAttributeOfDeclaredMaps() throws Exception {
        ProgramObject object = CompiledObjects.read("maps.bpf.o");

        MapDef typed = CompiledObjects.map(object, "typed");
        assertThat(typed.type()).isEqualTo(MapType.HASH);
        assertThat(typed.keySize()).isEqualTo(4);
        assertThat(typed.valueSize()).isEqualTo(16);
        assertThat(typed.maxEntries()).isEqualTo(10);
        assertThat(typed.flags()).isEqualTo(1);
        assertThat(object.btf().resolved(typed.valueTypeId()).name()).isEqualTo("value");
        assertThat(object.notes()).contains("map 'typed': pinning is ignored");

        MapDef sized = CompiledObjects.map(object, "sized");
        assertThat(List.of(sized.keySize(), sized.valueSize(), sized.numaNode(), sized.keyTypeId()))
                .containsExactly(4, 24, 1, 0);
        assertThat(CompiledObjects.map(object, "bloom").mapExtra()).isEqualTo(5);
        assertThat(CompiledObjects.map(object, "arena").mapExtra()).isEqualTo(1L << 44);
    }

    @Test
    void shouldRoundRingBuffersUpAndCountCpusForPerfEvents() throws Exception {
        ProgramObject object = CompiledObjects.read("maps.bpf.o");

        assertThat(CompiledObjects.map(object, "ring").maxEntries()).isEqualTo(8192);
        assertThat(CompiledObjects.map(object, "events").maxEntries()).isEqualTo(2);
    }

    @Test
    void shouldReadInnerMapsAndInitialElements() throws Exception {
        ProgramObject object = CompiledObjects.read("maps.bpf.o");

        MapDef outer = CompiledObjects.map(object, "outer");
        MapDef inner = Objects.requireNonNull(outer.inner());
        assertThat(inner.type()).isEqualTo(MapType.ARRAY);
        assertThat(inner.maxEntries()).isEqualTo(2);
        assertThat(outer.slots()).containsExactly(new MapDef.Slot(0, "first"), new MapDef.Slot(2, "second"));
        assertThat(CompiledObjects.map(object, "jumps").slots()).containsExactly(new MapDef.Slot(1, "second_entry"));
    }

    @Test
    void shouldReferToMapsByIndex() throws Exception {
        ProgramObject object = CompiledObjects.read("maps.bpf.o");

        Program entry = CompiledObjects.program(object, "entry");
        List<String> loaded = entry.insns().stream()
                .filter(insn -> insn.op() == Op.LDDW_MAP_FD)
                .map(insn -> object.maps().get(insn.immLow()).name())
                .toList();
        assertThat(loaded).containsExactly("typed", "jumps");
    }

    @Test
    void shouldRefuseLegacyMapsByName() {
        assertThatThrownBy(() -> CompiledObjects.read("legacy_maps.bpf.o"))
                .isInstanceOf(MalformedObjectException.class)
                .hasMessageContaining("legacy map definitions in 'maps' section");
    }

    @Test
    void shouldAppendSubprogramsInOrderOfFirstUse() throws Exception {
        ProgramObject object = CompiledObjects.read("link.bpf.o");

        Program all = CompiledObjects.program(object, "uses_all");
        assertThat(all.subprogs())
                .extracting(Subprog::name)
                .containsExactly("uses_all", "weak_one", "helper", "leaf", "hidden_one");
        assertThat(all.subprogs()).extracting(Subprog::global).containsExactly(true, true, false, true, false);
        assertThat(CompiledObjects.program(object, "uses_none").insns()).hasSize(2);
        assertThat(object.license()).isEqualTo("Dual BSD/GPL");
        assertThat(object.isGplCompatible()).isTrue();
    }

    @Test
    void shouldPointCallsAtTheSubprogramsWhereTheyAre() throws Exception {
        Program all = CompiledObjects.program(CompiledObjects.read("link.bpf.o"), "uses_all");

        for (int slot = 0; slot < all.insns().size(); slot++) {
            Insn insn = all.insns().get(slot);
            if (insn.op() == Op.CALL_SUBPROG) {
                int target = slot + 1 + (int) insn.imm();
                assertThat(all.subprogAt(target).start()).isEqualTo(target);
            }
        }
    }

    @Test
    void shouldAppendCallbacksWhoseAddressIsTaken() throws Exception {
        Program program = CompiledObjects.program(CompiledObjects.read("link.bpf.o"), "uses_callback");

        assertThat(program.subprogs())
                .extracting(Subprog::name)
                .containsExactly("uses_callback", "step", "helper", "leaf", "hidden_one");
        int slot = program.insns().stream().map(Insn::op).toList().indexOf(Op.LDDW_FUNC);
        int target = slot + 1 + program.insns().get(slot).immLow();
        assertThat(program.subprogAt(target).name()).isEqualTo("step");
    }

    @Test
    void shouldTakeTypeAndTargetFromTheSection() throws Exception {
        Program program = CompiledObjects.program(CompiledObjects.read("link.bpf.o"), "uses_callback");

        assertThat(program.type()).isEqualTo(ProgType.TRACING);
        assertThat(program.attachType()).isEqualTo(AttachType.TRACE_FENTRY);
        assertThat(program.attachTarget()).isEqualTo("bpf_fentry_test1");
        assertThat(program.sleepable()).isTrue();
        assertThat(program.autoload()).isFalse();
        assertThat(program.section()).isEqualTo("fentry.s/bpf_fentry_test1");
    }

    @Test
    void shouldSayWhyAProgramIsNotLinked() throws Exception {
        assertThat(CompiledObjects.read("link.bpf.o").unlinked())
                .extracting(UnlinkedProgram::reason)
                .containsExactly(
                        "libbpf: prog 'of_no_type': missing BPF prog type, check ELF section name 'custom/section'",
                        "libbpf: prog 'without_target': no BTF-based attach target is specified, use bpf_program__set_attach_target()");
    }

    @Test
    void shouldGiveSourceLinesBySlotOfTheLinkedProgram() throws Exception {
        Program all = CompiledObjects.program(CompiledObjects.read("link.bpf.o"), "uses_all");

        Subprog leaf = all.subprogs().get(3);
        LineInfo line = Objects.requireNonNull(all.lineAt(leaf.end() - 1));
        assertThat(line.insn()).isGreaterThanOrEqualTo(leaf.start());
        assertThat(line.text()).contains("return x * bpf_get_prandom_u32();");
        assertThat(line.file()).endsWith("link.bpf.c");
        assertThat(line.line()).isEqualTo(6);
    }

    @Test
    void shouldMakeMapsOfGlobalData() throws Exception {
        ProgramObject object = CompiledObjects.read("data.bpf.o");

        assertThat(object.maps())
                .extracting(MapDef::name)
                .containsExactly("data.data", "data.rodata", ".rodata.text", "data.bss", ".data.lock", ".bss.many");
        MapDef constants = CompiledObjects.map(object, "data.rodata");
        assertThat(constants.readOnly()).isTrue();
        assertThat(constants.section()).isEqualTo(".rodata");
        assertThat(constants.flags()).isEqualTo(RDONLY_PROG | MMAPABLE);
        assertThat(constants.initialData()).containsExactly(42, 0, 0, 0);
        assertThat(CompiledObjects.map(object, "data.data").initialData()).containsExactly(5, 0, 0, 0);
        assertThat(CompiledObjects.map(object, ".data.lock").flags()).isZero();
    }

    @Test
    void shouldPlaceVariablesInTheirSections() throws Exception {
        ProgramObject object = CompiledObjects.read("data.bpf.o");

        MapDef zeroed = CompiledObjects.map(object, "data.bss");
        BtfType.DataSec section = (BtfType.DataSec) object.btf().type(zeroed.valueTypeId());
        assertThat(section.sizeBytes()).isEqualTo(zeroed.valueSize());
        assertThat(section.vars())
                .extracting(entry -> object.btf().type(entry.varTypeId()).name() + "@" + entry.offset())
                .containsExactly("private_counter@0", "counter@8");
        BtfType.DataSec locks = (BtfType.DataSec)
                object.btf().type(CompiledObjects.map(object, ".data.lock").valueTypeId());
        BtfType.Var lock =
                (BtfType.Var) object.btf().type(locks.vars().getFirst().varTypeId());
        assertThat(lock.linkage()).isEqualTo(BtfType.Linkage.STATIC);
    }

    @Test
    void shouldAddressVariablesByMapAndOffset() throws Exception {
        ProgramObject object = CompiledObjects.read("data.bpf.o");

        Program program = object.programs().getFirst();
        assertThat(program.section()).isEqualTo("xdp.frags");
        assertThat(program.insns().stream()
                        .filter(insn -> insn.op() == Op.LDDW_MAP_VALUE)
                        .map(insn -> object.maps().get(insn.immLow()).name() + "+" + insn.immHigh()))
                .contains("data.bss+0", "data.bss+8", ".data.lock+0", "data.rodata+0", ".rodata.text+0", ".bss.many+0");
    }

    @Test
    void shouldReferToKernelFunctionsAndVariablesByIndex() throws Exception {
        ProgramObject object = CompiledObjects.read("externs.bpf.o");

        assertThat(object.kfuncs())
                .extracting(KfuncRef::name, KfuncRef::weak)
                .containsExactly(
                        tuple("bpf_not_there___v2", true),
                        tuple("bpf_rcu_read_lock", false),
                        tuple("bpf_rcu_read_unlock", false));
        assertThat(object.btf().type(object.kfuncs().getFirst().btfFuncId()).name())
                .isEqualTo("bpf_not_there___v2");
        assertThat(object.ksyms())
                .extracting(KsymRef::name, KsymRef::weak, KsymRef::function, KsymRef::typed)
                .containsExactly(
                        tuple("bpf_prog_active", false, false, true),
                        tuple("some_symbol", true, false, false),
                        tuple("bpf_not_there___v2", true, true, true));
        Program calls = CompiledObjects.program(object, "calls");
        assertThat(calls.insns().stream()
                        .filter(insn -> insn.op() == Op.CALL_KFUNC)
                        .map(insn -> object.kfuncs().get((int) insn.imm()).name()))
                .containsExactly("bpf_rcu_read_lock", "bpf_rcu_read_unlock", "bpf_not_there___v2");
        assertThat(calls.insns().get(2).op()).isEqualTo(Op.LDDW_BTF_ID);
        assertThat(calls.insns().get(2).imm()).isEqualTo(2);
    }

    @Test
    void shouldKnowTheKernelsVersionAndZeroWeakSettings() throws Exception {
        ProgramObject object = CompiledObjects.read("externs.bpf.o");

        MapDef settings = CompiledObjects.map(object, "externs.kconfig");
        byte[] contents = Objects.requireNonNull(settings.initialData());
        assertThat(settings.readOnly()).isTrue();
        ByteBuffer values = ByteBuffer.wrap(contents).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(List.of(values.getInt(0), values.getInt(4))).containsExactly(0, KernelVersion.REFERENCE.code());
    }

    @Test
    void shouldRefuseAnObjectWithAStrongSettingThatHasNoValue() throws Exception {
        LoadRefusal refusal = CompiledObjects.read("externs.bpf.o").refusal();

        assertThat(refusal).isNotNull();
        assertThat(refusal).extracting(LoadRefusal::errno).isEqualTo(Errno.ESRCH);
        assertThat(refusal)
                .extracting(LoadRefusal::message)
                .isEqualTo("libbpf: extern 'CONFIG_HZ' (strong): not resolved");
    }

    @Test
    void shouldTakeSettingsFromTheOptions() throws Exception {
        Map<String, String> settings = Map.of("CONFIG_HZ", "250", "CONFIG_WEAK", "y", "CONFIG_NAME", "\"a long name\"");
        ReadOptions options = new ReadOptions(
                ReadOptions.DEFAULT.targetTypes(), 0, settings, 1, Map.of(), Map.of(), Map.of(), false, false);
        ProgramObject object = ObjectReader.read("externs.bpf.o", CompiledObjects.bytes("externs.bpf.o"), options);

        assertThat(object.unlinked()).isEmpty();
        byte[] contents = Objects.requireNonNull(
                CompiledObjects.map(object, "externs.kconfig").initialData());
        assertThat(contents).startsWith(250, 0, 0, 0).contains('a', ' ', 'l', 'o', 'n', 'g');
        assertThat(contents[contents.length - 1]).isZero();
    }

    @Test
    void shouldSayWhichMemberAStructOpsProgramIsFor() throws Exception {
        ProgramObject object = CompiledObjects.read("struct_ops.bpf.o");

        assertThat(CompiledObjects.program(object, "implement_first").attachTarget())
                .isEqualTo("bpf_dummy_ops.test_1");
        assertThat(CompiledObjects.program(object, "implement_second").sleepable())
                .isTrue();
        assertThat(object.notes()).contains("struct_ops map 'ops' is not created");
    }

    @Test
    void shouldAppendExceptionCallbacks() throws Exception {
        Program program = CompiledObjects.program(CompiledObjects.read("struct_ops.bpf.o"), "may_throw");

        assertThat(program.subprogs()).extracting(Subprog::name).containsExactly("may_throw", "on_exception");
    }
}
