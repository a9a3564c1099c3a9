package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** The meters of a machine's CPUs. */
final class CpuMeters {
    private CpuMeters() {}

    static void register(Activity activity, Registries.Group meters) {
        Cpus cpus = activity.cpus();
        meters.gauge(Metric.CPUS, cpus, Cpus::count);
        meters.gauge(Metric.PROCESSORS, Runtime.getRuntime(), Runtime::availableProcessors);
        meters.counter(
                Metric.STRESS_VIOLATIONS, activity, each -> each.violations().getAsLong());
        for (ContextLevel level : ContextLevel.values()) {
            if (level != ContextLevel.TASK) {
                String word = level.word();
                meters.counter(Metric.INTERRUPTS_DELIVERED, cpus, each -> sum(each, cpu -> cpu.delivered(level)), word);
                meters.gauge(Metric.INTERRUPTS_PENDING, cpus, each -> count(each, cpu -> cpu.isPending(level)), word);
                meters.gauge(Metric.INTERRUPTS_MASKED, cpus, each -> count(each, cpu -> cpu.isMasked(level)), word);
            }
        }
    }

    private static double sum(Cpus cpus, ToLongFunction<Cpu> what) {
        return cpus.all().stream().mapToLong(what).sum();
    }

    private static double count(Cpus cpus, Predicate<Cpu> which) {
        return cpus.all().stream().filter(which).count();
    }
}
