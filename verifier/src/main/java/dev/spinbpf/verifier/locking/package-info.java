/** The locks that a program takes on its paths, and those that it holds then. Conclusions from them do not belong here. */
@NullMarked
package dev.spinbpf.verifier.locking;

import org.jspecify.annotations.NullMarked;
