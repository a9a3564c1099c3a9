/** The locks that a program takes on its paths, and what it holds then. What follows from it is not said here. */
@NullMarked
package dev.spinbpf.verifier.locking;

import org.jspecify.annotations.NullMarked;
