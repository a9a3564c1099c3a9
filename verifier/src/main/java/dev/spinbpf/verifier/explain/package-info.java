/**
 * Why a program is refused, for people: the kinds of refusal, and the explanation of one refusal from the path that led to it.
 *
 * <p>Decides nothing. Nothing but the entry of the verifier uses it.
 */
@NullMarked
package dev.spinbpf.verifier.explain;

import org.jspecify.annotations.NullMarked;
