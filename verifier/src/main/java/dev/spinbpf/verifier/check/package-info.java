/**
 * Checks of single instructions: arithmetic, memory, jumps.
 *
 * <p>Calls are checked in {@code call}; objects that programs hold have their rules in {@code object}.
 */
@NullMarked
package dev.spinbpf.verifier.check;

import org.jspecify.annotations.NullMarked;
