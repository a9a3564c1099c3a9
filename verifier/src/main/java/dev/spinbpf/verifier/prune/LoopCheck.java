package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.prune.StateComparison.Exactness;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;

/**
 * Decides what it means that a path comes to an instruction that it came to before.
 *
 * <p>Something outside of the program bounds some loops: an iterator runs dry, a caller stops to call back, a budget of
 * may_goto is spent. Of such a loop it is enough to show that one more round does nothing new: a state within the ranges
 * of that of an earlier round ends the path, though the earlier round is not known to be safe yet. All other loops are
 * the program's own, and one that comes back to exactly the same state never ends: it is refused.
 *
 * <p>An asynchronous callback that runs once more is no loop.
 */
final class LoopCheck {
    private final StateComparison comparison;

    LoopCheck(StateComparison comparison) {
        this.comparison = comparison;
    }

    /** The bound of a loop through an instruction. */
    private enum Bound {
        ITERATOR,
        CALLBACK,
        MAY_GOTO,
        NONE;

        static Bound at(Exploration path, int insnIndex) {
            if (path.unit().aux(insnIndex).isIterNext) {
                return ITERATOR;
            }
            if (path.unit().aux(insnIndex).callsCallback) {
                return CALLBACK;
            }
            return path.unit().insn(insnIndex).op().kind() == Op.Kind.MAY_GOTO ? MAY_GOTO : NONE;
        }
    }

    /**
     * Returns whether the path may end, as this round does nothing new; refuses an endless loop.
     *
     * @param kept a state that the path has come through at this instruction
     * @param fingerprint that of the path's state
     */
    boolean isConverged(Exploration path, KeptState kept, int insnIndex, int fingerprint) {
        Bound bound = Bound.at(path, insnIndex);
        if (bound == Bound.NONE && kept.fingerprint() != fingerprint) {
            return false;
        }
        VerifierState earlier = kept.state();
        if (isOtherCallback(earlier.func(), path.func())) {
            return false;
        }
        boolean converged =
                switch (bound) {
                    case ITERATOR -> isWithin(path, earlier) && isIteratorActive(path);
                    case CALLBACK -> isWithin(path, earlier);
                    case MAY_GOTO -> earlier.mayGotoDepth() != path.state().mayGotoDepth() && isWithin(path, earlier);
                    case NONE -> false;
                };
        boolean mayBeEndless = bound == Bound.NONE || bound == Bound.MAY_GOTO;
        if (mayBeEndless && !converged && isSame(path, earlier)) {
            throw endless(path, earlier, insnIndex);
        }
        return converged;
    }

    private static boolean isOtherCallback(FuncState earlier, FuncState current) {
        return earlier.inAsyncCallback() && earlier.asyncEntryCount() != current.asyncEntryCount();
    }

    private boolean isWithin(Exploration path, VerifierState earlier) {
        return comparison.equal(path, earlier, path.state(), Exactness.RANGE_WITHIN);
    }

    private boolean isSame(Exploration path, VerifierState earlier) {
        VerifierState current = path.state();
        return StateComparison.maybeLooping(earlier, current)
                && earlier.mayGotoDepth() == current.mayGotoDepth()
                && earlier.callbackUnrollDepth() == current.callbackUnrollDepth()
                && comparison.equal(path, earlier, current, Exactness.EXACT)
                && !StateComparison.iterDepthsDiffer(earlier, current);
    }

    /** Returns whether the iterator that r1 points to may have more elements. */
    private static boolean isIteratorActive(Exploration path) {
        RegState pointer = path.reg(1);
        int slot = (int) (-pointer.constValue() - 1) / StackSlot.BYTES;
        return path.func(pointer).slot(slot).spilled().payload() instanceof RegPayload.Iter iter && !iter.drained();
    }

    private static RuntimeException endless(Exploration path, VerifierState earlier, int insnIndex) {
        VerifierState current = path.state();
        var printer = path.services().printer();
        printer.printSourceLine(path, insnIndex, "; ");
        path.log().note(Message.INFINITE_LOOP, insnIndex);
        path.log().narrate("cur state:");
        printer.printState(path, current, current.curframe(), true);
        path.log().narrate("old state:");
        printer.printState(path, earlier, current.curframe(), true);
        return path.reject(Errno.EINVAL);
    }
}
