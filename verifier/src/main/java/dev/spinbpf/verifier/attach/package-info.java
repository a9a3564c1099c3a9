/** Where programs attach and what follows from it: their context, what they may return. */
@NullMarked
package dev.spinbpf.verifier.attach;

import org.jspecify.annotations.NullMarked;
