/**
 * Pruning, which keeps exploration finite: states seen before and their comparison, the analyses that tell what in a
 * state still matters (liveness of registers and stack, precision of scalars), and the ends of loops.
 *
 * <p>No rule of what programs may do lives here, and nothing that changes the state of the path that is explored, but
 * for forgetting what does not matter.
 */
@NullMarked
package dev.spinbpf.verifier.prune;

import org.jspecify.annotations.NullMarked;
