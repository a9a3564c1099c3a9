/**
 * Guest memory: the one address space that programs, maps and locks live in, and the arenas that hand it out. Accesses
 * here are no schedule points; words that emulated CPUs share are accessed by {@code maps.sync}.
 */
@NullMarked
package dev.spinbpf.maps.memory;

import org.jspecify.annotations.NullMarked;
