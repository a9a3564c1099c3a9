package dev.spinbpf.tools.report;

import java.util.List;

/**
 * Why a program is not accepted, where several kernels are compared.
 *
 * @param kernels the names of the kernels that say so, in order; none where only one kernel is asked
 * @param row the program's row for the first of them
 */
record KernelReason(List<String> kernels, VerifyRow row) {
    /** The reason of a row for the one kernel that is asked. */
    static KernelReason of(VerifyRow row) {
        return new KernelReason(List.of(), row);
    }

    /** File and program, and the kernels where they are named. */
    String title() {
        String name = row.progName().isEmpty() ? row.fileName() : row.fileName() + ": " + row.progName();
        return kernels.isEmpty() ? name : name + " on " + String.join(", ", kernels);
    }
}
