package dev.spinbpf.vm.order;

import dev.spinbpf.maps.lock.LockKind;

/**
 * A lock of the graph: one lock, or all of a kind that cannot be told apart before programs run, such as the buckets of a hash.
 *
 * @param id number in the graph, from 0; what tells it from others
 * @param kind the kind of place that it is in
 * @param name its name, unlike that of any other lock of the graph
 * @param isOne whether it is one lock rather than all of a kind
 */
public record LockNode(int id, LockKind kind, String name, boolean isOne) {}
