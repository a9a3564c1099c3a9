/** What keeps exploration finite: states seen before, what about them matters, and where loops end. */
@NullMarked
package dev.spinbpf.verifier.prune;

import org.jspecify.annotations.NullMarked;
