/** Refusals as people read them: their kinds, an explanation and its places, and what a log says that somebody pasted. */
@NullMarked
package dev.spinbpf.verifier.refusal;

import org.jspecify.annotations.NullMarked;
