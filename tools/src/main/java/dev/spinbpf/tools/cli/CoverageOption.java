package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.Coverage;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.vm.JitMode;
import dev.spinbpf.vm.stress.WorkloadRun;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --coverage}: which instructions were executed. */
final class CoverageOption {
    @Option(
            names = "--coverage",
            description = "Also show which share of its instructions each program executed, and the source lines of the"
                    + " others. Programs are interpreted for it.")
    private boolean given;

    /** Returns when programs are compiled: never, if their instructions are watched. */
    JitMode mode(JitOption jit) {
        return given ? JitMode.NEVER : jit.mode();
    }

    /** Watches all programs of a run that has not begun. */
    void watch(WorkloadRun run) {
        if (given) {
            run.machine().programs().forEach(program -> program.code().watchReached());
        }
    }

    /** Returns what was executed; null if that is not wanted. */
    @Nullable
    Coverage of(WorkloadRun run) {
        return given ? new Coverage(run.machine().programs()) : null;
    }

    /** Returns what was executed as text; empty if that is not wanted. */
    String text(WorkloadRun run, Style style) {
        Coverage coverage = of(run);
        return coverage == null ? "" : coverage.text(style);
    }
}
