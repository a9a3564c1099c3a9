package dev.spinbpf.tools.serve.api;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.tools.serve.engine.ServedProgram;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.context.ProgramStats;
import java.util.List;
import java.util.Locale;

/** Objects and programs as JSON. */
final class ProgramView {
    private ProgramView() {}

    static String objects(List<ServedObject> objects) {
        JsonText json = new JsonText(false, false).begin('{').name("objects").begin('[');
        objects.forEach(object -> object(json, object));
        return json.end(']').end('}').text();
    }

    static String object(ServedObject object) {
        JsonText json = new JsonText(false, false);
        object(json, object);
        return json.text();
    }

    private static void object(JsonText json, ServedObject object) {
        json.begin('{').name("name").string(object.name());
        json.name("size_bytes").number(object.bytes().size());
        json.name("license").string(object.contents().license());
        json.name("programs").begin('[');
        object.programs().forEach(program -> program(json, program));
        json.end(']').name("notes").begin('[');
        object.contents().notes().forEach(json::string);
        json.end(']').end('}');
    }

    static String programs(List<ServedObject> objects) {
        JsonText json = new JsonText(false, false).begin('{').name("programs").begin('[');
        objects.forEach(object -> object.programs().forEach(program -> program(json, program)));
        return json.end(']').end('}').text();
    }

    static String program(ServedProgram program) {
        JsonText json = new JsonText(false, false);
        program(json, program);
        return json.text();
    }

    private static void program(JsonText json, ServedProgram program) {
        json.begin('{').name("object").string(program.object());
        json.name("name").string(program.name());
        json.name("section").string(program.section());
        json.name("type").string(program.type().display());
        json.name("state").string(word(program.state()));
        json.name("hook").string(program.hook());
        switch (program.verdict()) {
            case Verdict.Accepted accepted -> verdict(json, "", "", accepted.stats());
            case Verdict.Rejected rejected ->
                verdict(json, rejected.message(), rejected.explanation().text(), rejected.stats());
            case Verdict.Unsupported unsupported -> verdict(json, unsupported.what(), "", unsupported.stats());
            case null -> verdict(json, program.unlinked(), "", Verdict.Stats.NONE);
        }
        json.name("contexts").begin('[');
        LoadedProgram loaded = program.inMachine();
        if (loaded != null) {
            contexts(json, loaded.stats());
        }
        json.end(']').end('}');
    }

    private static void verdict(JsonText json, String message, String explanation, Verdict.Stats stats) {
        json.name("message").string(message);
        json.name("explanation").string(explanation);
        json.name("verified_insns").number(stats.insns());
        json.name("verified_states").number(stats.totalStates());
        json.name("verified_peak_states").number(stats.peakStates());
        json.name("verification_ns").number(stats.durationNanos());
    }

    private static void contexts(JsonText json, ProgramStats stats) {
        for (ContextLevel level : ContextLevel.values()) {
            if (stats.runs(level) + stats.misses(level) + stats.faults(level) > 0) {
                json.begin('{').name("context").string(word(level));
                json.name("runs").number(stats.runs(level));
                json.name("misses").number(stats.misses(level));
                json.name("faults").number(stats.faults(level)).end('}');
            }
        }
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
