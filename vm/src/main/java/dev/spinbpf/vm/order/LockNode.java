package dev.spinbpf.vm.order;

import dev.spinbpf.maps.lock.LockKind;

/**
 * A lock of the graph: one lock, or all of a kind that cannot be told apart before programs run, such as the buckets of a hash.
 *
 * @param id number in the graph, from 0; unlike that of any other
 * @param kind the kind of place that it is in
 * @param name its name, unlike that of any other lock of the graph
 * @param insideOf the map that the runtime takes it in, unlike that of any other map; empty for locks that programs take
 * @param isOne whether it is one lock rather than all of a kind
 */
public record LockNode(int id, LockKind kind, String name, String insideOf, boolean isOne) {
    /** Returns true where programs take it by its address. */
    public boolean isOfProgram() {
        return insideOf.isEmpty();
    }
}
