/**
 * The verifier's abstract state: registers, stack, frames, references; the environment of one verification; the
 * interfaces by which the phases reach each other.
 */
@NullMarked
package dev.spinbpf.verifier.state;

import org.jspecify.annotations.NullMarked;
