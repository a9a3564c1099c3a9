package dev.spinbpf.tools.serve.api;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.tools.report.DeadlockText;
import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.serve.engine.EngineRun;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.PromiseRow;
import dev.spinbpf.vm.stress.StressReport;
import java.util.Map;

/** The workload as JSON. */
final class WorkloadView {
    private WorkloadView() {}

    static String of(EngineRun run) {
        ProgramWorkload workload = run.workload();
        StressReport report = run.snapshot();
        JsonText json = new JsonText(false, false).begin('{');
        json.name("state").string(ProgramView.word(run.phase()));
        json.name("cpus").number(report.cpus());
        json.name("processors").number(report.realProcessors());
        json.name("lock").string(ProgramView.word(workload.lock()));
        json.name("seed").number(workload.seed());
        json.name("duration_ms").number(run.change().durationMillis());
        json.name("elapsed_ms").number(report.elapsedNanos() / 1_000_000);
        json.name("nmi_every_ns").number(workload.nmis().meanNanos());
        json.name("hardirq_every_ns").number(workload.hardirqs().meanNanos());
        json.name("interrupts").begin('{');
        for (Map.Entry<ContextLevel, Long> entry : report.interrupts().entrySet()) {
            json.name(ProgramView.word(entry.getKey())).number(entry.getValue());
        }
        json.end('}').name("faults").begin('[');
        report.faults().forEach(fault -> json.string(fault.describe()));
        json.end(']').name("stuck_cpus").begin('[');
        report.stuckCpus().forEach(json::string);
        json.end(']');
        if (report.deadlock() != null) {
            json.name("deadlock").string(DeadlockText.of(report.deadlock(), Style.PLAIN));
        }
        json.name("promises").begin('[');
        for (PromiseRow row : run.promises()) {
            json.begin('{').name("promise").string(row.text());
            json.name("outcome").string(row.outcome().word());
            json.name("values").string(row.values()).end('}');
        }
        return json.end(']').end('}').text();
    }
}
