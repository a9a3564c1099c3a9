/**
 * Refusals as people read them: their kinds, an explanation and its places, and the refusal that a pasted log tells of. Values
 * and tables only; explanations are found in {@code explain}.
 */
@NullMarked
package dev.spinbpf.verifier.refusal;

import org.jspecify.annotations.NullMarked;
