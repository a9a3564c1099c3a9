package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.state.AcquiredReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The events on the refused path, as far as they matter to what is held: which lock call succeeded, what was held after each
 * step, whose result nothing looked at.
 *
 * <p>The path tells only which instructions were executed, not which way a call that may fail went; that follows from what comes
 * later: a branch on its result, a release of the lock, or that the lock is held at the end. A path may have tens of thousands of
 * calls, so that each question of one is answered by what one pass over the path found.
 */
final class Story {
    /** Most that a chapter lists: a program may switch preemption off in a loop. */
    private static final int MOST_HELD = 64;

    private final Exploration path;
    private final Names names;
    private final Replay replay;
    private final List<Chapter> chapters = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private final Map<Origin.Call, Boolean> failed = new HashMap<>();
    private final Set<Origin.Call> checked = new HashSet<>();
    private final Set<Integer> heldInsns;
    private final Set<Integer> objectInsns;
    private final boolean isEndOnly;

    /**
     * An event, and what is held after it.
     *
     * @param failed whether the call failed
     * @param held in the order of taking; of very many, those taken last
     */
    record Chapter(Event event, boolean failed, List<Held> held) {}

    Story(Exploration path, Names names) {
        this(path, names, WalkedPath.to(path));
    }

    private Story(Exploration path, Names names, List<Integer> insns) {
        this.path = path;
        this.names = names;
        replay = Replay.of(path.unit(), insns);
        isEndOnly = insns.size() >= WalkedPath.MAX_INSNS;
        heldInsns = insnsOf(path, _ -> true);
        objectInsns = insnsOf(path, reference -> reference.type() == AcquiredReference.Type.PTR);
        tell();
    }

    /** The slots of the calls that acquired what is held at the end. */
    private static Set<Integer> insnsOf(Exploration path, Predicate<AcquiredReference> condition) {
        return path.state().references().stream()
                .filter(condition)
                .map(AcquiredReference::insn)
                .collect(Collectors.toSet());
    }

    /** The story of a program of which no path was walked. */
    static Story none(Exploration path, Names names) {
        return new Story(path, names, List.of());
    }

    Replay replay() {
        return replay;
    }

    List<Chapter> chapters() {
        return chapters;
    }

    /** The things held where the program is refused, in the order of taking; not those that the refused call would take. */
    List<Held> held() {
        return held;
    }

    /** The steps of the path at which the things held change; none if only the end of the path is known. */
    List<Explanation.Holding> holdings() {
        List<Explanation.Holding> holdings = new ArrayList<>();
        if (isEndOnly) {
            return holdings;
        }
        Map<Integer, Integer> times = new HashMap<>();
        List<Held> before = List.of();
        for (Chapter chapter : chapters) {
            int insn = chapter.event().insn();
            int time = times.merge(insn, 1, Integer::sum);
            if (!chapter.held().equals(before)) {
                List<String> names = chapter.held().stream().map(Held::name).toList();
                holdings.add(new Explanation.Holding(insn, time, names));
                before = chapter.held();
            }
        }
        return holdings;
    }

    /** The lock that was taken last of those that are held; null if there is none. */
    @Nullable
    Held lastLock() {
        return held.reversed().stream().filter(Held::isLock).findFirst().orElse(null);
    }

    private void tell() {
        findOutcomes();
        List<Held> after = List.of();
        for (Event event : replay.events()) {
            boolean fails = false;
            if (event instanceof Event.Called called) {
                fails = failed(called.call());
                if (apply(called.call(), fails)) {
                    after = List.copyOf(held.subList(Math.max(0, held.size() - MOST_HELD), held.size()));
                }
            }
            chapters.add(new Chapter(event, fails, after));
        }
    }

