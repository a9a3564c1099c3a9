/** Calls of helpers and kernel functions: what they demand of their arguments and promise in return. */
@NullMarked
package dev.spinbpf.verifier.call;

import org.jspecify.annotations.NullMarked;
