package dev.spinbpf.tools.workload;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.hook.HookTarget;
import dev.spinbpf.vm.hook.NestedPlaces;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads the attachments of a workload file. */
final class AttachmentReader {
    private AttachmentReader() {}

    static List<Attachment> read(Fields file, ObjectTable objects, int cpus) {
        List<Attachment> attachments = new ArrayList<>();
        for (Fields fields : file.list("attachments")) {
            ObjectTable.Entry entry = objects.find(fields, "program", "program", ObjectTable.Entry::programs);
            Attachment attachment = new Attachment(
                    entry == null ? "" : entry.file().name(),
                    fields.text("program"),
                    fields.text("hook"),
                    level(fields),
                    WorkloadReader.attachmentPacing(fields),
                    cpus(fields, cpus));
            if (entry != null) {
                checkHook(fields, entry, attachment);
                checkOtherProgram(fields, objects, attachment.hook());
            }
            attachments.add(attachment);
        }
        return attachments;
    }

    /** The level that a mapping names, or null. */
    static @Nullable ContextLevel level(Fields fields) {
        String text = fields.text("level");
        return text.isEmpty() ? null : ContextLevel.valueOf(text.toUpperCase(Locale.ROOT));
    }

    private static CpuSet cpus(Fields fields, int count) {
        List<Integer> numbers = new ArrayList<>();
        for (Fields.Item item : fields.scalars("cpus")) {
            int number = Objects.requireNonNull(item.scalar().integer()).intValueExact();
            numbers.add(number);
            if (number >= count) {
                fields.mistakes()
                        .add(
                                item.scalar().place(),
                                item.path(),
                                "expected a CPU from 0 to " + (count - 1) + ", found " + number);
            }
        }
        return numbers.isEmpty() ? CpuSet.ALL : CpuSet.of(numbers);
    }

    /** Checks the program that a hook is the entry or exit of. */
    private static void checkOtherProgram(Fields fields, ObjectTable objects, String hook) {
        String other = NestedPlaces.programAt(hook);
        if (!other.isEmpty() && !objects.mayHaveProgram(other)) {
            fields.wrong("hook", "expected the name of a program after entry: or exit:, found '" + other + "'");
        }
    }

    private static void checkHook(Fields fields, ObjectTable.Entry entry, Attachment attachment) {
        Program program = entry.program(attachment.program());
        if (program == null) {
            String reason =
                    Objects.requireNonNull(entry.unlinked(attachment.program())).reason();
            fields.wrong("program", "expected a program that can be linked, found: " + reason);
            return;
        }
        if (!entry.file().includes(program.name())) {
            fields.wrong("program", "expected one of the object's 'programs', found one that takes no part");
        }
        try {
            checkEvents(fields, HookTable.of(program, attachment.hook()), attachment);
        } catch (UnsupportedProgramException e) {
            fields.wrong(
                    fields.has("hook") ? "hook" : "program",
                    "expected a program with a hook here, found: " + e.getMessage());
        }
    }

    private static void checkEvents(Fields fields, HookTarget target, Attachment attachment) {
        ContextLevel level = attachment.level();
        Pacing pacing = attachment.pacing();
        if (target.isInside()) {
            String inside =
                    "is not for hook '" + target.name() + "', which fires inside the runtime whenever it gets there";
            for (String key : List.of("level", "rate", "period")) {
                if (fields.has(key)) {
                    fields.wrong(key, inside);
                }
            }
            return;
        }
        if (level != null && !target.levels().contains(level)) {
            List<String> levels =
                    target.levels().stream().map(ContextLevel::word).toList();
            fields.wrong(
                    "level",
                    "expected " + new Shape.Choice(levels).words() + " for hook '" + target.name() + "', found "
                            + level.word());
        }
        if (pacing instanceof Pacing.Rate rate && rate.events() > 0 && rate.perNanos() / rate.events() < 1000) {
            fields.wrong("rate", "expected at most 1000000/s, found more");
        }
        if (pacing instanceof Pacing.Period period && period.nanos() < 1000) {
            fields.wrong("period", "expected 1us or more, found less");
        }
    }
}
