/** Guest memory: the one address space that programs, maps and locks live in, and the arenas that hand it out. */
@NullMarked
package dev.spinbpf.maps.memory;

import org.jspecify.annotations.NullMarked;
