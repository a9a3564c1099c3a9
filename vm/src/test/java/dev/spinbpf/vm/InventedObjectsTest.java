package dev.spinbpf.vm;

import static dev.spinbpf.vm.EventContextsTest.results;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The objects, records and results that a stress run makes up by the kernel's types. */
class InventedObjectsTest {
    private static final String TYPES = """
        .license "GPL"
        .btf
        [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
        [2] INT 'char' size=1 bits_offset=0 nr_bits=8 encoding=CHAR
        [3] ARRAY '(anon)' type_id=2 index_type_id=1 nr_elems=16
        [4] STRUCT 'net' size=24 vlen=2
        	'name' type_id=3 bits_offset=0
        	'inum' type_id=1 bits_offset=128
        [5] PTR '(anon)' type_id=4
        [6] INT 'long long' size=8 bits_offset=0 nr_bits=64 encoding=SIGNED
        [7] STRUCT '(anon)' size=8 vlen=2
        	'daddr' type_id=1 bits_offset=0
        	'saddr' type_id=1 bits_offset=32
        [8] UNION '(anon)' size=8 vlen=2
        	'both' type_id=6 bits_offset=0
        	'(anon)' type_id=7 bits_offset=0
        [9] STRUCT 'sock' size=32 vlen=4
        	'(anon)' type_id=8 bits_offset=0
        	'skc_family' type_id=1 bits_offset=64
        	'number' type_id=1 bits_offset=96
        	'net' type_id=5 bits_offset=128
        [10] PTR '(anon)' type_id=9
        [11] FUNC_PROTO '(anon)' ret_type_id=10 vlen=2
        	'sk' type_id=10
        	'flags' type_id=1
        [12] FUNC 'accept_one' type_id=11 linkage=static
        [13] STRUCT 'trace_event_raw_accept_template' size=24 vlen=3
        	'ent' type_id=6 bits_offset=0
        	'skc_family' type_id=1 bits_offset=64
        	'__data_loc_name' type_id=1 bits_offset=96
        """;

    private static Set<Long> invented(String section, String... lines) throws Exception {
        return results(TYPES, section, Machine::inventObjects, lines);
    }

    private static String[] read(String bytes, int offset) {
        return new String[] {
            "r3 = *(u64 *)(r1 + 112)",
            "r3 += " + offset,
            "r1 = r10",
            "r1 += -8",
            "r2 = 4",
            "call bpf_probe_read_kernel",
            "r0 = *(" + bytes + " *)(r10 - 8)"
        };
    }

    @Test
    void shouldDrawWhatAMembersNameStandsFor() throws Exception {
        assertThat(invented("kprobe/accept_one", read("u32", 8))).containsExactlyInAnyOrder(2L, 10L);
        assertThat(invented("kprobe/accept_one", read("u32", 12))).hasSizeGreaterThan(3);
    }

    /** Half of a small number would always be zero. */
    @Test
    void shouldFillTheMemberOfAUnionInWhichThereIsMost() throws Exception {
        assertThat(invented("kprobe/accept_one", read("u32", 4))).anyMatch(value -> value != 0);
    }

    @Test
    void shouldLeadFromOneObjectToTheNext() throws Exception {
        String[] name = {
            "r3 = *(u64 *)(r1 + 112)",
            "r3 += 16",
            "r1 = r10",
            "r1 += -8",
            "r2 = 8",
            "call bpf_probe_read_kernel",
            "r3 = *(u64 *)(r10 - 8)",
            "r1 = r10",
            "r1 += -8",
            "r2 = 1",
            "call bpf_probe_read_kernel",
            "r0 = *(u8 *)(r10 - 8)"
        };
        assertThat(invented("kprobe/accept_one", name)).contains((long) '/', (long) 's');
    }

    @Test
    void shouldReturnAnObjectWhereAFunctionReturnsAPointer() throws Exception {
        String[] returned = {
            "r1 = *(u64 *)(r1 + 80)",
            "r0 = 1",
            "if r1 == 0 goto out",
            "r1 >>= 16",
            "r0 = 2",
            "if r1 != 0 goto out",
            "r0 = 3",
            "out:"
        };
        assertThat(invented("kretprobe/accept_one", returned)).containsExactlyInAnyOrder(1L, 2L);
    }

    @Test
    void shouldWriteTheRecordOfATracepointsClass() throws Exception {
        assertThat(invented("tp/sock/accept_begin", "r0 = *(u32 *)(r1 + 8)")).containsExactlyInAnyOrder(2L, 10L);
        assertThat(invented("tp/sock/accept_begin", "r0 = *(u16 *)(r1 + 12)")).containsExactly(256L);
    }

    @Test
    void shouldLeaveZerosWhereNothingIsMadeUp() throws Exception {
        assertThat(results(TYPES, "kprobe/accept_one", machine -> {}, read("u32", 8)))
                .containsExactly(0L);
        assertThat(results(TYPES, "tp/sock/accept_begin", machine -> {}, "r0 = *(u32 *)(r1 + 8)"))
                .containsExactly(0L);
    }

    @Test
    void shouldTellThatASystemCallIsLeftWhereItWasEntered() {
        HookTarget enter = tracepoint("sys_enter_openat");
        HookTarget exit = tracepoint("sys_exit_openat");
        assertThat(exit.activity())
                .isEqualTo(enter.activity())
                .isNotEqualTo(tracepoint("sys_exit_open").activity());
        assertThat(exit.isExit()).isTrue();
        assertThat(enter.isExit()).isFalse();
    }

    private static HookTarget tracepoint(String name) {
        return new HookTarget(name, HookTarget.Kind.TRACEPOINT, ContextLevel.TASK, null, Set.of(), List.of(), false);
    }
}
