package dev.spinbpf.tools.serve;

import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.vm.stress.ProgramWorkload;

/** Reads the workload that the user named when the service was started, at its start and whenever it is to be reloaded. */
@FunctionalInterface
public interface WorkloadSource {
    /**
     * Reads it.
     *
     * @throws Refusal INVALID where it has mistakes; the message has a line for each
     */
    ProgramWorkload read() throws Refusal;
}
