package dev.spinbpf.verifier.explain;

/**
 * Something that a path holds.
 *
 * @param name in a few words, locks in quotes
 * @param function the function that took it
 * @param insn the slot of that call
 * @param origin the place of a lock, else unknown
 */
record Held(String name, String function, int insn, Origin origin) {
    boolean isLock() {
        LockFunction taker = LockFunction.of(function);
        return taker != null && taker.isLock();
    }
}
