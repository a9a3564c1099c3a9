/**
 * Attachment of programs: targets, contexts, values that programs may return.
 *
 * <p>Rules that depend on the place where a program runs, and on nothing that it does, live here. Tables of what Linux
 * says of such places are in {@code kernel}; checks of single instructions are not here.
 */
@NullMarked
package dev.spinbpf.verifier.attach;

import org.jspecify.annotations.NullMarked;
