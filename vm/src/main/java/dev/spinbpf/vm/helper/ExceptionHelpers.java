package dev.spinbpf.vm.helper;

import dev.spinbpf.vm.exec.ThrownException;

/** {@code bpf_throw}: the program ends at once, through all its functions and callbacks. */
final class ExceptionHelpers {
    private ExceptionHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.kfunc("bpf_throw", (run, cookie, _, _, _, _) -> {
            kernel.thrown(run);
            throw new ThrownException(cookie);
        });
    }
}
