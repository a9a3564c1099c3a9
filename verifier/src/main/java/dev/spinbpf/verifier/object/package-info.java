/**
 * Objects that programs hold: dynptrs, iterators, lists and trees, kptrs, locks, saved interrupt flags.
 *
 * <p>Each class knows one kind of object and what happens to it; what a particular helper or kernel function demands of it is
 * not said here.
 */
@NullMarked
package dev.spinbpf.verifier.object;

import org.jspecify.annotations.NullMarked;
