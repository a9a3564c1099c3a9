package dev.spinbpf.verifier;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.VerifierState;

/** Walks all paths from the current state: Linux's {@code do_check}. */
final class MainLoop {
    private MainLoop() {}

    static void run(Exploration path) {
        path.setPrevInsnIndex(-1);
        boolean movedOn = false;
        while (true) {
            path.currentHistoryEntry = -1;
            int at = path.insnIndex();
            account(path);
            VerifierState state = path.state();
            state.setLastInsn(path.prevInsnIndex());
            state.setInsn(at);
            InsnAux aux = path.unit().aux(at);
            path.trace(at).walked = true;
            if (path.observer != null) {
                path.observer.reached(state);
            }
            int next;
            if (aux.prunePoint && path.services().stateCache().isCovered(path, at)) {
                printSafe(path, movedOn);
                next = InsnChecker.PATH_ENDS;
            } else {
                if (path.observer != null) {
                    path.observer.processed(path, state);
                }
                if (aux.jmpPoint) {
                    path.services().precision().pushJmpHistory(path, state, 0, 0, 0, 0);
                }
                Insn insn = path.unit().insn(at);
                if (movedOn && path.log().isDetailed()) {
                    path.log().narrate("\nfrom %d to %d:", path.prevInsnIndex(), at);
                    path.services().printer().printState(path, state, state.curframe(), true);
                }
                print(path, state, insn, at);
                next = InsnChecker.check(path, insn, at);
            }
            boolean ends = next == InsnChecker.PATH_ENDS;
            // An exit that does not end the path returns to a caller.
            movedOn = ends || path.unit().insn(at).op() == Op.EXIT;
            if (!ends) {
                path.setPrevInsnIndex(at);
                path.setInsnIndex(next);
                continue;
            }
            SubprogCalls.markAllScratched(path);
            path.services().stateCache().pathEnded(path, path.state());
            if (!path.popStack()) {
                return;
            }
        }
    }

    private static void account(Exploration path) {
        path.insnProcessed++;
        if (path.countsByFunction) {
            path.countInFunctions();
        }
        if (path.insnProcessed > path.insnLimit()) {
            throw path.reject(Errno.E2BIG, Message.PROGRAM_TOO_LARGE, path.insnProcessed);
        }
    }

    private static void printSafe(Exploration path, boolean movedOn) {
        if (!path.log().isWanted()) {
            return;
        }
        if (movedOn) {
            path.log().narrate("\nfrom %d to %d: safe\n", path.prevInsnIndex(), path.insnIndex());
        } else {
            path.log().narrate("%d: safe\n", path.insnIndex());
        }
    }

    private static void print(Exploration path, VerifierState state, Insn insn, int at) {
        if (!path.log().isWanted()) {
            return;
        }
        if (path.log().scratchedRegs != 0 || path.log().scratchedSlots != 0) {
            path.services().printer().printInsnState(path, state, state.curframe());
        }
        path.services().printer().printSourceLine(path, at, "; ");
        path.services().printer().printInsn(path, insn, at);
    }
}
