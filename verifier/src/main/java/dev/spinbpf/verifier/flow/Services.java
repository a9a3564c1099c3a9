package dev.spinbpf.verifier.flow;

/** The phases of the verifier as they see each other. */
public record Services(
        CallChecker calls,
        ContextAccess context,
        ReturnCodes returnCodes,
        CallbackPusher callbacks,
        Precision precision,
        StateCache stateCache,
        StatePrinter printer) {}
