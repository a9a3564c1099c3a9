package dev.spinbpf.verifier.flow;

/** The counts of each function that end Linux's log at level 4. */
public final class FunctionStatistics {
    private static final long NANOS_PER_MICRO = 1000;

    private FunctionStatistics() {}

    /**
     * Appends them to the log.
     *
     * @param nanos time that the verification took
     */
    public static void print(Exploration path, long nanos) {
        VerifierLog log = path.log();
        log.narrate("verification time %d usec\n", nanos / NANOS_PER_MICRO);
        log.narrate("stack depth max %d\n", path.maxStackDepth);
        for (int i = 0; i < path.unit().subprogs().size(); i++) {
            SubprogInfo function = path.unit().subprog(i);
            SubprogTrace trace = path.subprogTrace(i);
            log.narrate(
                    "subprog %d (%s) %s insns_self %d insns_total %d stack %d\n",
                    i,
                    function.name.isEmpty() ? "<unknown>" : function.name,
                    i == 0 ? "main" : function.global ? "global" : "static",
                    trace.insns,
                    trace.insnsInPasses > 0 ? trace.insnsInPasses : trace.insnsWithCallees,
                    trace.stackDepth);
        }
    }
}
