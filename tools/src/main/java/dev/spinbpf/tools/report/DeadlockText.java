package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.vm.Deadlock;
import dev.spinbpf.vm.WaitRow;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** CPUs that wait for each other, and waits that last, in words, as a picture and in JSON. */
public final class DeadlockText {
    private static final String USER_SPACE = "user space";

    private DeadlockText() {}

    /** Returns the deadlock in words, with a picture of the ring; empty for null. */
    public static String of(@Nullable Deadlock deadlock, Style style) {
        if (deadlock == null) {
            return "";
        }
        StringBuilder out = new StringBuilder();
        out.append('\n')
                .append(style.bad("Deadlock"))
                .append(": ")
                .append(summary(deadlock))
                .append('\n');
        for (Deadlock.StuckCpu cpu : deadlock.ring()) {
            out.append('\n')
                    .append(style.bold("CPU " + cpu.cpu()))
                    .append(cpu.contexts().size() > 1 ? ", innermost first\n" : "\n");
            for (Deadlock.Nested nested : cpu.contexts()) {
                nested(out, nested);
            }
        }
        return out.append('\n').append(picture(deadlock)).toString();
    }

    private static String summary(Deadlock deadlock) {
        String found = "Found " + Durations.of(deadlock.waitedNanos()) + " after the last wait began.";
        String who = deadlock.ring().size() == 1
                ? "CPU " + deadlock.ring().getFirst().cpu() + " waits for what it interrupted"
                : deadlock.ring().size() + " CPUs wait for each other";
        return who + ", and Linux would hang here. " + found;
    }

    private static void nested(StringBuilder out, Deadlock.Nested nested) {
        out.append("  ")
                .append(name(nested))
                .append(" in ")
                .append(nested.level().word())
                .append('\n');
        for (String place : nested.stack()) {
            out.append("    at ").append(Printable.line(place)).append('\n');
        }
        for (Deadlock.Waiting waiting : nested.waits()) {
            out.append("    waits for ").append(Printable.line(waiting.lock()));
            out.append(" (").append(Durations.of(waiting.nanos())).append(" so far)\n");
        }
        for (Deadlock.Held held : nested.holds()) {
            out.append("    holds ").append(Printable.line(held.lock()));
            out.append(held.takenAt().isEmpty() ? ", inside a map" : ", taken at " + Printable.line(held.takenAt()));
            out.append('\n');
        }
    }

    private static String name(Deadlock.Nested nested) {
        return nested.program().isEmpty() ? USER_SPACE : Printable.line(nested.program());
    }

    /**
     * The ring from context to context: each arrow leads from one that waits to the one that has to go on first, and the
     * last one back to the first.
     */
    private static String picture(Deadlock deadlock) {
        List<Deadlock.StuckCpu> ring = deadlock.ring();
        StringBuilder out = new StringBuilder();
        Deadlock.StuckCpu first = ring.getFirst();
        out.append("  +-> ").append(box(first, first.waiting())).append('\n');
        for (int i = 0; i < ring.size(); i++) {
            Deadlock.StuckCpu cpu = ring.get(i);
            boolean last = i == ring.size() - 1;
            Deadlock.StuckCpu next = ring.get((i + 1) % ring.size());
            boolean interrupted = cpu.target() != next.waiting();
            String relation =
                    "waits for " + Printable.line(cpu.lock()) + (cpu.behind() ? ", in the queue behind" : ", held by");
            arrow(out, relation);
            if (interrupted) {
                out.append("  |   ").append(box(next, cpu.target())).append('\n');
                arrow(out, "interrupted, goes on only after");
            }
            if (!last) {
                out.append("  |   ").append(box(next, next.waiting())).append('\n');
            }
        }
        return out.append("  +---- the first\n").toString();
    }

    private static void arrow(StringBuilder out, String relation) {
        out.append("  |     | ").append(relation).append("\n  |     v\n");
    }

    private static String box(Deadlock.StuckCpu cpu, int context) {
        Deadlock.Nested nested = cpu.contexts().get(context);
        String line = nested.line().isEmpty() ? "" : ", " + Printable.line(nested.line());
        return "[CPU " + cpu.cpu() + " " + nested.level().word() + ": " + name(nested) + line + "]";
    }

    /** Returns a table of waits; empty where there are none. */
    static String waits(List<WaitRow> waits, Style style) {
        if (waits.isEmpty()) {
            return "";
        }
        TextTable table = new TextTable("Waits for", "CPU", "Context", "Program", ">So far", "Held by", "");
        for (WaitRow row : waits) {
            table.add(
                    row.lock(),
                    Integer.toString(row.cpu()),
                    row.level().word(),
                    row.program().isEmpty() ? USER_SPACE : row.program(),
                    Durations.of(row.nanos()),
                    row.holder() < 0 ? "-" : "CPU " + row.holder(),
                    row.interrupted() ? "interrupted" : "");
        }
        return "\n" + table.render(style);
    }

    /** Writes the members {@code waits} and {@code deadlock}, the latter null where there is none. */
    static void write(JsonGenerator json, List<WaitRow> waits, @Nullable Deadlock deadlock) throws IOException {
        Json.objects(json, "waits", waits, row -> {
            json.writeStringField("lock", row.lock());
            json.writeNumberField("cpu", row.cpu());
            json.writeStringField("context", row.level().word());
            json.writeStringField("program", row.program());
            json.writeNumberField("waited_ns", row.nanos());
            json.writeNumberField("holder_cpu", row.holder());
            json.writeBooleanField("interrupted", row.interrupted());
        });
        write(json, deadlock);
    }

    /** Writes the member {@code deadlock}, null where there is none. */
    static void write(JsonGenerator json, @Nullable Deadlock deadlock) throws IOException {
        if (deadlock == null) {
            json.writeNullField("deadlock");
            return;
        }
        json.writeObjectFieldStart("deadlock");
        json.writeNumberField("waited_ns", deadlock.waitedNanos());
        Json.objects(json, "cpus", deadlock.ring(), cpu -> {
            json.writeNumberField("cpu", cpu.cpu());
            json.writeStringField("waits_for", cpu.lock());
            json.writeBooleanField("behind", cpu.behind());
            json.writeNumberField("waiting_context", cpu.waiting());
            json.writeNumberField("target_context", cpu.target());
            Json.objects(json, "contexts", cpu.contexts(), nested -> nested(json, nested));
        });
        json.writeStringField("picture", picture(deadlock));
        json.writeEndObject();
    }

    private static void nested(JsonGenerator json, Deadlock.Nested nested) throws IOException {
        json.writeStringField("context", nested.level().word());
        json.writeStringField("program", nested.program());
        json.writeStringField("line", nested.line());
        Json.strings(json, "stack", nested.stack());
        Json.objects(json, "holds", nested.holds(), held -> {
            json.writeStringField("lock", held.lock());
            json.writeStringField("taken_at", held.takenAt());
        });
        Json.objects(json, "waits", nested.waits(), waiting -> {
            json.writeStringField("lock", waiting.lock());
            json.writeNumberField("waited_ns", waiting.nanos());
        });
    }
}
