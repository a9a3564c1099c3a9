package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.refusal.RefusalKind;

/**
 * The part of an explanation that depends on the case.
 *
 * @param kind the kind of refusal
 * @param reason why this program is refused
 * @param remedy what to change in it
 * @param culprit the slot of the step that decides; -1 for none
 */
record Advice(RefusalKind kind, String reason, String remedy, int culprit) {
    static final int NO_CULPRIT = -1;

    /** The general advice of a kind. */
    static Advice general(RefusalKind kind) {
        return new Advice(kind, kind.reason(), kind.remedy(), NO_CULPRIT);
    }

    Advice because(String newReason) {
        return new Advice(kind, newReason, remedy, culprit);
    }

    Advice mendedBy(String newRemedy) {
        return new Advice(kind, reason, newRemedy, culprit);
    }

    Advice decidedAt(int insn) {
        return new Advice(kind, reason, remedy, insn);
    }
}
