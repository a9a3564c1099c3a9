package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.state.AcquiredReference;
import org.jspecify.annotations.Nullable;

/** Advice on locks that are taken or released wrongly. */
final class LockAdvice {
    private LockAdvice() {}

    static Advice notHeld(Case the) {
        Origin.Call release = the.call();
        String name = the.names().lock(release.arg(1), null);
        Origin.Call taking = lastTaking(the.story(), release.arg(1));
        String wrong = the.here() + " releases `" + name + "`, but this path does not hold it: ";
        if (taking == null) {
            return the.general()
                    .because(wrong + "nothing takes it before.")
                    .mendedBy("Take `" + name + "` with " + inverse(release)
                            + "() first, or do not release it on this way.");
        }
        String taker = the.names().call(taking);
        if (!the.story().failed(taking)) {
            Origin.Call before =
                    the.story().lastCall(call -> isRelease(call) && call.arg(1).equals(release.arg(1)));
            String where = before == null ? "" : " at " + the.names().line(before.insn());
            return the.general()
                    .because(wrong + "it was released already" + where + ".")
                    .mendedBy("Release `" + name + "` once on each way.");
        }
        if (!the.story().isChecked(taking)) {
            return the.general()
                    .because(taker + " can fail, and its result is not checked: where it fails, `" + name
                            + "` is not held, and " + the.here() + " releases it all the same.")
                    .mendedBy("Check the result: `if (" + LockFunction.call(taking.function(), name)
                            + ") return ...;`, and go on to " + the.here() + " only where it is 0.")
                    .decidedAt(taking.insn());
        }
        Event.Branched branch = the.story().branchOn(taking);
        return the.general()
                .because(wrong + taker + " failed on this path.")
                .mendedBy("Leave this way without releasing `" + name + "`: " + taking.function()
                        + "() took the lock only where it returned 0.")
                .decidedAt(branch == null ? Advice.NO_CULPRIT : branch.insn());
    }

    static Advice mismatch(Case the) {
        Origin.Call release = the.call();
        String name = the.names().lock(release.arg(1), null);
        Held same = held(the.story(), release.arg(1));
        LockFunction taker = same == null ? null : LockFunction.of(same.function());
        if (same != null && taker != null) {
            return the.general()
                    .because("`" + name + "` was taken with " + same.function() + "() at "
                            + the.names().line(same.insn()) + ", but " + the.here() + " releases it with "
                            + release.function() + "().")
                    .mendedBy("Release it with " + LockFunction.call(taker.inverse(), name) + ", or take it with "
                            + inverse(release) + "().")
                    .decidedAt(same.insn());
        }
        Held last = the.story().lastLock();
        Origin.Call before =
                the.story().lastCall(call -> isRelease(call) && call.arg(1).equals(release.arg(1)));
        if (last != null && before != null) {
            return the.general()
                    .because(the.here() + " releases `" + name + "`" + joined(the) + ", which was released already at "
                            + the.names().line(before.insn()) + "; this path holds " + last.name() + ", taken at "
                            + the.names().line(last.insn()) + ".")
                    .mendedBy("Release " + plain(last) + " there.");
        }
        String holds = last == null
                ? "another lock"
                : last.name() + ", taken at " + the.names().line(last.insn());
        return the.general()
                .because(the.here() + " releases `" + name + "`" + joined(the) + ", but this path holds " + holds + ".")
                .mendedBy(
                        last == null
                                ? the.general().remedy()
                                : "Release " + plain(last) + " there, or take `" + name + "` before.");
    }

    /** A remark where the instruction's line has no such call: compilers join calls at the ends of branches. */
    private static String joined(Case the) {
        String line = the.names().location(the.insn()).source();
        return line.isEmpty() || line.contains("lock")
                ? ""
                : " (the compiler joined calls here: look for the call near that line)";
    }

    static Advice order(Case the) {
        String name = the.names().lock(the.call().arg(1), null);
        Held last = the.story().lastLock();
        if (last == null) {
            return the.general();
        }
        LockFunction taker = LockFunction.of(last.function());
        String function = taker == null ? "its function" : taker.inverse();
        return the.general()
                .because(the.here() + " releases `" + name + "` while " + last.name() + ", taken after it at "
                        + the.names().line(last.insn()) + ", is still held.")
                .mendedBy("Release " + plain(last) + " first: " + LockFunction.call(function, bare(last)) + " before "
                        + the.here() + ".")
                .decidedAt(last.insn());
    }

    static Advice twice(Case the) {
        String name = the.names().lock(the.call().arg(1), null);
        Held held = held(the.story(), the.call().arg(1));
        String since = held == null ? "" : " since " + the.names().line(held.insn());
        return the.general()
                .because(the.here() + " takes `" + name + "`, which this path holds already" + since
                        + (the.call().function().contains("_res_")
                                ? ": the second call could only fail (-EDEADLK)."
                                : ": the program would wait for itself."))
                .mendedBy("Release `" + name + "` before " + the.here() + ", or do not take it again there.")
                .decidedAt(held == null ? Advice.NO_CULPRIT : held.insn());
    }

    static Advice required(Case the) {
        Origin.Call call = the.call();
        AcquiredReference lock = the.path().state().lastLock();
        Object owner = ownerOf(the);
        String wanted =
                owner == null ? "the lock in the same value" : "`" + the.names().lockOf(owner) + "`";
        Held held = the.story().lastLock();
        String holds = held != null
                ? "the path holds " + held.name() + " instead"
                : lock == null
                        ? "no lock is held"
                        : "the path holds `" + the.names().lock(lock) + "` instead";
        return the.general()
                .because(call.function() + "() may only be called while " + wanted + " is held, but " + holds + ".")
                .mendedBy("Take " + wanted + " before " + the.here()
                        + ": the lock that lies in the same map value, section or object as the list or tree.");
    }

    private static @Nullable Object ownerOf(Case the) {
        for (int number = 1; number <= 3; number++) {
            var reg = the.path().reg(number);
            boolean isRoot = reg.is(dev.spinbpf.verifier.state.RegType.PTR_TO_MAP_VALUE);
            if (isRoot) {
                return reg.map();
            }
        }
        return null;
    }

    static boolean isRelease(Origin.Call call) {
        LockFunction function = LockFunction.of(call.function());
        return function != null && function.isLock() && !function.takes();
    }

    private static Origin.@Nullable Call lastTaking(Story story, Origin lock) {
        return story.lastCall(call -> {
            LockFunction function = LockFunction.of(call.function());
            return function != null
                    && function.isLock()
                    && function.takes()
                    && call.arg(1).equals(lock);
        });
    }

    private static @Nullable Held held(Story story, Origin lock) {
        return story.held().stream()
                .filter(held -> held.isLock() && held.origin().equals(lock) && !(lock instanceof Origin.Unknown))
                .reduce((_, second) -> second)
                .orElse(null);
    }

    private static String inverse(Origin.Call call) {
        LockFunction function = LockFunction.of(call.function());
        return function == null ? "a lock function" : function.inverse();
    }

    /** The lock's name in quotes, without what its form does besides. */
    static String plain(Held held) {
        return "`" + bare(held) + "`";
    }

    /** The lock's name. */
    static String bare(Held held) {
        return held.name().substring(1, held.name().indexOf('`', 1));
    }
}
