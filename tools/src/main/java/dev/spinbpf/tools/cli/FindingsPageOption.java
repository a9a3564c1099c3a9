package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.page.FindingsPage;
import dev.spinbpf.vm.explore.ExploreReport;
import dev.spinbpf.vm.explore.Witness;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --html}: a page about what was found, beside the report. */
final class FindingsPageOption {
    @Option(
            names = "--html",
            paramLabel = "FILE",
            description =
                    "Also write a page that shows each finding as a timeline, a lane a CPU: steps forward and back,"
                            + " with source, locks held, what changed, and registers.")
    private @Nullable Path file;

    /** Writes the page of an exploration, if it is wanted. */
    void write(String name, ExploreReport report) throws InputException {
        if (file != null) {
            PageOption.write(file, FindingsPage.of(name, report));
        }
    }

    /** Writes the page of a run, if it is wanted. */
    void write(String name, Witness witness, int cpus) throws InputException {
        if (file != null) {
            PageOption.write(file, FindingsPage.of(name, witness, cpus));
        }
    }
}
