package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.hook.HookTarget;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Names of programs, hooks and CPUs in options that say where programs run. */
final class AttachmentNames {
    private static final Pattern CPUS = Pattern.compile("@cpu(\\d{1,2}(?:,\\d{1,2})*)");

    private AttachmentNames() {}

    /**
     * Returns all attachments: those that are given, and each other program where its section says.
     *
     * @param objects the objects, by the names that attachments call them
     * @param chosen the names of the programs that take part; empty for all
     */
    static List<Attachment> all(Map<String, ProgramObject> objects, List<String> chosen, List<Attachment> given) {
        List<Attachment> all = new ArrayList<>();
        objects.forEach((name, object) -> {
            for (String program : namesIn(object)) {
                List<Attachment> own = given.stream()
                        .filter(how ->
                                how.object().equals(name) && how.program().equals(program))
                        .toList();
                all.addAll(own);
                if (own.isEmpty() && (chosen.isEmpty() || chosen.contains(program))) {
                    all.add(Attachment.of(name, program));
                }
            }
        });
        return all;
    }

    /** Returns the objects that have a program of a name; one at least. */
    static List<Map.Entry<String, ProgramObject>> having(
            String option, String program, Map<String, ProgramObject> objects) throws InputException {
        List<Map.Entry<String, ProgramObject>> having = objects.entrySet().stream()
                .filter(entry -> namesIn(entry.getValue()).contains(program))
                .toList();
        if (having.isEmpty()) {
            Set<String> names = objects.values().stream()
                    .flatMap(object -> namesIn(object).stream())
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            throw new InputException(
                    option + ": there is no program '" + program + "'; there are: " + InputFiles.listed(names));
        }
        return having;
    }

    private static List<String> namesIn(ProgramObject object) {
        return Stream.concat(
                        object.programs().stream().map(Program::name),
                        object.unlinked().stream().map(UnlinkedProgram::name))
                .toList();
    }

    /** Returns a program of an object; null where it could not be linked. */
    static @Nullable Program program(ProgramObject object, String name) {
        return object.programs().stream()
                .filter(program -> program.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** Returns the place that a program gets to by a hook. */
    static HookTarget target(String option, String text, Program program, String hook) throws InputException {
        try {
            return HookTable.of(program, hook);
        } catch (UnsupportedProgramException e) {
            throw new InputException(option + ": '" + text + "': " + e.getMessage());
        }
    }

    /** Returns the CPUs that an option names after an {@code @}, all where it names none. */
    static CpuSet cpus(String option, String text, @Nullable String cpus, int count) throws InputException {
        if (cpus == null) {
            return CpuSet.ALL;
        }
        Matcher numbers = CPUS.matcher(cpus);
        if (!numbers.matches()) {
            throw new InputException(option + ": '" + text + "': write CPUs as @cpu0 or @cpu0,2");
        }
        List<Integer> chosen =
                Stream.of(numbers.group(1).split(",", -1)).map(Integer::valueOf).toList();
        for (int cpu : chosen) {
            if (cpu >= count) {
                throw new InputException(
                        option + ": '" + text + "': there are CPUs 0 to " + (count - 1) + "; --cpus gives more");
            }
        }
        return CpuSet.of(chosen);
    }
}
