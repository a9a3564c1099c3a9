package dev.spinbpf.programs.elf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.LoadRefusal;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Members of structs of functions are compared with the kernel's, in libbpf's words. */
class StructOpsMembersTest {
    private static final String PREFIX = "libbpf: struct_ops init_kern ops: ";
    private static final String ZERO = "\t'zero' type_id=1 bits_offset=64\n";
    private static final String TEST = "\t'test_1' type_id=3 bits_offset=0\n";
    private static final String NUMBER = "\t'number' type_id=1 bits_offset=96\n";
    private static final String BITS = "\t'bits' type_id=1 bits_offset=128 bitfield_size=3\n";

    private static Btf kernel(String members) throws Exception {
        long count = members.lines().count();
        return Assembler.assemble("kernel.bpfasm", """
                .btf
                [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
                [2] FUNC_PROTO '(anon)' ret_type_id=1 vlen=0
                [3] PTR '(anon)' type_id=2
                [4] INT 'long' size=8 bits_offset=0 nr_bits=64 encoding=SIGNED
                [5] TYPEDEF 'number_t' type_id=1
                [6] STRUCT 'bpf_dummy_ops' size=24 vlen=%d
                """.formatted(count) + members)
                .btf();
    }

    /** Members of other types than the kernel's, instead of the number. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "type_id=3 | Unmatched member type number 1 != 2(kernel)",
                "type_id=4 | Error in size of member number: 4 != 8(kernel)",
                "type_id=5 | ",
            })
    void shouldCompareKindsAndSizes(String type, String refusal) throws Exception {
        Btf kernel = kernel(TEST + NUMBER.replace("type_id=1", type));
        assertThat(refusal(kernel)).isEqualTo(refusal == null ? null : PREFIX + refusal);
    }

    @Test
    void shouldRefuseAProgramThatIsNone() throws Exception {
        assertThat(refusal("struct_member_of_tc.bpf.o", kernel(TEST)))
                .isEqualTo("libbpf: struct_ops reloc ops: prog packet is not struct_ops BPF program");
    }

    @Test
    void shouldRefuseAProgramWhereNoFunctionBelongs() throws Exception {
        assertThat(refusal("struct_member_no_function.bpf.o", kernel(TEST)))
                .isEqualTo("libbpf: struct_ops reloc ops: cannot relocate non func ptr data");
    }

    private static @Nullable String refusal(Btf kernel) throws Exception {
        return refusal("struct_members.bpf.o", kernel);
    }

    private static @Nullable String refusal(String object, Btf kernel) throws Exception {
        LoadRefusal found = ObjectReader.read(
                        object, CompiledObjects.bytes(object), ReadOptions.DEFAULT.withTargetTypes(kernel))
                .refusal();
        return found == null ? null : found.message();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "zero test_1 number      | ",
                "test_1 number           | ",
                "zero test_1             | Cannot find member number in kernel BTF",
                "zero number             | Cannot find member test_1 in kernel BTF",
                "zero                    | Cannot find member test_1 in kernel BTF",
                "test_1 number bits      | bitfield bits is not supported",
            })
    void shouldCompareMembersInTheirOrder(String names, String refusal) throws Exception {
        StringBuilder members = new StringBuilder();
        for (String member : new String[] {ZERO, TEST, NUMBER, BITS}) {
            String name = member.substring(2, member.indexOf('\'', 2));
            members.append(names.contains(name) ? member : "");
        }
        assertThat(refusal(kernel(members.toString()))).isEqualTo(refusal == null ? null : PREFIX + refusal);
    }
}
