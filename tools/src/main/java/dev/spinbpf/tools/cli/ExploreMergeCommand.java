package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.ExploreJson;
import dev.spinbpf.tools.report.ExploreText;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.vm.explore.ExploreOptions.Shard;
import dev.spinbpf.vm.explore.ExploreReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf explore merge}: one report from the parts of a search. */
@Command(
        name = "merge",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Makes one report from all parts of a search, that spinbpf explore --shard K/N --part FILE wrote: the"
                    + " findings and counts are those of one run that comes to its end.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf explore merge 1.part 2.part",
            "  spinbpf explore merge 1.part 2.part --html findings.html",
            "",
            "Exit codes: 0 nothing found, 1 something found, 2 a part is missing, or is none of this search."
        })
final class ExploreMergeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "The parts, in any order.")
    private List<Path> files = List.of();

    @Mixin
    private final FindingsPageOption page = new FindingsPageOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    ExploreMergeCommand() {}

    @Override
    public Integer call() throws InputException {
        List<PartFile.Part> parts = new ArrayList<>();
        Set<Integer> numbers = new TreeSet<>();
        for (Path file : files) {
            PartFile.Part part = PartFile.read(file);
            PartFile.Part first = parts.isEmpty() ? part : parts.getFirst();
            Shard shard = part.report().options().shard();
            boolean fits = part.identity().equals(first.identity())
                    && shard.count() == first.report().options().shard().count();
            if (!fits) {
                throw new InputException(InputFiles.shown(file) + ": is a part of another search than "
                        + InputFiles.shown(files.getFirst()));
            }
            if (!numbers.add(shard.number())) {
                throw new InputException(InputFiles.shown(file) + ": part " + shard.number() + " is there twice");
            }
            parts.add(part);
        }
        requireAll(numbers, parts.getFirst().report().options().shard().count());
        ExploreReport report =
                ExploreReport.merge(parts.stream().map(PartFile.Part::report).toList());
        String name = parts.getFirst().name();
        PrintWriter out = spec.commandLine().getOut();
        out.print(
                json.isGiven() ? ExploreJson.of(name, report) : ExploreText.of(name, report, Style.ofStandardOutput()));
        out.flush();
        page.write(name, report);
        return report.witnesses().isEmpty() ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }

    private static void requireAll(Set<Integer> numbers, int count) throws InputException {
        for (int number = 1; number <= count; number++) {
            if (!numbers.contains(number)) {
                throw new InputException("part " + number + " of " + count + " is missing");
            }
        }
    }
}
