package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.ContextArgument;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookRegistry;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contexts of events that nothing here causes, as programs read them. */
class EventContextsTest {
    private static final int EVENTS = 300;

    /** Types that serve as the kernel's too. */
    private static final String TASK = """
        .license "GPL"
        .btf
        [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
        [2] INT 'char' size=1 bits_offset=0 nr_bits=8 encoding=CHAR
        [3] ARRAY '(anon)' type_id=2 index_type_id=1 nr_elems=16
        [4] PTR '(anon)' type_id=6
        [5] STRUCT '(anon)' size=8 vlen=2
        	'pid' type_id=1 bits_offset=0
        	'tgid' type_id=1 bits_offset=32
        [6] STRUCT 'task_struct' size=6080 vlen=4
        	'prio' type_id=1 bits_offset=320
        	'(anon)' type_id=5 bits_offset=1024
        	'comm' type_id=3 bits_offset=2048
        	'group_leader' type_id=4 bits_offset=4096
        [7] PTR '(anon)' type_id=0
        [8] FUNC_PROTO '(anon)' ret_type_id=0 vlen=5
        	'(anon)' type_id=7
        	'preempt' type_id=1
        	'prev' type_id=4
        	'next' type_id=4
        	'prev_state' type_id=1
        [9] PTR '(anon)' type_id=8
        [10] TYPEDEF 'btf_trace_sched_switch' type_id=9
        """;

    /** Returns the different results of a verified program, run for some events of its section on CPU 0 of two. */
    static Set<Long> results(String declarations, String section, String... lines) throws Exception {
        return results(declarations, section, machine -> {}, lines);
    }

