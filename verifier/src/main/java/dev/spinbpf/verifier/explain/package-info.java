/**
 * Tells paths of a program in the program's own words: why it is refused, and by which way it takes locks.
 *
 * <p>Decides nothing. Nothing but the entry of the verifier uses it.
 */
@NullMarked
package dev.spinbpf.verifier.explain;

import org.jspecify.annotations.NullMarked;
