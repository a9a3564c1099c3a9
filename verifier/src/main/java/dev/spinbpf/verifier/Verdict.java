package dev.spinbpf.verifier;

import dev.spinbpf.verifier.refusal.Explanation;

/** The verifier's answer for one program. */
public sealed interface Verdict {
    /** The cost of the verification. */
    Stats stats();

    /** The log in Linux's form; empty unless it was asked for. */
    String log();

    /** The program may run. */
    record Accepted(VerifiedProgram program, Stats stats, String log) implements Verdict {}

    /**
     * The program may not run on Linux.
     *
     * @param errno what {@code bpf(BPF_PROG_LOAD)} would fail with, positive
     * @param insn slot of the instruction at fault, or -1 if it is none
     * @param message the line that Linux would end its log with
     * @param explanation the reason in plain words, the path that leads there, and what to change; {@link Explanation#NONE}
     *     if the options ask for none
     */
    record Rejected(int errno, int insn, String message, Explanation explanation, Stats stats, String log)
            implements Verdict {}

    /**
     * The program uses something that is not built here yet, so that nothing can be said of what Linux would do.
     *
     * @param what the thing, by name and number, as in {@code helper bpf_xyz#123 is not supported}
     */
    record Unsupported(int insn, String what, Stats stats, String log) implements Verdict {}

    /**
     * The counters of the line that ends Linux's log.
     *
     * @param insns instructions processed
     * @param totalStates states kept
     * @param peakStates most states kept at one time
     * @param durationNanos wall time
     */
    record Stats(int insns, int totalStates, int peakStates, long durationNanos) {
        public static final Stats NONE = new Stats(0, 0, 0, 0);
    }
}