    /** Returns the results as above, of a program on a machine that something is set for. */
    static Set<Long> results(String declarations, String section, Consumer<Machine> setting, String... lines)
            throws Exception {
        String text = declarations + ".program p \"" + section + "\"\n" + String.join("\n", lines) + "\n exit\n";
        ProgramObject object = Assembler.assemble("test.bpfasm", text);
        Btf types = declarations.contains(".btf") ? object.btf() : Btf.EMPTY;
        VerifierOptions options = new VerifierOptions(false, types, VerifierOptions.INSN_LIMIT);
        Verdict verdict = Verifier.verify(object, object.programs().getFirst(), options);
        assertThat(verdict).as(verdict.toString()).isInstanceOf(Verdict.Accepted.class);
        try (Machine machine = new Machine(MachineOptions.ofCpus(2))) {
            LoadedProgram program = machine.load(((Verdict.Accepted) verdict).program());
            HookTarget target = machine.attach(program);
            setting.accept(machine);
            for (int i = 0; i < EVENTS; i++) {
                HookRegistry.run(machine.cpus().get(0), program, target, new byte[0]);
            }
            assertThat(program.stats().faults(ContextLevel.TASK)).isZero();
            return program.stats().results().keySet();
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 128, 1000", "16, 128, 1001", "16, 132, 1001", "8, 40, 120"})
    void shouldHandTheTasksThatRunAndAreNext(int argument, int field, long value) throws Exception {
        assertThat(results(
                        TASK,
                        "tp_btf/sched_switch",
                        "r1 = *(u64 *)(r1 + " + argument + ")",
                        "r0 = *(u32 *)(r1 + " + field + ")"))
                .containsExactly(value);
    }

    @Test
    void shouldNameTheTask() throws Exception {
        assertThat(results(TASK, "tp_btf/sched_switch", "r1 = *(u64 *)(r1 + 16)", "r0 = *(u8 *)(r1 + 264)"))
                .containsExactly((long) '1');
    }

    @Test
    void shouldLeadFromATaskToItsLeader() throws Exception {
        assertThat(results(
                        TASK,
                        "tp_btf/sched_switch",
                        "r1 = *(u64 *)(r1 + 16)",
                        "r1 = *(u64 *)(r1 + 512)",
                        "r0 = *(u32 *)(r1 + 128)"))
                .containsExactly(1001L);
    }

    @ParameterizedTest
    @CsvSource({"24, 1000", "56, 1001", "28, 120"})
    void shouldTellOfTasksInTheRecordOfASwitch(int offset, long value) throws Exception {
        assertThat(results(".license \"GPL\"\n", "tp/sched/sched_switch", "r0 = *(u32 *)(r1 + " + offset + ")"))
                .containsExactly(value);
    }

    @ParameterizedTest
    @CsvSource({
        "raw_tp/sys_enter, 'r0 = *(u64 *)(r1 + 8); r0 &= 3', '0,1,2,3'",
        "kretprobe/tcp_connect, 'r0 = *(u64 *)(r1 + 80); r0 s>>= 63; r0 &= 7', '0,7'",
        "kprobe/tcp_connect, 'r0 = *(u64 *)(r1 + 80)', '0'",
        "sockops, 'r0 = *(u32 *)(r1 + 0); r0 >>= 3; r0 &= 1', '0,1'",
        "cgroup/dev, 'r0 = *(u32 *)(r1 + 0); r0 &= 1', '0,1'",
        "cgroup/connect4, 'r0 = *(u32 *)(r1 + 28); r0 >>= 1; r0 &= 1', '1'"
    })
    void shouldDrawNumbersAndResults(String section, String lines, String results) throws Exception {
        Set<Long> expected = Stream.of(results.split(",")).map(Long::valueOf).collect(Collectors.toSet());
        assertThat(results(".license \"GPL\"\n", section, lines.split("; "))).isEqualTo(expected);
    }

    @Test
    void shouldIterateOverTasksToTheEnd() throws Exception {
        String text = TASK + """
            .section .rodata
                var format : u8[8] = 37, 100, 32, 37, 100, 10, 0, 0
            .program p "iter/task"
                r6 = *(u64 *)(r1 + 0)
                r7 = *(u64 *)(r1 + 8)
                r2 = 0
                if r7 == 0 goto end
                r2 = *(u32 *)(r7 + 128)
            end:
                *(u64 *)(r10 - 8) = r2
                r2 = *(u64 *)(r6 + 16)
                *(u64 *)(r10 - 16) = r2
                r1 = *(u64 *)(r6 + 0)
                r2 = &format
                r3 = 7
                r4 = r10
                r4 += -16
                r5 = 16
                call bpf_seq_printf
                exit
            """;
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(2), text)) {
            on.machine.kernel().tasks().layOut(on.object.btf());
            LoadedProgram program = on.attach("p");
            HookTarget target = on.machine.hooks().targetsOf(program).getFirst();
            List<ContextArgument> arguments = List.of(
                    new ContextArgument("meta", true, "bpf_iter_meta", 8),
                    new ContextArgument("task", true, "task_struct", 8));
            Cpu cpu = on.machine.cpus().get(0);
            CpuContext context = on.machine.context(0);
            for (int i = 0; i < 4; i++) {
                context.run(program, context.event(program, arguments, target.name(), false));
            }
            assertThat(cpu.level()).isEqualTo(ContextLevel.TASK);
            assertThat(ProgramOutput.take(program).out()).isEqualTo("0 1000\n1 1001\n2 0\n0 1000\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cgroup/sysctl, 'r2 = r10; r2 += -32; r3 = 32; r4 = 1; call bpf_sysctl_get_name; r1 = r0; r0 = 0; if r1 != 10"
                + " goto out; r0 = 1; out:', 1",
        "cgroup/sysctl, 'r2 = r10; r2 += -4; r3 = 4; r4 = 1; call bpf_sysctl_get_name; r1 = r0; r0 = 0; if r1 != -7"
                + " goto out; r0 = 1; out:', 1",
        "cgroup/sysctl, 'r2 = r10; r2 += -8; r3 = 8; call bpf_sysctl_get_current_value; r0 >>= 1; r0 &= 1', 1",
        "sockops, 'r2 = 129; call bpf_sock_ops_cb_flags_set; r0 >>= 7; r0 &= 1', 1",
        "cgroup/connect4, 'r2 = 2; *(u64 *)(r10 - 16) = r2; *(u64 *)(r10 - 8) = r2; r2 = r10; r2 += -16; r3 = 16; call"
                + " bpf_bind; r0 &= 1', 0",
        "sk_msg, 'r6 = r1; r2 = 0; r3 = 65; r4 = 0; call bpf_msg_pull_data; r0 >>= 63; r0 &= 1', 1",
        "sk_msg, 'r6 = r1; r2 = 0; r3 = 64; r4 = 0; call bpf_msg_pull_data; r0 &= 1', 0"
    })
    void shouldAnswerWhatIsMadeUp(String section, String lines, long result) throws Exception {
        assertThat(results(".license \"GPL\"\n", section, lines.split("; "))).containsExactly(result);
    }
}
