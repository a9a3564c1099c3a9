package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.kernel.Message;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Advice on what is still held where the program ends, and on calls that must not happen while it is held. */
final class LeakAdvice {
    private static final String EXIT = "BPF_EXIT";

    private LeakAdvice() {}

    /** A lock, or another section, is held where it must not be. */
    static Advice section(Case the) {
        boolean wantsLock = the.message() == Message.LOCK_HELD;
        Held held = the.story().held().reversed().stream()
                .filter(one -> LockFunction.of(one.function()) != null && one.isLock() == wantsLock)
                .findFirst()
                .orElse(null);
        LockFunction taker = held == null ? null : LockFunction.of(held.function());
        if (held == null || taker == null) {
            return the.general();
        }
        String release = wantsLock
                ? LockFunction.call(taker.inverse(), LockAdvice.bare(held))
                : taker.inverse() + (taker.inverse().contains("irq") ? "(&flags)" : "()");
        String what = wantsLock ? held.name() : held.name().replace(" off", " disabled");
        String state = wantsLock
                ? "while it holds " + what + ", taken at " + the.names().line(held.insn())
                : held.name().endsWith(" off")
                        ? "with " + what + " since " + the.names().line(held.insn())
                        : "inside " + what + " entered at " + the.names().line(held.insn());
        Advice advice = the.general().because(leaves(the) + " " + state + ".");
        Event.Branched branch = decisive(the, held, Set.of(taker.inverse()));
        if (branch == null) {
            return advice.mendedBy("Call " + release + " before " + the.here() + ".")
                    .decidedAt(held.insn());
        }
        boolean onOwnResult = branch.testedCall() != null
                && branch.testedCall().insn() == held.insn()
                && branch.outcome() == Event.Outcome.ZERO;
        String way = way(the, branch, held);
        return onOwnResult
                ? advice.mendedBy(held.function() + "() returns 0 where it took the lock, so that " + way
                                + " is the one that holds it: turn the test round, or call " + release
                                + " on it.")
                        .decidedAt(branch.insn())
                : advice.mendedBy("Call " + release + " on " + way + ".").decidedAt(branch.insn());
    }

    /** An acquired object is held where it must not be. */
    static Advice reference(Case the) {
        Held held = the.story().held().stream()
                .filter(one -> LockFunction.of(one.function()) == null)
                .findFirst()
                .orElse(null);
        if (held == null) {
            return the.general();
        }
        Set<String> releases = ReleaseFunctions.of(held.function());
        String how = releases.isEmpty() ? "its release function" : String.join("() or ", releases) + "()";
        Advice advice = the.general()
                .because(leaves(the) + " without releasing the object that " + held.function() + "() returned at "
                        + the.names().line(held.insn()) + ".");
        Event.Branched branch = decisive(the, held, releases);
        return branch == null
                ? advice.mendedBy("Pass it to " + how + " before "
                                + (endsBeforeItsLine(the, held) ? "the program returns" : the.here()) + ".")
                        .decidedAt(held.insn())
                : advice.mendedBy("Pass it to " + how + " on " + way(the, branch, held) + ".")
                        .decidedAt(branch.insn());
    }

    /** Returns true where the line of the program's end says nothing: that of all, or of a macro around the function. */
    private static boolean endsBeforeItsLine(Case the, Held held) {
        LineInfo last = the.unit().program().lineAt(the.insn());
        LineInfo taken = the.unit().program().lineAt(held.insn());
        boolean isBefore = last != null && taken != null && last.line() <= taken.line() && held.insn() < the.insn();
        return isBefore && isExit(the);
    }

    private static String way(Case the, Event.Branched branch, Held held) {
        return "the way from " + the.names().line(branch.insn()) + " to "
                + (endsBeforeItsLine(the, held) ? "the program's end" : the.here());
    }

    private static boolean isExit(Case the) {
        return the.text().startsWith(EXIT) || the.refused().op().kind() == Op.Kind.EXIT;
    }

    private static String leaves(Case the) {
        if (isExit(the)) {
            boolean inMain = the.path().state().curframe() == 0;
            return inMain ? "The program can return" : "A function can end the program";
        }
        int end = the.text().indexOf(" cannot be used");
        return the.here() + " is " + (end < 0 ? "reached" : "a " + the.text().substring(0, end));
    }

    /** The last branch after the taking whose other way leads to a release; null if there is none. */
    private static Event.@Nullable Branched decisive(Case the, Held held, Set<String> releases) {
        var search = new CallSearch(the.unit(), releases);
        for (Story.Chapter chapter : the.story().chapters().reversed()) {
            if (chapter.event().insn() == held.insn()) {
                return null;
            }
            if (chapter.event() instanceof Event.Branched branch) {
                int jump = branch.insn() + 1 + the.unit().insn(branch.insn()).jumpOffset();
                int other = branch.next() == branch.insn() + 1 ? jump : branch.insn() + 1;
                if (search.isReachedFrom(other)) {
                    return branch;
                }
            }
        }
        return null;
    }

    /** A call that is not allowed while a lock is held. */
    static Advice callUnderLock(Case the) {
        Held lock = the.story().lastLock();
        if (lock == null) {
            return the.general();
        }
        String callee = the.call().function();
        SubprogInfo taker = the.unit().subprogAt(lock.insn());
        SubprogInfo caller = the.unit().subprogAt(the.insn());
        boolean byCallback = taker != caller && isCallbackOf(the.call(), taker);
        if (byCallback) {
            return the.general()
                    .because("`" + taker.name + "` can return with " + lock.name() + " held, which it took at "
                            + the.names().line(lock.insn()) + "; " + callee + "() at " + the.here()
                            + " would call it again.")
                    .mendedBy("Release " + LockAdvice.plain(lock) + " in `" + taker.name
                            + "` on every way, before it returns.")
                    .decidedAt(lock.insn());
        }
        String since = lock.name() + ", taken at " + the.names().line(lock.insn()) + ", is held";
        if (the.refused().op() == Op.CALL_SUBPROG) {
            return the.general()
                    .because("`" + callee + "` is a global function, called at " + the.here() + " while " + since
                            + ". A global function is verified alone, where nothing is known of the lock.")
                    .mendedBy("Declare `" + callee + "` static (with __noinline if you like), or call it outside of the"
                            + " locked region.");
        }
        LockFunction function = LockFunction.of(callee);
        LockFunction mine = LockFunction.of(lock.function());
        if (function != null && !function.takes() && mine != null) {
            return the.general()
                    .because(callee + "() may not be called while " + since
                            + "; lock functions, static functions and a few helpers may.")
                    .mendedBy(LockFunction.call(mine.inverse(), LockAdvice.bare(lock))
                            + " releases the lock" + (mine.inverse().contains("irq") ? " and restores the flags" : "")
                            + "; " + callee + "() belongs to " + function.inverse() + "().");
        }
        return the.general()
                .because(callee + "() is called while " + since
                        + ". Under a lock only static functions, the lock functions and a few helpers may be called.")
                .mendedBy(
                        callee.equals("bpf_loop")
                                ? "Loop with `for` or bpf_for() while " + LockAdvice.plain(lock)
                                        + " is held, or take the lock within the callback."
                                : "Call " + callee + "() before " + the.names().line(lock.insn())
                                        + " or after releasing " + LockAdvice.plain(lock) + ".");
    }

    private static boolean isCallbackOf(Origin.Call call, SubprogInfo function) {
        return call.args().stream()
                .anyMatch(arg -> arg instanceof Origin.Function callback && callback.start() == function.start);
    }
}
