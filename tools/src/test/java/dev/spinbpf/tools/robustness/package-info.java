/** Damaged input: it is read, verified, run and shown, or refused, and nothing else happens. */
@NullMarked
package dev.spinbpf.tools.robustness;

import org.jspecify.annotations.NullMarked;
