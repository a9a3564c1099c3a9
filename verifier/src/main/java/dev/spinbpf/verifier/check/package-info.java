/** Checks of single instructions: arithmetic, memory, jumps. */
@NullMarked
package dev.spinbpf.verifier.check;

import org.jspecify.annotations.NullMarked;
