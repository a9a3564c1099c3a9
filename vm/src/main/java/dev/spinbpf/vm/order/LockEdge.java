package dev.spinbpf.vm.order;

import java.util.Set;

/**
 * A step, with the locks that are held besides on all ways that lead to it.
 *
 * @param gates the others that are held when the second lock is taken
 */
record LockEdge(LockStep step, Set<LockNode> gates) {
    /** Returns whether both cannot wait at the same time, as one of them holds a lock that the other one holds too. */
    boolean excludes(LockEdge other) {
        return holds(other.step.held())
                || other.holds(step.held())
                || gates.stream().anyMatch(gate -> gate.isOne() && other.gates.contains(gate));
    }

    private boolean holds(LockNode lock) {
        return lock.isOne() && (gates.contains(lock) || step.held().equals(lock));
    }
}
