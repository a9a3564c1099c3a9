/** Maps on disk: what {@code run --save-maps} leaves and {@code spinbpf map} works on. */
@NullMarked
package dev.spinbpf.tools.snapshot;

import org.jspecify.annotations.NullMarked;
