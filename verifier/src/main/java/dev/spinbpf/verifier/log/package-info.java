/**
 * The verifier's output: states and instructions in Linux's form, and the explanation of a refusal in plain words.
 *
 * <p>Decides nothing; the texts of refusals are rows of the kernel's tables.
 */
@NullMarked
package dev.spinbpf.verifier.log;

import org.jspecify.annotations.NullMarked;
