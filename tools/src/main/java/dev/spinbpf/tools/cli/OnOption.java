package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.hook.NestedPlaces;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** {@code --on}: programs nested into places that their sections do not name. */
final class OnOption {
    private static final Pattern ON = Pattern.compile("(?<program>[^=]+)=(?<hook>[^@]+)(?<cpus>@.*)?");

    @Option(
            names = "--on",
            paramLabel = "PROG=HOOK[@cpuN]",
            description = "Nest a program into a place inside the runtime (contention-begin, map-update-under-lock,"
                    + " freelist-pop, or a function such as htab_map_update_elem), or into another program"
                    + " (entry:PROG, exit:PROG); may be given several times.")
    private List<String> places = List.of();

    boolean isGiven() {
        return !places.isEmpty();
    }

    /**
     * Returns the attachments that are given.
     *
     * @param objects the objects, by the names that attachments call them
     * @param cpus number of CPUs
     */
    List<Attachment> attachments(Map<String, ProgramObject> objects, int cpus) throws InputException {
        List<Attachment> nested = new ArrayList<>();
        for (String text : places) {
            nested.addAll(nested(text, objects, cpus));
        }
        return nested;
    }

    private static List<Attachment> nested(String text, Map<String, ProgramObject> objects, int cpus)
            throws InputException {
        Matcher parts = ON.matcher(text);
        if (!parts.matches()) {
            throw new InputException("--on: '" + text + "' is not of the form PROG=HOOK[@cpuN]; for example"
                    + " 'trace=map-update-under-lock'");
        }
        String hook = parts.group("hook");
        CpuSet on = AttachmentNames.cpus("--on", text, parts.group("cpus"), cpus);
        String other = NestedPlaces.programAt(hook);
        if (!other.isEmpty()) {
            AttachmentNames.having("--on", other, objects);
        }
        List<Attachment> found = new ArrayList<>();
        for (Map.Entry<String, ProgramObject> entry : AttachmentNames.having("--on", parts.group("program"), objects)) {
            Program program = AttachmentNames.program(entry.getValue(), parts.group("program"));
            if (program != null
                    && !AttachmentNames.target("--on", text, program, hook).isInside()) {
                throw new InputException("--on: '" + text + "': '" + hook + "' has events of its own; there are: "
                        + String.join(", ", NestedPlaces.names()));
            }
            found.add(new Attachment(entry.getKey(), parts.group("program"), hook, null, Pacing.Unpaced.INSTANCE, on));
        }
        return found;
    }
}
