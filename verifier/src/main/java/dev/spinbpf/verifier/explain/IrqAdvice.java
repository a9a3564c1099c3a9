package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.state.AcquiredReference;
import org.jspecify.annotations.Nullable;

/** Advice on saved interrupt flags. */
final class IrqAdvice {
    private IrqAdvice() {}

    /** A variable for flags that holds flags already, or is not on the stack. */
    static Advice inUse(Case the) {
        Origin flags = flags(the.call());
        Origin.Call user =
                the.story().lastCall(call -> isSave(call) && flags(call).equals(flags));
        if (user == null || flags instanceof Origin.Unknown) {
            return the.general();
        }
        return the.general()
                .because("The variable that " + the.here() + " passes for interrupt flags already holds those that "
                        + the.names().call(user) + " saved: they would be lost.")
                .mendedBy("Use a second variable at " + the.here() + ", and restore from it: each save needs its own.")
                .decidedAt(user.insn());
    }

    /** Flags that are not those saved last. */
    static Advice outOfOrder(Case the) {
        AcquiredReference last = the.path().state().lastIrq();
        Origin flags = flags(the.call());
        Origin.Call own =
                the.story().lastCall(call -> isSave(call) && flags(call).equals(flags));
        if (last == null) {
            return the.general();
        }
        Origin.Call later = the.story().lastCall(call -> call.insn() == last.insn());
        String mine = own == null ? "flags" : "the flags that " + the.names().call(own) + " saved,";
        String theirs = later == null
                ? "those saved later at " + the.names().line(last.insn())
                : "those of " + the.names().call(later);
        return the.general()
                .because(the.here() + " restores " + mine + " while " + theirs + " are not restored yet.")
                .mendedBy("Restore the flags of " + the.names().line(last.insn())
                        + " first; each unlock gets the variable that the lock function of its own lock filled.")
                .decidedAt(last.insn());
    }

    /** Flags that were never saved, or were restored already. */
    static Advice notSaved(Case the) {
        Origin flags = flags(the.call());
        Origin.Call own =
                the.story().lastCall(call -> isSave(call) && flags(call).equals(flags));
        boolean failed = own != null && the.story().failed(own);
        String why = own == null
                ? "no call on this path saved flags in that variable"
                : failed ? the.names().call(own) + " failed and saved none" : "they were restored already";
        return the.general()
                .because(the.here() + " restores interrupt flags, but " + why + ".")
                .mendedBy("Pass the variable that the lock or bpf_local_irq_save() filled, and once only.");
    }

    private static boolean isSave(Origin.Call call) {
        return call.function().endsWith("irqsave") || call.function().equals("bpf_local_irq_save");
    }

    private static Origin flags(Origin.Call call) {
        return call.arg(call.function().startsWith("bpf_local_irq") ? 1 : 2);
    }

    static @Nullable Advice of(Case the) {
        return switch (the.message()) {
            case UNINITIALIZED_IRQ_FLAG_EXPECTED -> inUse(the);
            case IRQ_RESTORE_OUT_OF_ORDER -> outOfOrder(the);
            case INITIALIZED_IRQ_FLAG_EXPECTED -> notSaved(the);
            default -> null;
        };
    }
}
