package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.hook.HookTarget;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --attach}: programs run at a level, on CPUs and as often as the user says. */
final class AttachOption {
    private static final long SHORTEST_NANOS = 1000;
    private static final Pattern ATTACH = Pattern.compile(
            "(?<program>[^=]+)=(?<level>task|softirq|hardirq|nmi)(?<cpus>@[^:]*)?(?::every[ =]?(?<every>.+))?");

    @Option(
            names = "--attach",
            paramLabel = "PROG=LEVEL[@cpuN][:every TIME]",
            description =
                    "Run a program by events at this level (task, softirq, hardirq, nmi), on these CPUs (@cpu0,2),"
                            + " about as often as TIME says, instead of as its section says; may be given several times.")
    private List<String> levels = List.of();

    boolean isGiven() {
        return !levels.isEmpty();
    }

    /**
     * Returns the attachments that are given.
     *
     * @param objects the objects, by the names that attachments call them
     * @param cpus number of CPUs
     */
    List<Attachment> attachments(Map<String, ProgramObject> objects, int cpus) throws InputException {
        List<Attachment> given = new ArrayList<>();
        for (String text : levels) {
            given.addAll(attached(text, objects, cpus));
        }
        return given;
    }

    private static List<Attachment> attached(String text, Map<String, ProgramObject> objects, int cpus)
            throws InputException {
        Matcher parts = ATTACH.matcher(text);
        if (!parts.matches()) {
            throw new InputException("--attach: '" + text
                    + "' is not of the form PROG=LEVEL[@cpuN][:every TIME] with a LEVEL of task, softirq, hardirq or"
                    + " nmi; for example 'count=softirq@cpu1:every 1ms'");
        }
        ContextLevel level = ContextLevel.valueOf(parts.group("level").toUpperCase(Locale.ROOT));
        Pacing pacing = pacing(text, parts.group("every"));
        CpuSet on = AttachmentNames.cpus("--attach", text, parts.group("cpus"), cpus);
        List<Attachment> found = new ArrayList<>();
        for (Map.Entry<String, ProgramObject> entry :
                AttachmentNames.having("--attach", parts.group("program"), objects)) {
            Program program = AttachmentNames.program(entry.getValue(), parts.group("program"));
            if (program != null) {
                HookTarget target = AttachmentNames.target("--attach", text, program, "");
                requireLevel(text, target, level);
            }
            found.add(new Attachment(entry.getKey(), parts.group("program"), "", level, pacing, on));
        }
        return found;
    }

    private static void requireLevel(String text, HookTarget target, ContextLevel level) throws InputException {
        if (target.isInside()) {
            throw new InputException("--attach: '" + text + "': hook '" + target.name()
                    + "' fires inside the runtime, at the level of what runs");
        }
        if (!target.levels().contains(level)) {
            throw new InputException(
                    "--attach: '" + text + "': events of hook '" + target.name() + "' come at the level "
                            + target.levels().stream().map(ContextLevel::word).collect(Collectors.joining(" or ")));
        }
    }

    private static Pacing pacing(String text, @Nullable String every) throws InputException {
        if (every == null) {
            return Pacing.Unpaced.INSTANCE;
        }
        try {
            Duration mean = new DurationConverter().convert(every.strip());
            if (mean.equals(DurationConverter.FOREVER) || mean.toNanos() < SHORTEST_NANOS) {
                throw new InputException("--attach: '" + text + "': the time is to be 1us or more");
            }
            return Pacing.every(mean);
        } catch (TypeConversionException e) {
            throw new InputException("--attach: '" + text + "': " + e.getMessage());
        }
    }
}
