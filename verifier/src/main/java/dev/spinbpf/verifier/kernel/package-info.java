/**
 * What this Linux has: tables of helpers, kernel functions, structs, hooks, and of who may use them.
 *
 * <p>Rows and their readers. No check of a program lives here.
 */
@NullMarked
package dev.spinbpf.verifier.kernel;

import org.jspecify.annotations.NullMarked;
