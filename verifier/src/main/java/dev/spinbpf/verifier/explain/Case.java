package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.refusal.RefusalKind;

/**
 * A refusal that is to be explained.
 *
 * @param path the verification where it was given up
 * @param story what happened on its last path
 * @param message the row of the message
 * @param text the message with its arguments
 */
record Case(Exploration path, Story story, Names names, Message message, String text) {
    ProgramUnit unit() {
        return path.unit();
    }

    /** The refused slot. */
    int insn() {
        return path.insnIndex();
    }

    Insn refused() {
        return unit().insn(insn());
    }

    /** The refused instruction as a call; its name is meaningless if it is none. */
    Origin.Call call() {
        return story.replay().refusedCall();
    }

    Advice general() {
        return Advice.general(RefusalKind.ofMessage(message.name()));
    }

    /** {@code line 12}, or {@code insn 3}. */
    String here() {
        return names.line(insn());
    }
}
