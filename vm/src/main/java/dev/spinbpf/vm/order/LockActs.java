package dev.spinbpf.vm.order;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.locking.LockUse;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that one program does with locks in one context: which it takes, which others it holds then, and where other programs may
 * land on it.
 */
final class LockActs {
    private final LockTaker taker;
    private final @Nullable HookTarget inside;
    private final List<Taking> takings = new ArrayList<>();
    private final List<Exposure> exposures = new ArrayList<>();
    private final List<Passing> passings = new ArrayList<>();

    /** A lock that is held, with the way by which it was taken. */
    record Hold(LockNode lock, LockWay way) {}

    /** A lock that is taken on top of others. */
    record Taking(LockNode lock, LockWay way, List<Hold> holds, boolean mayFail) {}

    /**
     * A lock that is held while interrupts may land.
     *
     * @param masked whether only NMIs may
     */
    record Exposure(LockNode lock, LockWay way, List<Hold> others, boolean masked) {}

    /**
     * A place inside the runtime that is passed.
     *
     * @param type the kind of the map whose operation passes it; null for the slow path of a lock
     */
    record Passing(HookPoint point, @Nullable MapType type, List<Hold> holds) {}

    /** @param inside the place inside the runtime at which the program runs; null for other programs */
    LockActs(LockTaker taker, @Nullable HookTarget inside) {
        this.taker = taker;
        this.inside = inside;
    }

    LockTaker taker() {
        return taker;
    }

    @Nullable
    HookTarget inside() {
        return inside;
    }

    List<Taking> takings() {
        return takings;
    }

    List<Exposure> exposures() {
        return exposures;
    }

    List<Passing> passings() {
        return passings;
    }

    void add(LockNodes nodes, LockProgram program, LockUse use) {
        List<Hold> holds = new ArrayList<>();
        for (LockUse.Hold hold : use.holds()) {
            LockWay way = new LockWay(taker, hold.at(), "", use.path(), use.more());
            holds.add(new Hold(nodes.of(program, hold.lock()), way));
        }
        switch (use.act()) {
            case LockUse.Take take -> {
                String function = !take.mayFail()
                        ? "bpf_spin_lock"
                        : take.masks() ? "bpf_res_spin_lock_irqsave" : "bpf_res_spin_lock";
                String call = function + "(&" + take.lock().name() + ")";
                LockWay way = new LockWay(taker, use.at(), call, use.path(), use.more());
                boolean masked = use.interruptsOff() || take.masks();
                take(nodes.of(program, take.lock()), way, holds, take.mayFail(), masked);
            }
            case LockUse.MapCall call -> {
                LockWay way = new LockWay(taker, use.at(), call.helper() + "()", use.path(), use.more());
                operate(nodes, program, call, way, holds);
            }
        }
    }

    private void take(LockNode lock, LockWay way, List<Hold> holds, boolean mayFail, boolean masked) {
        takings.add(new Taking(lock, way, holds, mayFail));
        exposures.add(new Exposure(lock, way, holds, masked || isInsideMasked()));
        if (mayFail) {
            List<Hold> waiting = with(holds, new Hold(lock, way));
            passings.add(new Passing(HookPoint.CONTENTION_BEGIN, null, waiting));
            passings.add(new Passing(HookPoint.CONTENTION_END, null, waiting));
        }
    }

    /** Returns whether the program runs where interrupts are off: in the slow path of a lock, or under one of a map's. */
    private boolean isInsideMasked() {
        HookPoint point = inside == null ? null : inside.point();
        return switch (point) {
            case CONTENTION_BEGIN,
                    CONTENTION_END,
                    MAP_UPDATE_UNDER_LOCK,
                    MAP_DELETE_UNDER_LOCK,
                    FREELIST_POP_BEFORE_LOCK,
                    FREELIST_POP,
                    FREELIST_PUSH -> true;
            case null, default -> false;
        };
    }

    private void operate(LockNodes nodes, LockProgram program, LockUse.MapCall call, LockWay way, List<Hold> holds) {
        MapLocks locks = MapLocks.of(call, taker.level() == ContextLevel.NMI);
        for (MapLocks.Taken taken : locks.taken()) {
            LockNode lock = nodes.inside(program, call, taken.kind());
            take(lock, way, inside(nodes, program, call, way, holds, taken.under()), taken.mayFail(), true);
        }
        for (MapLocks.Passed passed : locks.passed()) {
            List<Hold> held = inside(nodes, program, call, way, holds, passed.under());
            passings.add(new Passing(passed.point(), call.map().type(), held));
        }
    }

    private static List<Hold> inside(
            LockNodes nodes,
            LockProgram program,
            LockUse.MapCall call,
            LockWay way,
            List<Hold> holds,
            List<LockKind> kinds) {
        List<Hold> held = new ArrayList<>(holds);
        for (LockKind kind : kinds) {
            held.add(new Hold(nodes.inside(program, call, kind), way));
        }
        return held;
    }

    private static List<Hold> with(List<Hold> holds, Hold one) {
        List<Hold> more = new ArrayList<>(holds);
        more.add(one);
        return more;
    }

    /** All but one. */
    static List<Hold> without(List<Hold> holds, Hold one) {
        return holds.stream().filter(hold -> !hold.equals(one)).toList();
    }

    /** The locks that are one, as only those keep others out. */
    static List<LockNode> single(List<Hold> holds) {
        return holds.stream().map(Hold::lock).filter(LockNode::isOne).toList();
    }
}
