package dev.spinbpf.tools.serve.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkloadFileTest {
    private static final int BYTES_OF_A_COUNT = 4;

    @Test
    void shouldKeepPromises() throws Exception {
        ProgramWorkload workload =
                ProgramWorkload.of(List.of()).withPromises(List.of(Promise.parse("a == 1"), Promise.parse("b[2] > 0")));

        assertThat(WorkloadFile.read(WorkloadFile.write(workload))).isEqualTo(workload);
    }

    @Test
    void shouldReadFilesOfBeforePromisesWereThere() throws Exception {
        ProgramWorkload workload = ProgramWorkload.of(List.of());
        byte[] now = WorkloadFile.write(workload);

        assertThat(WorkloadFile.read(Arrays.copyOf(now, now.length - BYTES_OF_A_COUNT)))
                .isEqualTo(workload);
    }
}
