package dev.spinbpf.verifier.explain;

/** Something that happens on a path and that a reader has to know of. */
sealed interface Event {
    /** Index of the instruction on the path. */
    int step();

    /** Its slot. */
    int insn();

    /** A call of a helper or kernel function. */
    record Called(Origin.Call call) implements Event {
        @Override
        public int step() {
            return call.step();
        }

        @Override
        public int insn() {
            return call.insn();
        }
    }

    /**
     * A conditional jump.
     *
     * @param next the slot at which the path goes on
     * @param tested the source of the register that is compared
     * @param outcome what the comparison says of that register
     */
    record Branched(int step, int insn, int next, Origin tested, Outcome outcome) implements Event {
        /** Returns the call whose result is compared with 0, exactly; null if it is none. */
        Origin.@org.jspecify.annotations.Nullable Call testedCall() {
            return tested instanceof Origin.Result result && outcome != Outcome.OPEN ? result.call() : null;
        }
    }

    /** The knowledge of a value that a branch gives. */
    enum Outcome {
        ZERO,
        NOT_ZERO,
        OPEN
    }
}
