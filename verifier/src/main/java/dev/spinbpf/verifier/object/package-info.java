/** Objects that programs hold: dynptrs, iterators, lists and trees, kptrs, locks, saved interrupt flags. */
@NullMarked
package dev.spinbpf.verifier.object;

import org.jspecify.annotations.NullMarked;
