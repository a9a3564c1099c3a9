/**
 * The abstract state of a path: registers, stack slots, frames, references, maps as values know them.
 *
 * <p>Values and mutable frames over them. What an instruction does to a state is decided elsewhere.
 */
@NullMarked
package dev.spinbpf.verifier.state;

import org.jspecify.annotations.NullMarked;
