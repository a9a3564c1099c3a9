/**
 * The verifier's output: states and instructions in Linux's form.
 *
 * <p>Decides nothing; the texts of refusals are rows of the kernel's tables, and explanations are in {@code explain}.
 */
@NullMarked
package dev.spinbpf.verifier.log;

import org.jspecify.annotations.NullMarked;