    /**
     * Finds the calls that failed, of those that begin a section and may fail: those whose lock is not held later, unless a
     * branch on the result tells; and the calls whose results were looked at.
     */
    private void findOutcomes() {
        var isReleasedNext = new HashMap<Origin, Boolean>();
        for (Event event : replay.events().reversed()) {
            if (event instanceof Event.Called called) {
                findOutcome(called.call(), isReleasedNext);
            }
        }
        for (Event event : replay.events()) {
            if (event instanceof Event.Branched branched) {
                if (branched.tested() instanceof Origin.Result result) {
                    checked.add(result.call());
                }
                if (branched.testedCall() != null) {
                    failed.computeIfPresent(
                            branched.testedCall(), (_, _) -> branched.outcome() == Event.Outcome.NOT_ZERO);
                }
            }
        }
    }

    /**
     * Notes whether a lock is released later on the path before it is taken again, or is held at the end.
     *
     * @param isReleasedNext for each lock whether the next call that gets it releases it
     */
    private void findOutcome(Origin.Call call, Map<Origin, Boolean> isReleasedNext) {
        LockFunction function = LockFunction.of(call.function());
        if (function == null || !function.isLock()) {
            return;
        }
        Origin lock = call.arg(1);
        if (function.mayFail()) {
            boolean isHeldAtEnd = heldInsns.contains(call.insn());
            failed.put(call, !isReleasedNext.getOrDefault(lock, isHeldAtEnd));
        }
        if (!(lock instanceof Origin.Unknown)) {
            isReleasedNext.put(lock, !function.takes());
        }
    }

    /** Applies a call to what is held; returns whether that changed. */
    private boolean apply(Origin.Call call, boolean fails) {
        LockFunction function = LockFunction.of(call.function());
        if (function == null) {
            return applyReference(call);
        }
        if (function.takes()) {
            return !fails && held.add(new Held(heldName(call, function), call.function(), call.insn(), call.arg(1)));
        }
        return function.isLock()
                ? release(lock -> lock.isLock() && lock.origin().equals(call.arg(1)), Held::isLock)
                : release(section -> section.function().equals(function.inverse()), _ -> false);
    }

    private boolean release(Predicate<Held> exactly, Predicate<Held> otherwise) {
        for (var wanted : List.of(exactly, otherwise)) {
            for (int i = held.size() - 1; i >= 0; i--) {
                if (wanted.test(held.get(i))) {
                    held.remove(i);
                    return true;
                }
            }
        }
        return false;
    }

    /** An object is listed from the call that acquired it if it is held at the end: then nothing released it. */
    private boolean applyReference(Origin.Call call) {
        boolean listed = held.stream().anyMatch(known -> known.insn() == call.insn() && !known.isLock());
        if (listed || !objectInsns.contains(call.insn())) {
            return false;
        }
        return held.add(new Held(
                "the object from " + names.shortCall(call), call.function(), call.insn(), new Origin.Result(call, 0)));
    }

    private String heldName(Origin.Call call, LockFunction function) {
        if (!function.isLock()) {
            return function.what();
        }
        return "`" + names.lock(call.arg(1), ownerAt(call.insn())) + "`"
                + (call.function().contains("irq") ? " (interrupts off)" : "");
    }

    /** The owner of a lock that was taken at an instruction and is held; null if it is not. */
    @Nullable
    Object ownerAt(int insn) {
        for (AcquiredReference reference : path.state().references()) {
            if (reference.insn() == insn && reference.type().isLock()) {
                return reference.lockOwner();
            }
        }
        return null;
    }

    /** The last call on the path that satisfies a condition; null if there is none. */
    Origin.@Nullable Call lastCall(Predicate<Origin.Call> condition) {
        for (Chapter chapter : chapters.reversed()) {
            if (chapter.event() instanceof Event.Called called && condition.test(called.call())) {
                return called.call();
            }
        }
        return null;
    }

    /** True if a branch on the path looked at the result of a call. */
    boolean isChecked(Origin.Call call) {
        return checked.contains(call);
    }

    /** The last branch on the result of a call that tells it from 0; null if there is none. */
    Event.@Nullable Branched branchOn(Origin.Call call) {
        for (Chapter chapter : chapters.reversed()) {
            if (chapter.event() instanceof Event.Branched branched && call.equals(branched.testedCall())) {
                return branched;
            }
        }
        return null;
    }

    /** True if the call failed. */
    boolean failed(Origin.Call call) {
        return failed.getOrDefault(call, false);
    }
}
