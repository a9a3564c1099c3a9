package dev.spinbpf.tools.workload;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.LockChoice;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.Packets;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.StressMode;
import dev.spinbpf.vm.stress.WorkloadSpec;
import dev.spinbpf.vm.task.TaskSpec;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.resolver.CoreScalarResolver;

/** Writes a workload as a file that reads as the same workload. */
public final class WorkloadWriter {
    private static final CoreScalarResolver RESOLVER = new CoreScalarResolver(false);
    private static final HexFormat HEX = HexFormat.of();

    private final StringBuilder out = new StringBuilder();
    private final Function<NamedFile, String> paths;

    private WorkloadWriter(Function<NamedFile, String> paths) {
        this.paths = paths;
    }

    /**
     * The text of a workload file.
     *
     * @param paths gives the path by which the file names another one
     */
    public static String write(WorkloadSpec spec, Function<NamedFile, String> paths) {
        WorkloadWriter writer = new WorkloadWriter(paths);
        writer.line("version: " + WorkloadGrammar.VERSION);
        switch (spec) {
            case ModeOptions mode -> writer.mode(mode);
            case ProgramWorkload programs -> writer.programs(programs);
        }
        return writer.out.toString();
    }

    private void line(String text) {
        out.append(text).append('\n');
    }

    private void common(WorkloadSpec spec, LockChoice lock, int heldTimes, Pacing nmis, Pacing hardirqs) {
        line("cpus: " + spec.cpus());
        line("duration: " + TimeText.of(spec.duration()));
        line("seed: " + spec.seed());
        line("lock: " + lower(lock));
        if (heldTimes != 0) {
            line("held_times: " + heldTimes);
        }
        line("interrupts:");
        line("  nmi: {" + pace(nmis) + "}");
        line("  hardirq: {" + pace(hardirqs) + "}");
    }

