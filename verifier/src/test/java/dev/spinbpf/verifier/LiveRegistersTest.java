package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.model.ProgramObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The registers that are alive before each instruction, as a detailed log shows them. The lines are Linux 7.3's. */
class LiveRegistersTest {
    private static String log(String body) throws Exception {
        ProgramObject object = Assembler.assemble("case.bpfasm", ".license \"GPL\"\n.program p \"socket\"\n" + body);
        var options = new VerifierOptions(true, Btf.EMPTY, VerifierOptions.INSN_LIMIT).withAllPaths(true);
        return Verifier.verify(object, object.programs().getFirst(), options).log();
    }

    @Test
    void shouldListRegistersAndResultsWhoseUpperHalfIsRead() throws Exception {
        assertThat(log("""
                call bpf_get_prandom_u32
                w1 = w0
                w2 = w0
                w2 += w1
                r0 = r1
                exit
                """)).contains("""
                Live regs before insn:
                      0: .......... (85) call bpf_get_prandom_u32#7
                      1: 0......... (bc) w1 = w0                           ; zext
                      2: 01........ (bc) w2 = w0
                      3: .12....... (0c) w2 += w1
                      4: .1........ (bf) r0 = r1
                      5: 0......... (95) exit
                """);
    }

    @Test
    void shouldTakeAddressesAsReadWhole() throws Exception {
        assertThat(log("""
                r1 = 1
                *(u64 *)(r10 -8) = 0
                lock *(u32 *)(r10 -8) += r1
                r1 = atomic_fetch_add((u32 *)(r10 -8), r1)
                r0 = r1
                exit
                """))
                .contains("  3: .1........ (c3) r1 = atomic_fetch_add((u32 *)(r10 -8), r1)        ; zext\n")
                .contains("  2: .1........ (c3) lock *(u32 *)(r10 -8) += r1\n");
    }

    /** Arguments that the kernel adds are read by the call as well, in the releases that add them. */
    @ParameterizedTest
    @CsvSource({
        "7, 0, scx_bpf_error_bstr, .123......",
        "7, 1, scx_bpf_error_bstr, .1234.....",
        "7, 1, scx_bpf_task_set_slice, .12.......",
        "7, 2, scx_bpf_task_set_slice, .123......",
        "7, 2, scx_bpf_events, .12.......",
        "7, 3, scx_bpf_events, .123......",
        "7, 3, scx_bpf_get_idle_cpumask, .1........",
        "7, 3, scx_bpf_nr_cpu_ids, ..........",
    })
    void shouldTakeArgumentsOfTheKernelAsRead(int major, int minor, String function, String live) throws Exception {
        String text = ".license \"GPL\"\n.kfunc " + function + "\n.program p \"syscall\"\ncall " + function
                + "\nr0 = 0\nexit\n";
        ProgramObject object = Assembler.assemble("case.bpfasm", text);
        var options = new VerifierOptions(true, Btf.EMPTY, VerifierOptions.INSN_LIMIT)
                .withAllPaths(true)
                .withKernel(new KernelVersion(major, minor, 0));
        assertThat(Verifier.verify(object, object.programs().getFirst(), options)
                        .log())
                .contains("  0: " + live + " (85) call " + function);
    }
}
