package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfFormatter;
import dev.spinbpf.programs.btf.BtfValue;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.Deadlock;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.ProgramOutput;
import dev.spinbpf.vm.RunResult;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.deferred.DeferredRow;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The report of {@code spinbpf run}: R0, time, output streams, maps. */
public final class RunReport {
    private static final int MOST_LINES_OF_A_STREAM = 60;
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private final ProgramObject object;
    private final LoadedProgram program;
    private final RunResult result;
    private final List<BpfMap> maps;
    private final Cpu cpu;
    private final BtfFormatter formatter;
    private final Btf types;
    private final ProgramOutput output;
    private final List<String> trace;
    private final List<DeferredRow> deferred;
    private final long waitingNanos;
    private final @Nullable Deadlock deadlock;

    /**
     * Reads the output and, if wanted, the maps of a finished run.
     *
     * @param waitingNanos the time until the first timer that still waits; negative where none does
     * @param withMaps whether to show the object's maps too
     */
    public RunReport(
            Machine machine,
            ProgramObject object,
            LoadedProgram program,
            RunResult result,
            long waitingNanos,
            boolean withMaps)
            throws MapCreationException {
        this.object = object;
        this.program = program;
        this.result = result;
        this.maps = withMaps ? machine.maps(object) : List.of();
        this.cpu = machine.cpus().get(0);
        this.types = object.btf();
        this.formatter = new BtfFormatter(types);
        this.output = ProgramOutput.take(program);
        this.trace = machine.traceLog().read();
        this.deferred = machine.deferred().rows();
        this.waitingNanos = waitingNanos;
        this.deadlock = machine.deadlock();
    }

    /** The report, as JSON, of a program that did not run. */
    public static String refused(
            String fileName, String progName, VerifyRow.Outcome verdict, String message, String explanation) {
        return Json.document(json -> {
            json.writeStartObject();
            json.writeStringField("file_name", fileName);
            json.writeStringField("prog_name", progName);
            json.writeStringField("verdict", verdict.word());
            json.writeBooleanField("supported", verdict != VerifyRow.Outcome.UNSUPPORTED);
            json.writeStringField("message", message);
            json.writeStringField("explanation", explanation);
            json.writeEndObject();
        });
    }

    /** The report as text. */
    public String text(Style style) {
        StringBuilder out = new StringBuilder();
        if (result.fault() != null) {
            out.append(style.bad("Fault")).append(" in ").append(result.fault().describe());
        } else if (deadlock == null) {
            out.append(style.bold(program.name()))
                    .append(": R0 = ")
                    .append((int) result.r0())
                    .append(" (0x")
                    .append(Long.toHexString(result.r0()))
                    .append(")\n");
        }
        out.append(String.format(
                Locale.ROOT,
                result.runs() == 1
                        ? "%d run, %s, %d instructions%n"
                        : "%d runs, %s each, %d instructions in the last%n",
                result.runs(),
                Durations.of((long) result.nanosPerRun()),
                result.insns()));
        out.append(DeadlockText.of(deadlock, style));
        out.append(DeferredTables.of(deferred, style));
        if (waitingNanos >= 0) {
            out.append("A timer still waits; the first is due in ")
                    .append(Durations.of(waitingNanos))
                    .append(".\n");
        }
        out.append(StreamText.of("stdout", output.out(), output.outDropped(), MOST_LINES_OF_A_STREAM, style));
        out.append(StreamText.of("stderr", output.err(), output.errDropped(), MOST_LINES_OF_A_STREAM, style));
        out.append(StreamText.of("trace", String.join("", trace), 0, MOST_LINES_OF_A_STREAM, style));
        for (BpfMap map : maps) {
            map(out, style, map);
        }
        return out.toString();
    }

    private void map(StringBuilder out, Style style, BpfMap map) {
        out.append('\n')
                .append(style.bold(map.name()))
                .append(" (")
                .append(map.type().display())
                .append(")\n");
        MapDump.Elements elements = MapDump.of(map, cpu);
        for (MapDump.Element element : elements.elements()) {
            String key =
                    map.def().isGlobalData() ? "" : "key " + shown(map.def().keyTypeId(), element.key()) + "  ";
            if (element.values().size() == 1) {
                out.append("  ")
                        .append(key)
                        .append("value ")
                        .append(value(map, element.values().getFirst()));
            } else {
                out.append("  ").append(key).append("values ");
                out.append(element.values().stream()
                        .map(value -> value(map, value))
                        .collect(Collectors.joining(", ", "[", "]")));
            }
            out.append('\n');
        }
        if (!elements.obstacle().isEmpty()) {
            out.append("  ").append(elements.obstacle()).append('\n');
        } else if (elements.elements().isEmpty()) {
            out.append("  empty\n");
        }
        if (elements.more()) {
            out.append("  ... more than ").append(MapDump.MOST_ELEMENTS).append(" elements\n");
        }
    }

    private String value(BpfMap map, byte[] bytes) {
        return shown(map.def().valueTypeId(), bytes);
    }

    /** By its type as bpftool's JSON; without one the bytes in hexadecimal. */
    private String shown(int typeId, byte[] bytes) {
        return typeId == 0
                ? HEX.formatHex(bytes)
                : formatter.format(typeId, bytes).toJson();
    }

    /** The report as JSON. */
    public String json() {
        return Json.document(json -> {
            json.writeStartObject();
            json.writeStringField("file_name", object.fileName());
            json.writeStringField("prog_name", program.name());
            Json.strings(json, "not_supported", program.missing());
            json.writeNumberField("r0", result.r0());
            json.writeNumberField("runs", result.runs());
            json.writeNumberField("ns_per_run", result.nanosPerRun());
            json.writeNumberField("insns", result.insns());
            DeferredTables.write(json, deferred);
            if (waitingNanos >= 0) {
                json.writeNumberField("next_timer_ns", waitingNanos);
            }
            if (result.fault() != null) {
                json.writeStringField("fault", result.fault().describe());
            }
            if (deadlock != null) {
                DeadlockText.write(json, deadlock);
            }
            if (result.packet() != null) {
                json.writeStringField("packet", HexFormat.of().formatHex(result.packet()));
            }
            json.writeStringField("stdout", output.out());
            json.writeStringField("stderr", output.err());
            json.writeStringField("trace", String.join("", trace));
            Json.objects(json, "maps", maps, map -> map(json, map));
            json.writeEndObject();
        });
    }

    private void map(JsonGenerator json, BpfMap map) throws IOException {
        MapDump.Elements elements = MapDump.of(map, cpu);
        json.writeStringField("name", map.name());
        json.writeStringField("type", map.type().display());
        Json.objects(json, "elements", elements.elements(), element -> {
            json.writeFieldName("key");
            raw(json, map.def().keyTypeId(), element.key());
            if (map.isPercpu()) {
                json.writeArrayFieldStart("values");
                for (byte[] value : element.values()) {
                    raw(json, map.def().valueTypeId(), value);
                }
                json.writeEndArray();
            } else {
                json.writeFieldName("value");
                raw(json, map.def().valueTypeId(), element.values().getFirst());
            }
        });
        json.writeBooleanField("truncated", elements.more());
        if (!elements.obstacle().isEmpty()) {
            json.writeStringField("note", elements.obstacle());
        }
    }

    private void raw(JsonGenerator json, int typeId, byte[] bytes) throws IOException {
        if (typeId == 0) {
            json.writeString(HexFormat.of().formatHex(bytes));
        } else {
            BtfValue value = formatter.format(typeId, bytes);
            json.writeRawValue(value.toJson());
        }
    }
}