    private static String pace(Pacing pacing) {
        return switch (pacing) {
            case Pacing.Rate rate -> "rate: " + TimeText.of(rate);
            case Pacing.Period period -> "period: " + TimeText.of(period.nanos());
            case Pacing.Unpaced _ -> "";
        };
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private void mode(ModeOptions spec) {
        common(spec, spec.algorithm(), spec.heldTimesInterval(), spec.nmis(), spec.hardirqs());
        line("mode:");
        line("  name: " + lower(spec.mode()));
        line("  normal_delay: " + TimeText.of(spec.normalDelay()));
        line("  nmi_delay: " + TimeText.of(spec.nmiDelay()));
        if (spec.mode() == StressMode.TORTURE) {
            line("  locks: " + spec.locks());
        }
    }

    private void programs(ProgramWorkload spec) {
        common(spec, spec.lock(), spec.heldTimesInterval(), spec.nmis(), spec.hardirqs());
        if (spec.kernelTypes() != null) {
            line("kernel_types: " + quoted(paths.apply(spec.kernelTypes())));
        }
        line("objects:");
        for (ProgramWorkload.ObjectFile object : spec.objects()) {
            line("  - file: " + quoted(paths.apply(object.file())));
            line("    name: " + quoted(object.name()));
            assignments("globals", object.loading().globals());
            assignments("map_entries", object.loading().mapEntries());
            assignments("map_value_sizes", object.loading().mapValueSizes());
            assignments("config", object.loading().config());
            if (!object.programs().isEmpty()) {
                line("    programs: " + flow(object.programs()));
            }
        }
        if (!spec.attachments().isEmpty()) {
            line("attachments:");
            spec.attachments().forEach(attachment -> attachment(attachment, spec.cpus()));
        }
        if (!spec.delays().isEmpty()) {
            line("delays:");
            spec.delays().forEach(this::delay);
        }
        if (!spec.maps().isEmpty()) {
            line("maps:");
            spec.maps().forEach(this::map);
        }
        packets(spec.packets());
        if (!spec.tasks().isEmpty()) {
            line("tasks:");
            spec.tasks().forEach(this::task);
        }
        if (!spec.promises().isEmpty()) {
            line("promises:");
            spec.promises().forEach(promise -> line("  - " + quoted(promise.text())));
        }
    }

    private void task(TaskSpec task) {
        line("  - pid: " + task.pid());
        line("    comm: " + quoted(task.comm()));
        line("    uid: " + task.uid());
        line("    cgroup: " + quoted(task.cgroup()));
        if (!task.stack().isEmpty()) {
            line("    stack: " + flow(task.stack()));
        }
    }

    private void attachment(ProgramWorkload.Attachment attachment, int cpus) {
        line("  - object: " + quoted(attachment.object()));
        line("    program: " + quoted(attachment.program()));
        if (!attachment.hook().isEmpty()) {
            line("    hook: " + quoted(attachment.hook()));
        }
        level(attachment.level());
        String pace = pace(attachment.pacing());
        if (!pace.isEmpty()) {
            line("    " + pace);
        }
        if (!attachment.cpus().isAll()) {
            line("    cpus: " + attachment.cpus().numbers(cpus));
        }
    }

    private void level(@Nullable ContextLevel level) {
        if (level != null) {
            line("    level: " + lower(level));
        }
    }

    private void delay(ProgramWorkload.LockDelay delay) {
        line("  - time: " + TimeText.of(delay.nanos()));
        if (!delay.lock().isEmpty()) {
            line("    lock: " + quoted(delay.lock()));
        }
        if (!delay.map().isEmpty()) {
            line("    map: " + quoted(delay.map()));
        }
        level(delay.level());
        if (delay.oneIn() != 1) {
            line("    one_in: " + delay.oneIn());
        }
    }

    private void map(ProgramWorkload.MapContents map) {
        line("  - object: " + quoted(map.object()));
        line("    map: " + quoted(map.map()));
        line("    elements:");
        for (ProgramWorkload.Element element : map.elements()) {
            String key = element.key().size() == 0 ? "" : "key: " + hex(element.key()) + ", ";
            line("      - {" + key + "value: " + hex(element.value()) + "}");
        }
    }

    private static String hex(ByteString bytes) {
        return "'hex:" + HEX.formatHex(bytes.toArray()) + "'";
    }

    private void packets(Packets packets) {
        if (packets.equals(Packets.DEFAULT)) {
            return;
        }
        line("packet_order: " + (packets.inTurn() ? "in_turn" : "random"));
        line("packets:");
        int flows = packets.frames().size();
        if (flows <= WorkloadGrammar.MOST_FLOWS && packets.frames().equals(Packets.flows(flows))) {
            line("  - flows: " + flows);
            return;
        }
        if (flows <= WorkloadGrammar.MOST_FLOWS && packets.frames().equals(Packets.mixed(flows))) {
            line("  - mixed: " + flows);
            return;
        }
        if (packets.frames().equals(Packets.USUAL.frames())) {
            line("  - flows: " + Packets.DEFAULT_FLOWS);
            line("  - mixed: " + Packets.USUAL_MIX);
            return;
        }
        for (ByteString frame : packets.frames()) {
            line("  - hex: '" + HEX.formatHex(frame.toArray()) + "'");
        }
    }

    private void assignments(String key, Map<String, ?> values) {
        if (!values.isEmpty()) {
            List<String> texts = values.entrySet().stream()
                    .map(value -> value.getKey() + "=" + value.getValue())
                    .sorted()
                    .toList();
            line("    " + key + ": " + flow(texts));
        }
    }

    private static String flow(List<String> names) {
        return names.stream().map(WorkloadWriter::quoted).collect(Collectors.joining(", ", "[", "]"));
    }

    /** A text as a YAML scalar: plain where that is read as the same text, else in single quotes. */
    private static String quoted(String text) {
        boolean isPlain = text.matches("[A-Za-z0-9_./][A-Za-z0-9_./-]*")
                && RESOLVER.resolve(text, true).equals(Tag.STR);
        return isPlain ? text : "'" + text.replace("'", "''") + "'";
    }
}
