package dev.spinbpf.vm.order;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The locks of some programs, and which can be taken while which is held.
 *
 * <p>What must hold: there is an edge from each lock that a program holds to each that it takes then ({@link #nested}); from
 * each lock that is held with interrupts on to each that a program of a higher level takes, and from each lock at all to those
 * that a program takes in an NMI ({@link #interrupts}); from each lock that is held, or waited for, at a place inside the
 * runtime to each that a program takes which is attached there ({@link #hooks}). A program that runs inside of the runtime
 * does so at the level of what it runs in, so that its locks are taken at that level too. No program lands on one that a
 * recursion guard protects from it. All is in the order in which the programs were given.
 */
final class LockGraph {
    private final List<LockActs> programs;
    private final Map<LockNode, Map<LockNode, Nested>> nested = new LinkedHashMap<>();
    private final Map<ContextLevel, LockHub> interrupts = new EnumMap<>(ContextLevel.class);
    private final Map<HookTarget, LockHub> hooks = new LinkedHashMap<>();

    /** The first pair of ways from one lock to another, and what is true of all of them. */
    private static final class Nested {
        private final LockWay holder;
        private final LockWay taker;
        private final Set<LockNode> gates;
        private boolean mayFail;

        Nested(LockWay holder, LockActs.Taking taking, List<LockNode> others) {
            this.holder = holder;
            taker = taking.way();
            gates = new LinkedHashSet<>(others);
            mayFail = taking.mayFail();
        }
    }

    LockGraph(List<LockActs> programs) {
        this.programs = programs;
        for (ContextLevel level : ContextLevel.values()) {
            if (level != ContextLevel.TASK) {
                interrupts.put(level, new LockHub(LockStep.Kind.INTERRUPT));
            }
        }
        for (LockActs program : programs) {
            HookTarget inside = program.inside();
            if (inside != null) {
                hooks.computeIfAbsent(inside, _ -> new LockHub(LockStep.Kind.HOOK));
            }
        }
        for (LockActs program : programs) {
            program.takings().forEach(this::addNested);
            addHolders(program);
            addTakers(program);
        }
    }

    private void addNested(LockActs.Taking taking) {
        for (LockActs.Hold hold : taking.holds()) {
            List<LockNode> others = LockActs.single(LockActs.without(taking.holds(), hold));
            Nested known = nested.computeIfAbsent(hold.lock(), _ -> new LinkedHashMap<>())
                    .computeIfAbsent(taking.lock(), _ -> new Nested(hold.way(), taking, others));
            known.gates.retainAll(others);
            known.mayFail &= taking.mayFail();
        }
    }

    private void addHolders(LockActs program) {
        ContextLevel level = program.taker().level();
        for (LockActs.Exposure exposure : program.exposures()) {
            List<LockNode> others = LockActs.single(exposure.others());
            interrupts.forEach((above, hub) -> {
                boolean lands = above.compareTo(level) > 0 && (!exposure.masked() || above == ContextLevel.NMI);
                if (lands) {
                    hub.addHolder(exposure.lock(), exposure.way(), others);
                }
            });
        }
        for (LockActs.Passing passing : program.passings()) {
            hooks.forEach((target, hub) -> {
                if (isAt(target, passing.point(), passing.type())) {
                    addHolders(hub, passing.holds());
                }
            });
        }
    }

    private static void addHolders(LockHub hub, List<LockActs.Hold> holds) {
        for (LockActs.Hold hold : holds) {
            hub.addHolder(hold.lock(), hold.way(), LockActs.single(LockActs.without(holds, hold)));
        }
    }

    private static boolean isAt(HookTarget target, HookPoint point, @Nullable MapType type) {
        boolean anyMap = target.mapTypes().isEmpty();
        return target.point() == point
                && (anyMap || type != null && target.mapTypes().contains(type));
    }

    private void addTakers(LockActs program) {
        HookTarget inside = program.inside();
        if (inside != null) {
            LockHub hub = Objects.requireNonNull(hooks.get(inside));
            program.takings().forEach(taking -> addTaker(hub, taking, taking.way()));
            return;
        }
        LockHub hub = interrupts.get(program.taker().level());
        if (hub == null) {
            return;
        }
        program.takings().forEach(taking -> addTaker(hub, taking, taking.way()));
        for (LockActs nestedProgram : runInside(program)) {
            LockTaker taker = nestedProgram.taker().in(program.taker());
            for (LockActs.Taking taking : nestedProgram.takings()) {
                LockWay way = taking.way();
                addTaker(hub, taking, new LockWay(taker, way.at(), way.call(), way.path(), way.more()));
            }
        }
    }

    private static void addTaker(LockHub hub, LockActs.Taking taking, LockWay way) {
        hub.addTaker(taking.lock(), way, LockActs.single(taking.holds()), taking.mayFail());
    }

    /** The programs that run inside of what a program does, and inside of what those do. */
    private Collection<LockActs> runInside(LockActs program) {
        Set<LockActs> found = new LinkedHashSet<>();
        List<LockActs> open = new ArrayList<>(List.of(program));
        while (!open.isEmpty()) {
            LockActs outer = open.removeLast();
            for (LockActs inner : programs) {
                HookTarget inside = inner.inside();
                boolean runs = inside != null
                        && inner.taker().mayRunOn(outer.taker())
                        && inner.taker().mayRunOn(program.taker())
                        && outer.passings().stream().anyMatch(one -> isAt(inside, one.point(), one.type()));
                if (runs && found.add(inner)) {
                    open.add(inner);
                }
            }
        }
        return found;
    }

    /** The locks that a program takes while it holds this one. */
    Set<LockNode> nestedIn(LockNode held) {
        return nested.getOrDefault(held, Map.of()).keySet();
    }

    /** The locks under which a program takes others, in the order in which they were found. */
    Set<LockNode> nesting() {
        return nested.keySet();
    }

    /** The step between two locks that one program takes one after the other. */
    LockEdge nested(LockNode held, LockNode wanted) {
        Nested found =
                Objects.requireNonNull(Objects.requireNonNull(nested.get(held)).get(wanted));
        LockStep step = new LockStep(held, wanted, LockStep.Kind.NESTED, found.holder, found.taker, found.mayFail);
        return new LockEdge(step, found.gates);
    }

    /** All places where programs land on others: lower levels first, then hooks. */
    List<LockHub> hubs() {
        List<LockHub> all = new ArrayList<>(interrupts.values());
        all.addAll(hooks.values());
        return all;
    }
}
