/** Calls: what helpers and kernel functions demand of their arguments and promise in return, and contexts of programs. */
@NullMarked
package dev.spinbpf.verifier.call;

import org.jspecify.annotations.NullMarked;
