package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.context.ProgramStats;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** The meters of a machine's programs. */
final class ProgramMeters {
    /** Most programs that are told apart; the rest is one more, {@code other}. */
    static final int MOST = 1000;

    private static final double NANOS_PER_SECOND = 1e9;
    private static final Labels OTHER = new Labels("other", "");

    private final Activity activity;
    private final Registries.Group meters;
    private final Map<Labels, Series> seriesByLabels = new LinkedHashMap<>();
    private final Set<Integer> knownHandles = new HashSet<>();
    private long dropped;

    /** The labels by which programs are told apart. */
    private record Labels(String program, String hook) {}

    ProgramMeters(Activity activity, Registries.Group meters) {
        this.activity = activity;
        this.meters = meters;
        meters.counter(Metric.LABELS_DROPPED, this, each -> each.dropped, "program");
    }

    void refresh() {
        activity.programs().get().forEach((program, hook) -> {
            if (knownHandles.add(program.handle())) {
                series(program, hook.name()).add(program.stats());
            }
        });
        seriesByLabels.values().forEach(Series::register);
    }

    private Series series(LoadedProgram loaded, String hook) {
        Program program = loaded.program();
        Labels labels = new Labels(Registries.label(program.name()), Registries.label(hook));
        Series series = seriesByLabels.get(labels);
        if (series != null) {
            return series;
        }
        if (seriesByLabels.size() >= MOST) {
            dropped++;
            return seriesByLabels.computeIfAbsent(OTHER, Series::new);
        }
        Series made = new Series(labels);
        seriesByLabels.put(labels, made);
        LineInfo line = program.lineAt(0);
        meters.info(
                Metric.PROGRAM_INFO,
                labels.program,
                labels.hook,
                Integer.toString(loaded.handle()),
                program.type().display(),
                program.section(),
                LockMeters.fileName(loaded.code().object().fileName()),
                line == null ? "" : line.place());
        return made;
    }

    /** Programs with the same labels. */
    private final class Series {
        private final Labels labels;
        private final List<ProgramStats> stats = new ArrayList<>();
        private final Set<ContextLevel> registered = EnumSet.noneOf(ContextLevel.class);

        Series(Labels labels) {
            this.labels = labels;
            meters.counter(
                    Metric.PROGRAM_INSTRUCTIONS,
                    this,
                    each -> each.sum(ProgramStats::insns),
                    labels.program,
                    labels.hook);
        }

        void add(ProgramStats more) {
            stats.add(more);
        }

        private double sum(ToLongFunction<ProgramStats> what) {
            return stats.stream().mapToLong(what).sum();
        }

        void register() {
            for (ContextLevel level : ContextLevel.values()) {
                boolean active = sum(each -> each.runs(level) + each.misses(level) + each.faults(level)) > 0;
                if (active && registered.add(level)) {
                    counter(Metric.PROGRAM_RUNS, level, each -> each.runs(level), 1);
                    counter(Metric.PROGRAM_TIME, level, each -> each.nanos(level), NANOS_PER_SECOND);
                    counter(Metric.PROGRAM_FAULTS, level, each -> each.faults(level), 1);
                    counter(Metric.PROGRAM_MISSES, level, each -> each.misses(level), 1);
                }
            }
        }

        private void counter(Metric metric, ContextLevel level, ToLongFunction<ProgramStats> what, double divisor) {
            meters.counter(metric, this, each -> each.sum(what) / divisor, labels.program, labels.hook, level.word());
        }
    }
}
