package dev.spinbpf.tools.serve.api;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** CPUs as JSON: the context of each, the programs that are nested on it, and its interrupts. */
final class CpuView {
    private static final List<ContextLevel> INTERRUPTS =
            List.of(ContextLevel.SOFTIRQ, ContextLevel.HARDIRQ, ContextLevel.NMI);

    private CpuView() {}

    static String cpus(Machine machine, List<ServedObject> objects) {
        Map<LoadedProgram, String> objectByProgram = new HashMap<>();
        for (ServedObject object : objects) {
            object.programs().forEach(program -> {
                LoadedProgram loaded = program.inMachine();
                if (loaded != null) {
                    objectByProgram.put(loaded, object.name());
                }
            });
        }
        JsonText json = new JsonText(false, false).begin('{').name("cpus").begin('[');
        for (Cpu cpu : machine.cpus().all()) {
            cpu(json, cpu, machine.context(cpu.id()).running(), objectByProgram);
        }
        return json.end(']').end('}').text();
    }

    private static void cpu(
            JsonText json, Cpu cpu, List<LoadedProgram.Running> running, Map<LoadedProgram, String> objects) {
        json.begin('{').name("cpu").number(cpu.id());
        json.name("context").string(ProgramView.word(cpu.level()));
        json.name("running").begin('[');
        for (LoadedProgram.Running run : running) {
            json.begin('{').name("context").string(ProgramView.word(run.level()));
            json.name("object").string(objects.getOrDefault(run.program(), ""));
            json.name("program").string(run.program().name()).end('}');
        }
        json.end(']');
        levels(json, "pending", cpu::isPending);
        levels(json, "masked", cpu::isMasked);
        json.name("delivered").begin('{');
        for (ContextLevel level : INTERRUPTS) {
            json.name(ProgramView.word(level)).number(cpu.delivered(level));
        }
        json.end('}').end('}');
    }

    private static void levels(JsonText json, String name, Predicate<ContextLevel> chosen) {
        json.name(name).begin('[');
        INTERRUPTS.stream().filter(chosen).forEach(level -> json.string(ProgramView.word(level)));
        json.end(']');
    }
}
