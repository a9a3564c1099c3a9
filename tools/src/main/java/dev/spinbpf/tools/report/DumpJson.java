package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.programs.asm.Disassembler;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code spinbpf dump --json}. */
public final class DumpJson {
    private DumpJson() {}

    /** The object, or of its programs only the chosen one. */
    public static String of(ProgramObject object, @Nullable Program chosen) {
        return Json.document(json -> {
            json.writeStartObject();
            json.writeStringField("file_name", object.fileName());
            json.writeStringField("license", object.license());
            List<Program> programs = chosen == null ? object.programs() : List.of(chosen);
            Json.objects(json, "programs", programs, program -> program(json, object, program));
            Json.objects(json, "maps", object.maps(), map -> map(json, map));
            Json.objects(json, "kfuncs", object.kfuncs(), kfunc -> {
                json.writeStringField("name", kfunc.name());
                json.writeBooleanField("weak", kfunc.weak());
            });
            json.writeNumberField("btf_types", object.btf().size() - 1);
            Json.strings(json, "notes", object.notes());
            json.writeEndObject();
        });
    }

    private static void program(JsonGenerator json, ProgramObject object, Program program) throws IOException {
        json.writeStringField("name", program.name());
        json.writeStringField("section", program.section());
        json.writeStringField("type", program.type().display());
        json.writeBooleanField("autoload", program.autoload());
        json.writeBooleanField("sleepable", program.sleepable());
        Json.objects(json, "subprogs", program.subprogs(), subprog -> {
            json.writeStringField("name", subprog.name());
            json.writeNumberField("start", subprog.start());
            json.writeNumberField("end", subprog.end());
            json.writeBooleanField("global", subprog.global());
        });
        json.writeArrayFieldStart("insns");
        LineInfo before = null;
        for (int slot = 0; slot < program.insns().size(); slot++) {
            Insn insn = program.insns().get(slot);
            if (insn.op() != Op.LDDW_HI) {
                LineInfo line = program.lineAt(slot);
                insn(json, object, slot, insn, Objects.equals(line, before) ? null : line);
                before = line;
            }
        }
        json.writeEndArray();
    }

    private static void insn(JsonGenerator json, ProgramObject object, int slot, Insn insn, @Nullable LineInfo line)
            throws IOException {
        json.writeStartObject();
        json.writeNumberField("slot", slot);
        json.writeStringField("text", Disassembler.logText(insn, call -> kfuncName(object, call.immLow())));
        if (line != null) {
            json.writeStringField("file", line.file());
            json.writeNumberField("line", line.line());
            json.writeStringField("source", line.text());
        }
        json.writeEndObject();
    }

    private static @Nullable String kfuncName(ProgramObject object, int index) {
        return index >= 0 && index < object.kfuncs().size()
                ? object.kfuncs().get(index).name()
                : null;
    }

    private static void map(JsonGenerator json, MapDef map) throws IOException {
        json.writeStringField("name", map.name());
        json.writeStringField("type", map.type().display());
        json.writeNumberField("key_size", map.keySize());
        json.writeNumberField("value_size", map.valueSize());
        json.writeNumberField("max_entries", map.maxEntries());
        json.writeNumberField("flags", map.flags());
        json.writeBooleanField("global_data", map.isGlobalData());
        json.writeBooleanField("read_only", map.readOnly());
    }
}
