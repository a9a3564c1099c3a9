package dev.spinbpf.vm.context;

import dev.spinbpf.programs.linux.ProgType;

/** Linux's guard that keeps a program from interrupting itself. */
public enum RecursionGuard {
    /** {@code bpf_prog_active}: one counter a CPU for all perf-event, kprobe and tracepoint programs. */
    SHARED,
    /** A counter for each program and CPU: fentry, fexit, tp_btf, raw tracepoints and their kin. */
    PER_PROGRAM,
    /** tc, xdp, syscall, socket and other programs may nest as they like. */
    NONE;

    /** Returns the guard of a kind of program. */
    public static RecursionGuard of(ProgType type) {
        return switch (type) {
            case PERF_EVENT, KPROBE, TRACEPOINT -> SHARED;
            case TRACING, RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE, LSM, STRUCT_OPS -> PER_PROGRAM;
            default -> NONE;
        };
    }
}
