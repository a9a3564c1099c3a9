package dev.spinbpf.vm.helper;

import dev.spinbpf.vm.exec.ThrownException;

/** {@code bpf_throw}: the program ends at once, through all its functions and callbacks. */
final class ExceptionHelpers {
    private ExceptionHelpers() {}

    static void register(FunctionTable table) {
        table.kfunc("bpf_throw", (_, cookie, _, _, _, _) -> {
            throw new ThrownException(cookie);
        });
    }
}
