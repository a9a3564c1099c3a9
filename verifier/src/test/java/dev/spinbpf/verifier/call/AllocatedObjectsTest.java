package dev.spinbpf.verifier.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.verifier.VerdictsOf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Objects that programs allocate, release and keep in maps. */
class AllocatedObjectsTest {
    private static final String SOURCE = """
            .license "GPL"
            .kfunc bpf_obj_new_impl
            .kfunc bpf_obj_drop_impl
            .btf
            [1] INT 'unsigned long' size=8 bits_offset=0 nr_bits=64 encoding=(none)
            [2] INT 'unsigned int' size=4 bits_offset=0 nr_bits=32 encoding=(none)
            [3] STRUCT 'bpf_list_node' size=24 vlen=3
            	'a' type_id=1 bits_offset=0
            	'b' type_id=1 bits_offset=64
            	'c' type_id=1 bits_offset=128
            [4] STRUCT 'bpf_rb_node' size=32 vlen=4
            	'a' type_id=1 bits_offset=0
            	'b' type_id=1 bits_offset=64
            	'c' type_id=1 bits_offset=128
            	'd' type_id=1 bits_offset=192
            [5] STRUCT 'bpf_refcount' size=4 vlen=1
            	'a' type_id=2 bits_offset=0
            [6] STRUCT 'listed' size=24 vlen=1
            	'node' type_id=3 bits_offset=0
            [7] STRUCT 'sorted' size=32 vlen=1
            	'node' type_id=4 bits_offset=0
            [8] STRUCT 'counted' size=8 vlen=2
            	'count' type_id=5 bits_offset=0
            	'data' type_id=2 bits_offset=32
            .program p "SECTION"
                r1 = STRUCT
                r2 = 0
                call bpf_obj_new_impl
                if r0 == 0 goto out
                r1 = r0
                r2 = 0
                call bpf_obj_drop_impl
            out:
                r0 = 0
                exit
            """;
    private static final String REFUSED =
            "bpf_obj_drop_impl cannot be used in tracing programs on types with NMI unsafe fields";

    @ParameterizedTest(name = "{0} drops struct {1}: safe {2}")
    @CsvSource({
        "tc, 6, true",
        "tc, 7, true",
        "tp_btf/contention_end, 6, false",
        "tp_btf/contention_end, 7, false",
        "tp_btf/contention_end, 8, true",
        "fentry/htab_map_update_elem, 6, false",
        "fentry.s/__x64_sys_getpgid, 6, true",
    })
    void shouldRefuseNodesWhereAnythingIsInterrupted(String section, String struct, boolean safe) throws Exception {
        String source = SOURCE.replace("SECTION", section).replace("= STRUCT", "= " + struct);
        assertThat(VerdictsOf.ofSource(source, Btf.EMPTY)).isEqualTo(safe ? VerdictsOf.ACCEPTED : REFUSED);
    }

    @ParameterizedTest(name = "after {0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            r0 = 0                      | accepted
            call bpf_rcu_read_unlock    | verifier bug: allocated object must have a referenced id
            """)
    void shouldReadWhatAMapKeepsWhileItIsProtected(String between, String expected) throws Exception {
        String source = """
                .license "GPL"
                .kfunc bpf_rcu_read_lock
                .kfunc bpf_rcu_read_unlock
                .map kept array
                    key 4
                    key btf 1
                    value 8
                    value btf 4
                    max_entries 1
                .btf
                [1] INT 'unsigned int' size=4 bits_offset=0 nr_bits=32 encoding=(none)
                [2] STRUCT 'item' size=4 vlen=1
                	'data' type_id=1 bits_offset=0
                [3] TYPE_TAG 'kptr' type_id=2
                [4] STRUCT 'holder' size=8 vlen=1
                	'item' type_id=5 bits_offset=0
                [5] PTR '(anon)' type_id=3
                .program p "syscall"
                    *(u32 *)(r10 -4) = 0
                    r1 = map[kept]
                    r2 = r10
                    r2 += -4
                    call bpf_map_lookup_elem
                    if r0 == 0 goto out
                    r6 = r0
                    call bpf_rcu_read_lock
                    r7 = *(u64 *)(r6 +0)
                    if r7 == 0 goto none
                    BETWEEN
                    r1 = *(u32 *)(r7 +0)
                    FINALLY
                    goto out
                none:
                    call bpf_rcu_read_unlock
                out:
                    r0 = 0
                    exit
                """;
        boolean within = !between.contains("unlock");
        String program =
                source.replace("BETWEEN", between).replace("FINALLY", within ? "call bpf_rcu_read_unlock" : "r0 = 0");
        assertThat(VerdictsOf.ofSource(program, Btf.EMPTY)).isEqualTo(expected);
    }
}
