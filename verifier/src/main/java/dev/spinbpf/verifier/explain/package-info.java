/**
 * Explains why a program is refused, from the path that led to it.
 *
 * <p>Decides nothing. Nothing but the entry of the verifier uses it.
 */
@NullMarked
package dev.spinbpf.verifier.explain;

import org.jspecify.annotations.NullMarked;
