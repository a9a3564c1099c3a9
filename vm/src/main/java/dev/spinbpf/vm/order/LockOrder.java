package dev.spinbpf.vm.order;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.locking.LockUse;
import dev.spinbpf.vm.context.RecursionGuard;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The order in which programs take locks, and what may come of it.
 *
 * @param locks all locks, each with where it is taken
 * @param steps the pairs of locks that one program takes one after the other
 * @param predictions what may go wrong: inversions first, then rings
 * @param isComplete false if there are more predictions than were looked for
 */
public record LockOrder(List<Row> locks, List<LockStep> steps, List<LockPrediction> predictions, boolean isComplete) {
    /** Most predictions that are looked for. */
    public static final int MAX_PREDICTIONS = 1_000;

    /**
     * A lock, and the contexts in which it is taken.
     *
     * @param contexts a few words for each: {@code task}, {@code softirq, interrupts off}
     */
    public record Row(LockNode lock, List<String> contexts) {}

    /** Returns the order of the locks of programs, all of which may run on one machine. */
    public static LockOrder of(List<LockProgram> programs) {
        var nodes = new LockNodes(programs);
        List<LockActs> acts = new ArrayList<>();
        for (int id = 0; id < programs.size(); id++) {
            acts.addAll(actsOf(nodes, programs.get(id), id));
        }
        var graph = new LockGraph(acts);
        List<LockStep> steps = new ArrayList<>();
        for (LockNode held : graph.nesting()) {
            for (LockNode wanted : graph.nestedIn(held)) {
                steps.add(graph.nested(held, wanted).step());
            }
        }
        List<LockPrediction> found = new RingSearch(graph, MAX_PREDICTIONS).run();
        boolean isComplete = found.size() <= MAX_PREDICTIONS;
        return new LockOrder(
                rows(nodes, acts), steps, isComplete ? found : found.subList(0, MAX_PREDICTIONS), isComplete);
    }

    private static List<LockActs> actsOf(LockNodes nodes, LockProgram program, int id) {
        Map<LockUse.Runner, LockActs> byRunner = new EnumMap<>(LockUse.Runner.class);
        for (LockUse use : program.uses()) {
            byRunner.computeIfAbsent(use.runner(), runner -> acts(program, id, runner))
                    .add(nodes, program, use);
        }
        return new ArrayList<>(byRunner.values());
    }

    private static LockActs acts(LockProgram program, int id, LockUse.Runner runner) {
        String name = program.program().name();
        return switch (runner) {
            case TIMER ->
                new LockActs(
                        new LockTaker(
                                program.file(),
                                name,
                                ContextLevel.SOFTIRQ,
                                RecursionGuard.NONE,
                                "softirq, by a timer",
                                id),
                        null);
            case WORK_QUEUE ->
                new LockActs(
                        new LockTaker(
                                program.file(),
                                name,
                                ContextLevel.TASK,
                                RecursionGuard.NONE,
                                "task, by a work queue",
                                id),
                        null);
            case HOOK -> hooked(program, id);
        };
    }

    private static LockActs hooked(LockProgram program, int id) {
        Program code = program.program();
        HookTarget target = target(code);
        ContextLevel level = target == null || target.level() == null ? ContextLevel.TASK : target.level();
        HookTarget inside = target != null && target.point() != null ? target : null;
        String where = inside != null ? "inside " + inside.name() : level.word();
        RecursionGuard guard = RecursionGuard.of(code.type());
        return new LockActs(new LockTaker(program.file(), code.name(), level, guard, where, id), inside);
    }

    /** The program's hook; null for programs that have none, such as those that replace functions of others. */
    private static @Nullable HookTarget target(Program program) {
        try {
            return HookTable.of(program);
        } catch (UnsupportedProgramException e) {
            return null;
        }
    }

    private static List<Row> rows(LockNodes nodes, List<LockActs> acts) {
        Map<LockNode, List<String>> contexts = new LinkedHashMap<>();
        nodes.all().forEach(lock -> contexts.put(lock, new ArrayList<>()));
        for (LockActs program : acts) {
            for (LockActs.Exposure exposure : program.exposures()) {
                String context = program.taker().where() + (exposure.masked() ? ", interrupts off" : "");
                List<String> known = contexts.get(exposure.lock());
                if (known != null && !known.contains(context)) {
                    known.add(context);
                }
            }
        }
        List<Row> rows = new ArrayList<>();
        contexts.forEach((lock, taken) -> rows.add(new Row(lock, List.copyOf(taken))));
        return rows;
    }
}
