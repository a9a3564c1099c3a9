package dev.spinbpf.tools.report;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.Deadlock;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.ProgramOutput;
import dev.spinbpf.vm.RunResult;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.deferred.DeferredRow;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The report of {@code spinbpf run}: R0, time, output streams, maps. */
public final class RunReport {
    private static final int MOST_LINES_OF_A_STREAM = 60;

    private final ProgramObject object;
    private final LoadedProgram program;
    private final RunResult result;
    private final ShownMaps maps;
    private final ProgramOutput output;
    private final List<String> trace;
    private final List<DeferredRow> deferred;
    private final List<NestedTable.Row> nested;
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
        this.maps = withMaps ? ShownMaps.of(machine, object) : ShownMaps.NONE;
        this.output = ProgramOutput.take(program);
        this.trace = machine.traceLog().read();
        this.deferred = machine.deferred().rows();
        this.nested = NestedTable.rows(machine);
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
        out.append(NestedTable.of(nested, style));
        out.append(DeferredTables.of(deferred, style));
        if (waitingNanos >= 0) {
            out.append("A timer still waits; the first is due in ")
                    .append(Durations.of(waitingNanos))
                    .append(".\n");
        }
        out.append(StreamText.of("stdout", output.out(), output.outDropped(), MOST_LINES_OF_A_STREAM, style));
        out.append(StreamText.of("stderr", output.err(), output.errDropped(), MOST_LINES_OF_A_STREAM, style));
        out.append(StreamText.of("trace", String.join("", trace), 0, MOST_LINES_OF_A_STREAM, style));
        return out.append(maps.text(style)).toString();
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
            NestedTable.write(json, nested);
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
            maps.write(json);
            json.writeEndObject();
        });
    }
}
