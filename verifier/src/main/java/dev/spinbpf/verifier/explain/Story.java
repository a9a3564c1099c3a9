package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.state.AcquiredReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What happened on the refused path, as far as it matters to what is held: which lock call succeeded, what was held after each
 * step, whose result nothing looked at.
 *
 * <p>The path tells only which instructions were executed, not which way a call that may fail went; that follows from what comes
 * later: a branch on its result, a release of the lock, or that the lock is held at the end.
 */
final class Story {
    private final Exploration path;
    private final Names names;
    private final Replay replay;
    private final List<Chapter> chapters = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private final Set<Integer> heldInsns;
    private final boolean isEndOnly;

    /**
     * An event, and what is held after it.
     *
     * @param failed whether the call failed
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
        heldInsns =
                path.state().references().stream().map(AcquiredReference::insn).collect(Collectors.toSet());
        tell();
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

    /** What is held where the program is refused, in the order of taking; not what the refused call would take. */
    List<Held> held() {
        return held;
    }

    /** Where what is held changes along the path; nothing where only the end of the path is known. */
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
        Map<Origin.Call, Boolean> failed = outcomes();
        for (Event event : replay.events()) {
            boolean fails = false;
            if (event instanceof Event.Called called) {
                fails = failed.getOrDefault(called.call(), false);
                apply(called.call(), fails);
            }
            chapters.add(new Chapter(event, fails, List.copyOf(held)));
        }
    }

    /** For each call that begins a section and may fail, whether it failed. */
    private Map<Origin.Call, Boolean> outcomes() {
        Map<Origin.Call, Boolean> failed = new HashMap<>();
        for (Event event : replay.events()) {
            if (event instanceof Event.Called called) {
                LockFunction function = LockFunction.of(called.call().function());
                if (function != null && function.mayFail()) {
                    failed.put(called.call(), !isHeldLater(called.call()));
                }
            } else if (event instanceof Event.Branched branched && branched.testedCall() != null) {
                failed.computeIfPresent(branched.testedCall(), (_, _) -> branched.outcome() == Event.Outcome.NOT_ZERO);
            }
        }
        return failed;
    }

    /** True if the lock is released later on the path before it is taken again, or is held at the end. */
    private boolean isHeldLater(Origin.Call taking) {
        for (Event event : replay.events()) {
            if (event.step() > taking.step() && event instanceof Event.Called called) {
                LockFunction function = LockFunction.of(called.call().function());
                boolean same = called.call().arg(1).equals(taking.arg(1)) && !(taking.arg(1) instanceof Origin.Unknown);
                if (function != null && function.isLock() && same) {
                    return !function.takes();
                }
            }
        }
        return heldInsns.contains(taking.insn());
    }

    private void apply(Origin.Call call, boolean fails) {
        LockFunction function = LockFunction.of(call.function());
        if (function == null) {
            applyReference(call);
        } else if (function.takes()) {
            if (!fails) {
                held.add(new Held(heldName(call, function), call.function(), call.insn(), call.arg(1)));
            }
        } else if (function.isLock()) {
            release(lock -> lock.isLock() && lock.origin().equals(call.arg(1)), Held::isLock);
        } else {
            release(section -> section.function().equals(function.inverse()), _ -> false);
        }
    }

    private void release(Predicate<Held> exactly, Predicate<Held> otherwise) {
        for (var wanted : List.of(exactly, otherwise)) {
            for (int i = held.size() - 1; i >= 0; i--) {
                if (wanted.test(held.get(i))) {
                    held.remove(i);
                    return;
                }
            }
        }
    }

    /** An object is listed from the call that acquired it if it is held at the end: then nothing released it. */
    private void applyReference(Origin.Call call) {
        for (AcquiredReference reference : path.state().references()) {
            boolean listed = held.stream().anyMatch(known -> known.insn() == call.insn() && !known.isLock());
            if (reference.type() == AcquiredReference.Type.PTR && reference.insn() == call.insn() && !listed) {
                held.add(new Held(
                        "the object from " + names.shortCall(call),
                        call.function(),
                        call.insn(),
                        new Origin.Result(call, 0)));
            }
        }
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
        return chapters.stream()
                .anyMatch(chapter -> chapter.event() instanceof Event.Branched branched
                        && branched.tested() instanceof Origin.Result result
                        && result.call().equals(call));
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
        return chapters.stream()
                .anyMatch(chapter -> chapter.failed()
                        && chapter.event() instanceof Event.Called called
                        && called.call().equals(call));
    }
}
