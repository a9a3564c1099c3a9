package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.context.ProgramStats;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The meters of a machine's programs. */
final class ProgramMeters {
    /** Most programs that are told apart; the rest is one more, {@code other}. */
    static final int MOST = 1000;

    private static final double NANOS_PER_SECOND = 1e9;
    private static final Labels OTHER = new Labels("other", "");

    /** The counts of a program in each context, then its instructions. */
    private static final List<ToLongFunction<ProgramStats>> COUNTS = counts();

    private static final int RUNS = 0;
    private static final int MISSES = 1;
    private static final int FAULTS = 2;
    private static final int NANOS = 3;
    private static final int PER_LEVEL = 4;
    private static final int INSTRUCTIONS = PER_LEVEL * ContextLevel.count();

    private final Activity activity;
    private final Registries.Group meters;
    private final Map<Labels, Series> seriesByLabels = new LinkedHashMap<>();
    private final IdentityHashMap<LoadedProgram, Series> known = new IdentityHashMap<>();
    private long dropped;

    /** The labels by which programs are told apart. */
    private record Labels(String program, String hook) {}

    ProgramMeters(Activity activity, Registries.Group meters) {
        this.activity = activity;
        this.meters = meters;
        meters.counter(Metric.LABELS_DROPPED, this, each -> each.dropped, "program");
    }

    private static List<ToLongFunction<ProgramStats>> counts() {
        List<ToLongFunction<ProgramStats>> counts = new ArrayList<>();
        for (ContextLevel level : ContextLevel.values()) {
            counts.add(stats -> stats.runs(level));
            counts.add(stats -> stats.misses(level));
            counts.add(stats -> stats.faults(level));
            counts.add(stats -> stats.nanos(level));
        }
        counts.add(ProgramStats::insns);
        return counts;
    }

    void refresh() {
        activity.programs().get().forEach((program, hook) -> {
            if (!known.containsKey(program)) {
                Series series = series(new Labels(Registries.label(program.name()), Registries.label(hook.name())));
                series.add(program);
                known.put(program, series);
            }
        });
        Set<LoadedProgram> loaded = Collections.newSetFromMap(new IdentityHashMap<>());
        loaded.addAll(activity.loaded().get());
        known.entrySet().removeIf(entry -> {
            boolean isGone = !loaded.contains(entry.getKey());
            if (isGone) {
                entry.getValue().retire(entry.getKey().stats());
            }
            return isGone;
        });
        seriesByLabels.values().forEach(Series::register);
    }

    private Series series(Labels labels) {
        Series series = seriesByLabels.get(labels);
        if (series == null && seriesByLabels.size() >= MOST) {
            dropped++;
            return seriesByLabels.computeIfAbsent(OTHER, Series::new);
        }
        return seriesByLabels.computeIfAbsent(labels, Series::new);
    }

    /** Programs with the same labels. What was counted of programs that were unloaded stays. */
    private final class Series {
        private final Labels labels;
        private final List<ProgramStats> stats = new ArrayList<>();
        private final long[] countsOfGone = new long[COUNTS.size()];
        private final Set<ContextLevel> registered = EnumSet.noneOf(ContextLevel.class);
        private String @Nullable [] info;

        Series(Labels labels) {
            this.labels = labels;
            meters.counter(
                    Metric.PROGRAM_INSTRUCTIONS, this, each -> each.sum(INSTRUCTIONS), labels.program, labels.hook);
        }

        void add(LoadedProgram loaded) {
            stats.add(loaded.stats());
            if (!labels.equals(OTHER)) {
                describe(loaded);
            }
        }

        /** Shows the program that came last. */
        private void describe(LoadedProgram loaded) {
            Program program = loaded.program();
            LineInfo line = program.lineAt(0);
            String[] shown = {
                labels.program,
                labels.hook,
                Integer.toString(loaded.handle()),
                program.type().display(),
                program.section(),
                LockMeters.fileName(loaded.code().object().fileName()),
                line == null ? "" : line.place()
            };
            String[] before = info;
            if (before != null) {
                meters.removeInfo(Metric.PROGRAM_INFO, before);
            }
            meters.info(Metric.PROGRAM_INFO, shown);
            info = shown;
        }

        void retire(ProgramStats gone) {
            stats.remove(gone);
            for (int i = 0; i < countsOfGone.length; i++) {
                countsOfGone[i] += COUNTS.get(i).applyAsLong(gone);
            }
        }

        private long sum(int count) {
            ToLongFunction<ProgramStats> what = COUNTS.get(count);
            return countsOfGone[count] + stats.stream().mapToLong(what).sum();
        }

        void register() {
            for (ContextLevel level : ContextLevel.values()) {
                int first = PER_LEVEL * level.ordinal();
                boolean active = sum(first + RUNS) + sum(first + MISSES) + sum(first + FAULTS) > 0;
                if (active && registered.add(level)) {
                    counter(Metric.PROGRAM_RUNS, level, first + RUNS, 1);
                    counter(Metric.PROGRAM_TIME, level, first + NANOS, NANOS_PER_SECOND);
                    counter(Metric.PROGRAM_FAULTS, level, first + FAULTS, 1);
                    counter(Metric.PROGRAM_MISSES, level, first + MISSES, 1);
                }
            }
        }

        private void counter(Metric metric, ContextLevel level, int count, double divisor) {
            meters.counter(metric, this, each -> each.sum(count) / divisor, labels.program, labels.hook, level.word());
        }
    }
}
