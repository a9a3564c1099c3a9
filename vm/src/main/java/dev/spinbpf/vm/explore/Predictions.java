package dev.spinbpf.vm.explore;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.verifier.LockVerdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.order.LockOrder;
import dev.spinbpf.vm.order.LockPrediction;
import dev.spinbpf.vm.order.LockProgram;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.ArrayList;
import java.util.List;

/** Predictions from the order in which the programs of a workload take locks. */
final class Predictions {
    private Predictions() {}

    /**
     * Returns what is predicted of the programs that are attached.
     *
     * @throws WorkloadException where the kernel's types cannot be read
     */
    static List<LockPrediction> of(WorkloadRun run) throws WorkloadException {
        VerifierOptions options = new VerifierOptions(false, types(run.spec()), VerifierOptions.INSN_LIMIT);
        List<LockProgram> looked = new ArrayList<>();
        for (int number = 0; number < run.objects().size(); number++) {
            WorkloadRun.LoadedObject object = run.objects().get(number);
            for (LoadedProgram program : object.programs().values()) {
                if (isAttached(run, object, program)) {
                    LockVerdict found = Verifier.locks(object.object(), program.program(), options);
                    looked.add(new LockProgram(
                            object.name(), number, object.object().maps(), program.program(), found.uses()));
                }
            }
        }
        return LockOrder.of(looked).predictions();
    }

    private static Btf types(ProgramWorkload spec) throws WorkloadException {
        return WorkloadRun.readTypes(spec.kernelTypes());
    }

    private static boolean isAttached(WorkloadRun run, WorkloadRun.LoadedObject object, LoadedProgram program) {
        return run.attachments().stream()
                .anyMatch(attachment -> attachment.object().equals(object.name())
                        && attachment.program().equals(program.name()));
    }
}
