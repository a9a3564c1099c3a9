/**
 * Calls of helpers and kernel functions: arguments, effects, results.
 *
 * <p>What single helpers and kernel functions do is said in the tables of {@code kernel}, not in code here. Calls of the
 * program's own functions and objects that outlive a call do not belong here.
 */
@NullMarked
package dev.spinbpf.verifier.call;

import org.jspecify.annotations.NullMarked;
