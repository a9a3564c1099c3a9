/**
 * The tables of what a Linux has: helpers, kernel functions, structs, contexts, hooks, messages, and which programs may use them.
 *
 * <p>Rows and their readers. No check of a program lives here.
 */
@NullMarked
package dev.spinbpf.verifier.kernel;

import org.jspecify.annotations.NullMarked;
